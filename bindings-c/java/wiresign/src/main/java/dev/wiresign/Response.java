package dev.wiresign;

import java.util.List;
import java.util.Objects;

/**
 * One response as it is on the wire, to be signed or verified. It is not to be changed meanwhile.
 *
 * @param status the HTTP status
 * @param headers the header fields, in order, repeats included
 * @param body the bytes, which are not copied
 */
public record Response(int status, List<Header> headers, byte[] body) {
    private static final int LEAST_STATUS = 100;
    private static final int MOST_STATUS = 999;

    /** Checks that the status is one, and that the rest is there. */
    public Response {
        if (status < LEAST_STATUS || status > MOST_STATUS) {
            throw new IllegalArgumentException("status: " + status + " is none");
        }
        headers = List.copyOf(headers);
        Objects.requireNonNull(body, "body");
    }

    /** The header fields as the library takes them. */
    static Request.Flat flat(List<Header> headers) {
        Request fields = Request.of("", "");
        headers.forEach(header -> fields.header(header.name(), header.value()));
        return fields.flat();
    }
}
