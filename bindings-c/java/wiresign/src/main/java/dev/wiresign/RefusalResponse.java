package dev.wiresign;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What to answer a refused request with. Every adapter of every language sends exactly this.
 *
 * @param status the HTTP status
 * @param code the code that is shown, which {@code "reveal": "uniform"} may have made coarser than that of the refusal
 * @param wwwAuthenticate the value of WWW-Authenticate, with status 401
 * @param body the JSON text: error, code, requestId
 */
public record RefusalResponse(int status, RefusalCode code, Optional<String> wwwAuthenticate, String body) {
    private static final int TOO_MANY_REQUESTS = 429;

    /** Checks that all are there. */
    public RefusalResponse {
        Objects.requireNonNull(code, "code");
        Objects.requireNonNull(wwwAuthenticate, "wwwAuthenticate");
        Objects.requireNonNull(body, "body");
    }

    /**
     * All header fields to send, except Content-Length. With status 429 they say when to come again.
     *
     * @return the fields, in order
     */
    public List<Header> headers() {
        List<Header> headers = new ArrayList<>(3);
        headers.add(new Header("Content-Type", "application/json"));
        wwwAuthenticate.ifPresent(value -> headers.add(new Header("WWW-Authenticate", value)));
        if (status == TOO_MANY_REQUESTS) {
            // Failures are counted by the minute of the clock.
            headers.add(new Header("Retry-After", String.valueOf(60 - Instant.now().getEpochSecond() % 60)));
        }
        return headers;
    }
}
