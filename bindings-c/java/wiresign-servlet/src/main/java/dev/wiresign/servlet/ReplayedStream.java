package dev.wiresign.servlet;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** A body that is all there, given out once, for readers that wait and for those that listen. */
final class ReplayedStream extends ServletInputStream {
    private final ByteArrayInputStream bytes;
    private final HttpServletRequest request;
    private ReadListener listener;

    ReplayedStream(byte[] body, HttpServletRequest request) {
        this.bytes = new ByteArrayInputStream(body);
        this.request = request;
    }

    @Override
    public int read() {
        return bytes.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        return bytes.read(into, offset, length);
    }

    @Override
    public int available() {
        return bytes.available();
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
    public void setReadListener(ReadListener given) {
        if (listener != null) {
            throw new IllegalStateException("a ReadListener is set already");
        }
        if (!request.isAsyncStarted()) {
            throw new IllegalStateException("a ReadListener needs a request whose asynchronous processing has started");
        }
        listener = java.util.Objects.requireNonNull(given, "listener");
        request.getAsyncContext().start(this::tell);
    }

    private void tell() {
        try {
            while (!isFinished()) {
                int before = bytes.available();
                listener.onDataAvailable();
                if (bytes.available() == before) {
                    throw new IOException("the ReadListener left the body where it was");
                }
            }
            listener.onAllDataRead();
        } catch (IOException | RuntimeException failure) {
            listener.onError(failure);
        }
    }
}
