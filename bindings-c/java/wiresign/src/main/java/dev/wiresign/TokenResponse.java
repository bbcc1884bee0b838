package dev.wiresign;

import java.util.List;
import java.util.Objects;

/**
 * What a request for a token is answered with, byte for byte. Shows no token when printed.
 *
 * @param status the HTTP status
 * @param headers the header fields to set, in order
 * @param body the body, which holds the token
 */
public record TokenResponse(int status, List<Header> headers, String body) {
    /** Checks that all are there. */
    public TokenResponse {
        headers = List.copyOf(headers);
        Objects.requireNonNull(body, "body");
    }

    /** What a wiresign_token_response says, which is freed. */
    static TokenResponse of(long response) {
        try {
            return new TokenResponse(
                    Native.status(Native.TOKEN_RESPONSE_STATUS, response),
                    Native.headers(
                            Native.TOKEN_RESPONSE_HEADER_COUNT, Native.TOKEN_RESPONSE_HEADER_NAME,
                            Native.TOKEN_RESPONSE_HEADER_VALUE, response),
                    Native.text(Native.TOKEN_RESPONSE_BODY, response));
        } finally {
            Native.free(Native.TOKEN_RESPONSE_FREE, response);
        }
    }

    @Override
    public String toString() {
        return "TokenResponse " + status;
    }
}
