package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Objects that are closed, forgotten, replaced and shared. */
class LifeTest {
    private static final byte[] BODY = {1, 2, 3};

    @Test
    void whatIsClosedSaysSo() {
        Config config = Fleet.orders();
        Verifier verifier = new Verifier(config);
        Signer signer = Fleet.billing();
        Request request = Fleet.signed(signer, BODY);
        BodyVerification verification = verifier.begin(request);
        for (AutoCloseable object : List.of(config, signer, verifier)) {
            close(object);
            close(object);
        }
        List<Runnable> calls = List.of(
                () -> new Verifier(config), () -> new Signer(config, "orders"), config::serviceIds, config::environment,
                () -> signer.sign(request), () -> signer.message(request, 1, null),
                () -> verifier.verify(request), () -> verifier.verify(Request.of("POST", "/").body(new byte[100_000])),
                () -> verifier.begin(request), verifier::metrics, verifier::bodyLimit,
                () -> verifier.isPublic("GET", "/"), () -> verifier.replace(Fleet.orders()));
        for (Runnable call : calls) {
            String message = assertThrows(IllegalStateException.class, call::run).getMessage();
            assertTrue(message.endsWith("was closed before"), message);
        }
        verification.update(BODY);
        assertEquals("billing", verification.finish().service().orElseThrow(), "a body that was begun outlives its verifier");
        verification.close();
        verification.close();
        assertThrows(IllegalStateException.class, verification::finish);
        assertThrows(IllegalStateException.class, () -> verification.update(BODY));
        assertThrows(IllegalStateException.class, verification::needsBody);
    }

    @Test
    void closingWaitsForTheCallsThatAreInside() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            Verifier verifier = new Verifier(Fleet.orders());
            CountDownLatch started = new CountDownLatch(4);
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            List<Thread> threads = new ArrayList<>();
            for (int count = 0; count < 4; count++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    started.countDown();
                    try {
                        while (true) {
                            try {
                                verifier.verify(Request.of("GET", "/"));
                            } catch (Refusal expected) {
                                verifier.bodyLimit();
                            }
                        }
                    } catch (IllegalStateException closed) {
                        return;
                    } catch (Throwable failure) {
                        failures.add(failure);
                    }
                }));
            }
            started.await();
            verifier.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertNull(failures.peek());
        }
    }

    @Test
    void virtualThreadsShareAVerifierWhoseConfigurationIsReplaced() throws Exception {
        Signer signer = Fleet.billing();
        try (Verifier verifier = new Verifier(Fleet.orders()); var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicInteger accepted = new AtomicInteger();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (int count = 0; count < 1_000; count++) {
                executor.submit(() -> {
                    try {
                        for (int round = 0; round < 20; round++) {
                            Request request = Fleet.signed(signer, BODY);
                            verifier.verify(request);
                            accepted.incrementAndGet();
                            assertThrows(Refusal.class, () -> verifier.verify(request));
                        }
                    } catch (Throwable thrown) {
                        failure.set(thrown);
                    }
                });
            }
            for (int round = 0; round < 100; round++) {
                try (Config next = Fleet.orders()) {
                    verifier.replace(next);
                }
            }
            executor.shutdown();
            assertTrue(executor.awaitTermination(600, java.util.concurrent.TimeUnit.SECONDS));
            assertNull(failure.get());
            assertEquals(20_000, accepted.get());
        }
    }

    @Test
    void anInterruptedThreadGetsItsVerdict() {
        try (Verifier verifier = new Verifier(Fleet.orders()); Signer signer = Fleet.billing()) {
            Thread.currentThread().interrupt();
            assertEquals("billing", verifier.verify(Fleet.signed(signer, BODY)).service().orElseThrow());
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void whatIsForgottenIsFreed() throws Exception {
        forget(10);
        long grown = Long.MAX_VALUE;
        // What is lost grows each time. What a busy machine has not freed yet does not.
        for (int attempt = 0; attempt < 3 && grown >= 60_000; attempt++) {
            long before = residentKilobytes();
            forget(20);
            grown = residentKilobytes() - before;
        }
        assertTrue(grown < 60_000, "6,000 forgotten verifiers and configurations have left " + grown + " KiB");
    }

    private static void forget(int rounds) throws InterruptedException {
        for (int round = 0; round < rounds; round++) {
            for (int count = 0; count < 300; count++) {
                new Verifier(Fleet.orders()).isPublic("GET", "/");
            }
            System.gc();
            Thread.sleep(20);
        }
    }

    private static long residentKilobytes() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst().orElseThrow();
    }

    private static void close(AutoCloseable object) {
        try {
            object.close();
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }
}
