package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.BodyVerification;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Verifier;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Reads bodies of a request that is nothing but its stream. */
class ReceivedBodyTest {
    /** What is read, and how much room there was for it at first. */
    private static final class Counted extends ServletInputStream {
        private final ByteArrayInputStream bytes;
        private int room;

        Counted(byte[] body) {
            bytes = new ByteArrayInputStream(body);
        }

        @Override
        public int read() {
            throw new IllegalStateException("byte by byte");
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            room = room == 0 ? into.length : room;
            return bytes.read(into, offset, length);
        }

        @Override
        public boolean isFinished() {
            return bytes.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("nobody listens here");
        }
    }

    private static HttpServletRequest request(long declared, ServletInputStream stream) {
        return (HttpServletRequest) Proxy.newProxyInstance(
                ReceivedBodyTest.class.getClassLoader(), new Class<?>[] {HttpServletRequest.class}, (self, method, arguments) ->
                        switch (method.getName()) {
                            case "getContentLengthLong" -> declared;
                            case "getInputStream" -> stream;
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }

    /** A head is quickly sent, and its signature is known to be none only when the body is there. */
    @Test
    void aHeadAloneTakesNoMemoryForItsBody() throws Exception {
        for (int length : new int[] {1, 16_384, 16_385, 99_999, Fleet.BODY_LIMIT}) {
            byte[] body = new byte[length];
            Arrays.fill(body, (byte) 'x');
            for (long declared : new long[] {length, -1}) {
                Counted stream = new Counted(body);
                Request head = Request.of("POST", "/a");
                for (Header header : Fleet.sign("POST", "/a", body)) {
                    head.header(header.name(), header.value());
                }
                try (Verifier verifier = new Verifier(Fleet.orders()); BodyVerification verification = verifier.begin(head)) {
                    byte[] read = new ReceivedBody(request(declared, stream), new Stopwatch()).read(verification, verifier.bodyLimit());
                    assertArrayEquals(body, read);
                    verification.finish();
                }
                assertTrue(stream.room <= 16_384, length + " " + stream.room);
            }
        }
    }
}
