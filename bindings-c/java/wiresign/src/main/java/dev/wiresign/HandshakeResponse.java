package dev.wiresign;

import java.util.List;
import java.util.Objects;

/**
 * What a handshake is answered with, byte for byte.
 *
 * @param status the HTTP status
 * @param headers the header fields to set, in order
 * @param body the body, which may be empty
 */
public record HandshakeResponse(int status, List<Header> headers, String body) {
    /** Checks that all are there. */
    public HandshakeResponse {
        headers = List.copyOf(headers);
        Objects.requireNonNull(body, "body");
    }

    /** What a wiresign_handshake_response says, which is freed. */
    static HandshakeResponse of(long response) {
        try {
            return new HandshakeResponse(
                    Native.status(Native.HANDSHAKE_STATUS, response),
                    Native.headers(
                            Native.HANDSHAKE_HEADER_COUNT, Native.HANDSHAKE_HEADER_NAME, Native.HANDSHAKE_HEADER_VALUE, response),
                    Native.text(Native.HANDSHAKE_BODY, response));
        } finally {
            Native.free(Native.HANDSHAKE_FREE, response);
        }
    }
}
