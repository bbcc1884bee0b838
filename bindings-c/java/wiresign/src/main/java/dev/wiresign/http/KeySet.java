package dev.wiresign.http;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The set of one issuer: when it was fetched last, and when it may be fetched again. */
final class KeySet {
    private final Pace pace;
    private final ScheduledExecutorService timer;
    private final Supplier<CompletableFuture<String>> fetch;
    private final Consumer<String> publish;
    private final Consumer<Throwable> report;

    private CompletableFuture<String> exchange;
    /** Complete when the fetch under way ends; null while there is none. */
    private CompletableFuture<Void> running;
    private Future<?> next;
    private long quietUntil = System.nanoTime();
    private boolean closed;

    /**
     * @param fetch begins to fetch the text of the set, and gives up in time
     * @param publish takes the text, or throws where it is wrong
     * @param report is told why the set was not renewed
     */
    KeySet(
            Pace pace, ScheduledExecutorService timer, Supplier<CompletableFuture<String>> fetch, Consumer<String> publish,
            Consumer<Throwable> report) {
        this.pace = pace;
        this.timer = timer;
        this.fetch = fetch;
        this.publish = publish;
        this.report = report;
    }

    /** Fetches, unless a fetch is under way, which will do, or one has just ended. Complete when the fetch ends. */
    synchronized CompletableFuture<Void> refresh() {
        if (running != null) {
            return running;
        }
        if (closed || System.nanoTime() - quietUntil < 0) {
            return CompletableFuture.completedFuture(null);
        }
        if (next != null) {
            next.cancel(false);
        }
        CompletableFuture<Void> ended = new CompletableFuture<>();
        running = ended;
        CompletableFuture<String> begun = begin();
        exchange = begun;
        begun.whenComplete((text, failure) -> {
            settle(text, failure);
            ended.complete(null);
        });
        return ended;
    }

    /** A fetch that cannot even begin is one that failed: the next one comes all the same. */
    private CompletableFuture<String> begin() {
        try {
            return fetch.get();
        } catch (RuntimeException | Error failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    synchronized void close() {
        closed = true;
        if (next != null) {
            next.cancel(false);
        }
        if (exchange != null) {
            exchange.cancel(true);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void settle(String text, Throwable failure) {
        Duration pause = pace.coolDown();
        Throwable reason = failure;
        if (failure == null && !isClosed()) {
            try {
                publish.accept(text);
                pause = pace.refresh().compareTo(pause) > 0 ? pace.refresh() : pause;
            } catch (RuntimeException wrong) {
                reason = wrong;
            }
        }
        if (reason != null && !isClosed()) {
            report.accept(plain(reason));
        }
        synchronized (this) {
            // At once with what follows: a timer that finds this fetch still under way would begin none, and be the last.
            running = null;
            exchange = null;
            quietUntil = System.nanoTime() + pace.coolDown().toNanos();
            if (!closed) {
                next = timer.schedule(this::refresh, pause.toNanos(), TimeUnit.NANOSECONDS);
            }
        }
    }

    private Throwable plain(Throwable failure) {
        Throwable inner = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        boolean isLate = inner instanceof TimeoutException || inner instanceof CancellationException;
        return isLate ? new TimeoutException("there was no whole answer within " + pace.timeout().toMillis() + " ms") : inner;
    }

    /**
     * How sets are fetched.
     *
     * @param refresh from one fetch to the next
     * @param coolDown the shortest time from the end of one fetch to the next, whoever asks
     * @param timeout the longest fetch
     */
    record Pace(Duration refresh, Duration coolDown, Duration timeout) {
        Pace {
            for (Duration one : new Duration[] {refresh, coolDown, timeout}) {
                if (!one.isPositive()) {
                    throw new IllegalArgumentException("the times of KeySets must be more than nothing, and one is " + one);
                }
            }
        }
    }
}
