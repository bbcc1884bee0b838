package dev.wiresign.http;

import dev.wiresign.ConfigException;

/** The keys of an issuer were not renewed. Those that were there before stay. */
public final class KeySetException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String issuer;
    private final String url;

    KeySetException(String issuer, String url, Throwable cause) {
        super("the keys of " + issuer + " were not renewed: " + reason(cause), cause);
        this.issuer = issuer;
        this.url = url;
    }

    private static String reason(Throwable cause) {
        if (cause instanceof ConfigException wrong && !wrong.problems().isEmpty()) {
            return wrong.problems().getFirst().message();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    /**
     * Whose keys they are.
     *
     * @return the name of the issuer in the configuration
     */
    public String issuer() {
        return issuer;
    }

    /**
     * Where its set was asked for.
     *
     * @return the URL
     */
    public String url() {
        return url;
    }
}
