package dev.wiresign.http;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/** There is no token. Nothing was sent to the service that it is for. */
public final class TokenException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int NONE = 0;

    private final int status;
    private final String error;

    TokenException(String sentence, Throwable cause) {
        this(sentence, NONE, null, cause);
    }

    TokenException(String sentence, int status, String error, Throwable cause) {
        super(sentence, cause);
        this.status = status;
        this.error = error;
    }

    /** The same, to be thrown at somebody else. */
    TokenException again() {
        return new TokenException(getMessage(), status, error, this);
    }

    /**
     * The status of the token endpoint.
     *
     * @return the status, where the endpoint answered
     */
    public OptionalInt status() {
        return status == NONE ? OptionalInt.empty() : OptionalInt.of(status);
    }

    /**
     * What the endpoint says is wrong, as in {@code invalid_scope}; or the code of its refusal.
     *
     * @return the word, where there is one
     */
    public Optional<String> error() {
        return Optional.ofNullable(error);
    }
}
