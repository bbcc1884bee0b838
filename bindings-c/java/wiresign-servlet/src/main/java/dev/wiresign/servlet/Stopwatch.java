package dev.wiresign.servlet;

/** Counts the time that a verification takes, but not that in which it waits for the client. */
final class Stopwatch {
    private final long started = System.nanoTime();
    private long waited;
    private long waitingSince;

    void startWaiting() {
        waitingSince = System.nanoTime();
    }

    void stopWaiting() {
        waited += System.nanoTime() - waitingSince;
    }

    /** The nanoseconds so far. */
    long spent() {
        return System.nanoTime() - started - waited;
    }
}
