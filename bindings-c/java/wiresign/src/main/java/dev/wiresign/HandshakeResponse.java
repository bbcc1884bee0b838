package dev.wiresign;

import java.util.ArrayList;
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
            List<Header> headers = new ArrayList<>();
            long count = Native.count(Native.HANDSHAKE_HEADER_COUNT, response);
            for (long at = 0; at < count; at++) {
                headers.add(new Header(
                        Native.text(Native.HANDSHAKE_HEADER_NAME, response, at),
                        Native.text(Native.HANDSHAKE_HEADER_VALUE, response, at)));
            }
            int status = (short) Native.HANDSHAKE_STATUS.invokeExact(response);
            return new HandshakeResponse(status, headers, Native.text(Native.HANDSHAKE_BODY, response));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            Native.free(Native.HANDSHAKE_FREE, response);
        }
    }
}
