package dev.wiresign.servlet;

import dev.wiresign.BodyVerification;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Reads the body of a request, and finds out where somebody else has read it before. */
final class ReceivedBody {
    static final String ADVICE = "Map the WiresignFilter before every filter that reads parameters or the body: it needs the bytes"
            + " as received, and hands them on.";

    private static final int PIECE = 16 * 1024;
    /** A request with a longer body is no handshake of any webhook. */
    private static final int HANDSHAKE_BYTES = 16 * 1024;

    private final HttpServletRequest request;
    private final Stopwatch clock;
    private byte[] ahead = {};

    ReceivedBody(HttpServletRequest request, Stopwatch clock) {
        this.request = request;
        this.clock = clock;
    }

    /** All bytes, each of which the verification has seen. Its refusal ends the reading as soon as the body is too long. */
    byte[] read(BodyVerification verification, long limit) throws IOException, ServletException {
        long declared = request.getContentLengthLong();
        if (declared >= 0) {
            verification.declareLength(declared);
        }
        ServletInputStream in = stream();
        long most = declared >= 0 ? declared : limit + 1;
        // Memory is taken as bytes come: a head is quickly sent, and declares what it likes.
        byte[] body = Arrays.copyOf(ahead, (int) Math.max(ahead.length, Math.min(most, PIECE)));
        verification.update(ahead);
        int length = ahead.length;
        for (int count = 0; count >= 0 && length != declared; length += count) {
            if (length == body.length) {
                body = Arrays.copyOf(body, (int) Math.min(2L * length, most));
            }
            count = read(in, body, length, Math.min(PIECE, body.length - length));
            if (count < 0) {
                break;
            }
            verification.update(body, length, count);
        }
        if (length < declared || declared < 0 && length == 0 && someParametersCameFromTheBody()) {
            throw consumed();
        }
        return length == body.length ? body : Arrays.copyOf(body, length);
    }

    /** All bytes, where they are few and have arrived with the head: then they are judged with it, in one call. */
    Optional<byte[]> arrived(long limit) throws IOException {
        long declared = request.getContentLengthLong();
        if (ahead.length > 0 || declared < 1 || declared > Math.min(PIECE, limit)) {
            return Optional.empty();
        }
        ServletInputStream in;
        try {
            in = request.getInputStream();
        } catch (IllegalStateException readerIsInUse) {
            // The head has the first word, and then the body is found to be read.
            return Optional.empty();
        }
        if (in.available() < 1) {
            return Optional.empty();
        }
        byte[] body = new byte[(int) declared];
        // Takes what is there, and waits for nothing.
        int length = in.read(body);
        if (length == declared) {
            return Optional.of(body);
        }
        ahead = Arrays.copyOf(body, Math.max(0, length));
        return Optional.empty();
    }

    String method() {
        return request.getMethod();
    }

    /** All bytes, before anything is verified, where they are few enough for a handshake. What was read is not lost for {@link #read}. */
    Optional<byte[]> readAhead() throws IOException, ServletException {
        if (!WiresignFilter.hasBody(request)) {
            return Optional.of(ahead);
        }
        if (request.getContentLengthLong() > HANDSHAKE_BYTES) {
            return Optional.empty();
        }
        ServletInputStream in = stream();
        clock.startWaiting();
        try {
            ahead = in.readNBytes(HANDSHAKE_BYTES + 1);
        } finally {
            clock.stopWaiting();
        }
        return ahead.length > HANDSHAKE_BYTES ? Optional.empty() : Optional.of(ahead);
    }

    /** Whether all of it is still to be read. */
    boolean isUntouched() {
        return ahead.length == 0;
    }

    private int read(ServletInputStream in, byte[] into, int offset, int length) throws IOException {
        clock.startWaiting();
        try {
            return in.read(into, offset, length);
        } finally {
            clock.stopWaiting();
        }
    }

    private ServletInputStream stream() throws IOException, ServletException {
        try {
            return request.getInputStream();
        } catch (IllegalStateException readerIsInUse) {
            throw new ServletException("wiresign: the body of this request was read before the filter saw it. " + ADVICE, readerIsInUse);
        }
    }

    /** A form without a declared length: what was read shows as parameters that the query does not have. */
    private boolean someParametersCameFromTheBody() {
        String query = request.getQueryString();
        int ofQuery = query == null || query.isEmpty() ? 0 : query.split("&").length;
        int known = request.getParameterMap().values().stream().mapToInt(values -> values.length).sum();
        return known > ofQuery;
    }

    private static ServletException consumed() {
        return new ServletException("wiresign: the body of this request was read before the filter saw it. " + ADVICE);
    }
}
