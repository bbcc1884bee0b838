package dev.wiresign;

import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * A native object that many threads use at once and one closes. Calls stand between {@link #enter} and {@link #leave}; it is
 * freed when it is closed and the last call has left, or when nobody can reach it any more.
 */
final class Handle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final String name;
    private final NativeObject object;
    private final Cleaner.Cleanable cleanable;
    // Two counters that only grow, so that threads do not wait for each other. See close() for how they are read.
    private final LongAdder entered = new LongAdder();
    private final LongAdder left = new LongAdder();
    private volatile boolean closed;

    /**
     * @param name what the object is called in messages
     * @param address the object
     * @param free the function that frees it
     */
    Handle(String name, long address, MethodHandle free) {
        this.name = name;
        this.object = new NativeObject(address, free);
        this.cleanable = CLEANER.register(this, object);
    }

    /** The address of the object, which lives until {@link #leave} is called. */
    long enter() {
        entered.increment();
        if (closed) {
            left.increment();
            throw new IllegalStateException(name + " was closed before");
        }
        return object.address;
    }

    /** Ends what {@link #enter} began. */
    void leave() {
        left.increment();
        Reference.reachabilityFence(this);
    }

    boolean isClosed() {
        return closed;
    }

    /** Frees the object as soon as no call is inside; waits for the calls that are. */
    @Override
    public void close() {
        closed = true;
        // Whoever enters from here on turns round. `left` is read first: where a later sum of `entered` is no greater, there
        // was a moment between both at which nobody was inside.
        while (true) {
            long gone = left.sum();
            if (entered.sum() <= gone) {
                break;
            }
            Thread.yield();
        }
        cleanable.clean();
    }

    /** What the cleaner holds on to: not the handle itself, which would then always be reachable. */
    private static final class NativeObject implements Runnable {
        private final long address;
        private final MethodHandle free;
        private final AtomicBoolean freed = new AtomicBoolean();

        NativeObject(long address, MethodHandle free) {
            this.address = address;
            this.free = free;
        }

        @Override
        public void run() {
            if (!freed.getAndSet(true)) {
                Native.free(free, address);
            }
        }
    }
}
