package dev.wiresign;

import java.util.List;

/**
 * A question to AWS: who made the proof of an IAM identity. It is sent as it is, over TLS with certificates checked, and no
 * redirect is followed; {@link dev.wiresign.http.Sts} does so. Immutable, and may be used by all threads.
 */
public final class IdentityRequest {
    private final Handle handle;
    private final String method;
    private final String url;
    private final List<Header> headers;
    private final String body;

    IdentityRequest(long address) {
        handle = new Handle("this IdentityRequest", address, Native.IDENTITY_FREE);
        method = Native.text(Native.IDENTITY_METHOD, address);
        url = Native.text(Native.IDENTITY_URL, address);
        headers = Native.headers(
                Native.IDENTITY_HEADER_COUNT, Native.IDENTITY_HEADER_NAME, Native.IDENTITY_HEADER_VALUE, address);
        body = Native.text(Native.IDENTITY_BODY, address);
    }

    /**
     * The method.
     *
     * @return always {@code POST}
     */
    public String method() {
        return method;
    }

    /**
     * Where to send it.
     *
     * @return the endpoint of STS in a region of the configuration
     */
    public String url() {
        return url;
    }

    /**
     * The header fields to send.
     *
     * @return the fields, Host among them, in order; whoever has them can prove the same identity until the proof ends
     */
    public List<Header> headers() {
        return headers;
    }

    /**
     * The body.
     *
     * @return always the same
     */
    public String body() {
        return body;
    }

    @Override
    public String toString() {
        return "IdentityRequest to " + url;
    }

    Handle handle() {
        return handle;
    }
}
