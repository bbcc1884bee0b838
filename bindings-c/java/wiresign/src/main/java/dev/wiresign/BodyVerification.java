package dev.wiresign;

import java.lang.foreign.MemorySegment;

/**
 * A verification that waits for the rest of the body. It takes the same little memory for a body of any size. Its bytes are
 * unverified until {@link #finish} has succeeded.
 *
 * <p>Calls of several threads wait for each other; they make sense one after the other only.
 */
public final class BodyVerification implements AutoCloseable {

    private final Handle handle;
    private final Verifier.Terms terms;
    private final long[] out = new long[2];

    BodyVerification(long address, Verifier.Terms terms) {
        this.handle = new Handle("this BodyVerification", address, Native.BODY_FREE);
        this.terms = terms;
    }

    /**
     * Whether the verdict depends on the body: false on a public route, whose body nobody looks at.
     *
     * @return true where the body is to be passed
     */
    public synchronized boolean needsBody() {
        long verification = handle.enter();
        try {
            return Native.flag(Native.BODY_NEEDS_BODY, verification);
        } finally {
            handle.leave();
        }
    }

    /**
     * Takes the length that the head declares, so that a body that is too long need not be read.
     *
     * @param declared the Content-Length
     * @throws Refusal where that is too long
     */
    public synchronized void declareLength(long declared) {
        if (declared < 0) {
            throw new IllegalArgumentException("declared: a length is not negative");
        }
        out[1] = 0;
        long verification = handle.enter();
        try {
            int status = (int) Native.BODY_DECLARE_LENGTH.invokeExact(verification, declared, MemorySegment.ofArray(out).asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Takes the next bytes of the body.
     *
     * @param bytes the bytes, which are not kept
     * @throws Refusal as soon as the body is too long
     */
    public void update(byte[] bytes) {
        update(bytes, 0, bytes.length);
    }

    /**
     * Takes the next bytes of the body.
     *
     * @param bytes an array that holds the bytes, which are not kept
     * @param offset where they begin
     * @param length how many there are
     * @throws Refusal as soon as the body is too long
     */
    public synchronized void update(byte[] bytes, int offset, int length) {
        MemorySegment all = MemorySegment.ofArray(bytes).asSlice(offset, length);
        MemorySegment error = MemorySegment.ofArray(out).asSlice(8);
        out[1] = 0;
        long verification = handle.enter();
        try {
            long at = 0;
            do {
                // The collector waits for a call that works on the heap, so each is short.
                MemorySegment piece = all.asSlice(at, Math.min(Native.CRITICAL_BYTES, length - at));
                int status = (int) Native.BODY_UPDATE.invokeExact(verification, piece, piece.byteSize(), error);
                Failure.check(status, out[1]);
                at += piece.byteSize();
            } while (at < length);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Ends the body and gives the verdict. Afterwards the object is of no use any more.
     *
     * @return who called
     * @throws Refusal where the request is not accepted
     * @throws IllegalStateException where it was called before
     */
    public synchronized Verified finish() {
        MemorySegment outputs = MemorySegment.ofArray(out);
        out[0] = 0;
        out[1] = 0;
        long verification = handle.enter();
        try {
            int status = (int) Native.BODY_FINISH.invokeExact(verification, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
        return Verified.of(out[0], terms);
    }

    /** Frees the object, finished or not. */
    @Override
    public void close() {
        handle.close();
    }
}
