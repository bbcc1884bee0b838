package dev.wiresign.http;

import static dev.wiresign.http.Loopback.answer;
import static dev.wiresign.http.Loopback.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import dev.wiresign.Config;
import dev.wiresign.ConfigException;
import dev.wiresign.Login;
import dev.wiresign.Refusal;
import dev.wiresign.RefusalCode;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys that an issuer publishes over HTTP. */
class KeySetsTest {
    private static final Duration SHORT = Duration.ofMillis(2);
    private static final Duration BRIEF = Duration.ofMillis(200);
    private static final String WITH_PRIVATE_KEY =
            Login.keySet("k1").replace("\"x\"", "\"d\": \"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\", \"x\"");

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger elsewhere = new AtomicInteger();
    private final List<KeySetException> told = new CopyOnWriteArrayList<>();
    private final CountDownLatch never = new CountDownLatch(1);
    private volatile HttpHandler answer = publishing(Login.keySet("k1"));
    private Loopback server;
    private String url;
    private Config config;
    private Verifier verifier;

    @BeforeEach
    void serve() throws IOException {
        server = new Loopback();
        server.serve("/keys", exchange -> {
            asked.incrementAndGet();
            answer.handle(exchange);
        });
        server.serve("/elsewhere", exchange -> {
            elsewhere.incrementAndGet();
            publishing(Login.keySet("k2")).handle(exchange);
        });
        url = server.url() + "/keys";
        config = Login.users(url);
        verifier = new Verifier(config);
    }

    @AfterEach
    void end() {
        never.countDown();
        server.close();
        verifier.close();
        config.close();
    }

    private static HttpHandler publishing(String text) {
        return exchange -> answer(exchange, 200, text);
    }

    private KeySets.Builder builder() {
        return KeySets.builder(config).onError(told::add);
    }

    /** What becomes of a token that this key has signed. */
    private String judge(String keyId) {
        return judge("login", keyId);
    }

    private String judge(String issuer, String keyId) {
        try {
            return verifier.verify(Login.request(issuer, keyId), Login.NOW).keyId().orElseThrow();
        } catch (Refusal refusal) {
            return refusal.code().name();
        }
    }

    private static void eventually(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!holds.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what);
            Thread.sleep(1);
        }
    }

    @Test
    void publishedKeysAreFetchedAndRotate() throws Exception {
        assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));
        try (KeySets sets = builder().coolDown(Duration.ofHours(1)).start()) {
            sets.refresh().join();
            sets.refresh().join();
            assertEquals("k1", judge("k1"));
            assertEquals(1, asked.get());
        }
        try (KeySets sets = builder().coolDown(SHORT).start()) {
            sets.refresh().join();
            answer = publishing(Login.keySet("k2"));
            Thread.sleep(10);
            sets.refresh().join();
            assertEquals("k2", judge("k2"));
            assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));
        }
        assertEquals(List.of(), told);
    }

    @Test
    void aSetThatCannotBeHadChangesNothing() {
        Map<String, HttpHandler> answers = new LinkedHashMap<>();
        answers.put("not renewed: this is not a set", publishing("<html>"));
        answers.put("not renewed: ", publishing("{\"keys\": []}"));
        answers.put("private", publishing(WITH_PRIVATE_KEY));
        answers.put("longer than 65536 bytes", publishing(Login.keySet("k2") + " ".repeat(65_536)));
        answers.put("status 500", exchange -> answer(exchange, 500, Login.keySet("k2")));
        answers.put("status 302", exchange -> {
            exchange.getResponseHeaders().set("Location", url.replace("/keys", "/elsewhere"));
            answer(exchange, 302, "");
        });
        answers.put("not UTF-8", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 1);
                exchange.getResponseBody().write(0xFF);
            }
        });
        answers.put("no whole answer within 200 ms", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            await(never);
        });
        config.publishKeys("login", Login.keySet("k1"));
        answers.forEach((says, wrong) -> {
            answer = wrong;
            asked.set(0);
            told.clear();
            try (KeySets sets = builder().timeout(says.endsWith(" ms") ? BRIEF : Duration.ofMinutes(1)).start()) {
                sets.refresh().join();
                assertEquals(1, told.size(), says);
                assertEquals("login", told.getFirst().issuer());
                assertEquals(url, told.getFirst().url());
                assertTrue(told.getFirst().getMessage().contains(says), says + ": " + told.getFirst().getMessage());
                assertFalse(told.getFirst().getMessage().contains("nWGxne"));
                assertEquals("k1", judge("k1"), says);
                // However often it is asked for, it is not fetched again before the pause is over.
                for (int at = 0; at < 10; at++) {
                    sets.refresh().join();
                }
                assertEquals(1, asked.get(), says);
                assertEquals(1, told.size(), says);
            }
        });
        assertEquals(0, elsewhere.get());
    }

    @Test
    void setsAreFetchedAgainAndAgainUntilTheyAreClosed() throws Exception {
        answer = publishing("no set");
        KeySets sets = builder().coolDown(SHORT).refresh(SHORT).onError(failure -> {
            told.add(failure);
            throw new IllegalStateException("a hook that fails");
        }).start();
        eventually("a failed fetch is tried again", () -> told.size() > 3);
        answer = publishing(Login.keySet("k1"));
        eventually("the keys are known", () -> judge("k1").equals("k1"));
        int before = asked.get();
        eventually("good sets are renewed", () -> asked.get() > before + 3);
        sets.close();
        sets.close();
        sets.refresh().join();
        int closed = asked.get();
        Thread.sleep(100);
        assertTrue(asked.get() <= closed + 1, "the fetch that was under way may still arrive");
        assertEquals("k1", judge("k1"));
    }

    @Test
    void aTimerThatRingsBeforeTheEndOfAFetchIsSeenBeginsTheNextOne() {
        ScheduledThreadPoolExecutor early = new ScheduledThreadPoolExecutor(1) {
            @Override
            public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
                long end = System.nanoTime() + unit.toNanos(delay);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                try {
                    task.call();
                } catch (Exception failure) {
                    throw new AssertionError(failure);
                }
                return super.schedule(() -> null, 0, TimeUnit.NANOSECONDS);
            }
        };
        AtomicInteger begun = new AtomicInteger();
        Duration moment = Duration.ofNanos(1);
        KeySet set = new KeySet(
                new KeySet.Pace(moment, moment, Duration.ofMinutes(1)), early,
                () -> begun.incrementAndGet() < 4 ? CompletableFuture.completedFuture("") : new CompletableFuture<>(),
                text -> {}, failure -> {});
        set.refresh();
        assertEquals(4, begun.get());
        set.close();
        early.shutdownNow();
    }

    @Test
    void aFetchThatCannotBeginIsFollowedByTheNextOne() throws InterruptedException {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
        AtomicInteger begun = new AtomicInteger();
        List<Throwable> reported = new CopyOnWriteArrayList<>();
        KeySet set = new KeySet(
                new KeySet.Pace(SHORT, SHORT, Duration.ofMinutes(1)), timer,
                () -> {
                    if (begun.incrementAndGet() == 1) {
                        throw new IllegalStateException("no thread is left");
                    }
                    return new CompletableFuture<>();
                },
                text -> {}, reported::add);
        set.refresh().join();
        eventually("it is fetched again", () -> begun.get() == 2);
        assertEquals(List.of("no thread is left"), reported.stream().map(Throwable::getMessage).toList());
        set.close();
        timer.shutdownNow();
    }

    @Test
    void anotherConfigurationGetsTheKeysAtHand() throws Exception {
        KeySets sets = builder().coolDown(SHORT).start();
        try (Config next = Login.users(url)) {
            sets.refresh().join();
            answer = exchange -> answer(exchange, 500, "");
            sets.replace(next).join();
            assertFalse(told.isEmpty(), "what cannot be fetched anew is reported");
            verifier.replace(next);
            assertEquals("k1", judge("k1"));
            answer = publishing(Login.keySet("k2"));
            eventually("the new configuration is served", () -> judge("k2").equals("k2"));
            // One without issuers ends all fetches.
            try (Config none = Config.parse("{\"service\": \"orders\", \"services\": {}}")) {
                sets.replace(none).join();
                int ended = asked.get();
                Thread.sleep(100);
                assertTrue(asked.get() <= ended + 1, "the fetch that was under way may still arrive");
            }
            sets.close();
            sets.replace(next).join();
        }
    }

    /** The configuration of "orders", whose callers have tokens of "login" and of "partner". */
    private Config both() {
        return Config.parse("""
                {"service": "orders", "accept": ["jwt"], "services": {}, "jwt": {"issuers": {
                 "login": {"jwks": "%s", "callers": "users"},
                 "partner": {"jwks": "%s/elsewhere", "callers": "users"}}}}""".formatted(url, server.url()));
    }

    /** As most do it who reload a document. */
    private void putInForce(Config next) {
        try (next) {
            verifier.replace(next);
        }
    }

    @Test
    void setsFollowAVerifierWhoseConfigurationIsReplaced() throws Exception {
        KeySets sets = builder().coolDown(SHORT).refresh(SHORT).start();
        config.close();
        sets.refresh().join();
        sets.follow(verifier);
        sets.follow(verifier);

        // An issuer is added. The keys at hand are there from the first request on, and are renewed from then on.
        answer = exchange -> answer(exchange, 500, "");
        putInForce(both());
        assertEquals("k1", judge("k1"));
        eventually("the new issuer is known", () -> judge("partner", "k2").equals("k2"));
        answer = publishing(Login.keySet("k3"));
        eventually("the other one is renewed", () -> judge("k3").equals("k3"));
        assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));

        // It is removed, and asked no more.
        putInForce(Login.users(url));
        assertEquals("k3", judge("k3"));
        assertFalse(judge("partner", "k2").equals("k2"));
        Thread.sleep(20);
        int before = asked.get();
        int alone = elsewhere.get();
        eventually("the issuer that is left is renewed", () -> asked.get() > before + 3);
        assertEquals(alone, elsewhere.get());

        // Closed sets follow nobody.
        sets.close();
        putInForce(both());
        assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("partner", "k2"));
        assertEquals(alone, elsewhere.get());
        sets.follow(verifier);
        putInForce(both());
        assertEquals(alone, elsewhere.get());
    }

    @Test
    void whatIsHandedOverIsFetchedOnce() {
        try (KeySets sets = builder().start(); Config next = Login.users(url)) {
            sets.refresh().join();
            sets.follow(verifier);
            sets.replace(next).join();
            verifier.replace(next);
            sets.refresh().join();
            assertEquals(2, asked.get());
            assertEquals("k1", judge("k1"));
        }
    }

    @Test
    void setsOfAnotherConfigurationDoNotFollow() {
        try (Config other = Login.users(url); Config next = both(); KeySets sets = KeySets.builder(other).onError(told::add).start()) {
            sets.refresh().join();
            sets.follow(verifier);
            verifier.replace(next);
            sets.refresh().join();
            assertEquals(1, asked.get());
            assertEquals(0, elsewhere.get());
            assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));
        }
    }

    @Test
    void setsFollowOneVerifier() {
        KeySets sets = builder().start();
        try (Verifier second = new Verifier(config); Config next = both()) {
            sets.follow(verifier);
            IllegalStateException refused = assertThrows(IllegalStateException.class, () -> sets.follow(second));
            assertTrue(refused.getMessage().contains("KeySets of its own"), refused.getMessage());
            // What the second one gets, is not what they serve.
            second.replace(next);
            sets.refresh().join();
            assertEquals(0, elsewhere.get());
            verifier.replace(next);
            sets.refresh().join();
            assertEquals(1, elsewhere.get());
            // Closed ones follow nobody.
            sets.close();
            sets.follow(second);
        }
    }

    @Test
    void setsFollowOneOfTheVerifiersThatTheyAreGivenAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (KeySets sets = builder().start()) {
            List<Callable<Boolean>> all = Collections.nCopies(3, () -> {
                try (Verifier another = new Verifier(config)) {
                    sets.follow(another);
                    return true;
                } catch (IllegalStateException refused) {
                    return false;
                }
            });
            int follow = 0;
            for (Future<Boolean> one : threads.invokeAll(all, 60, TimeUnit.SECONDS)) {
                follow += one.get() ? 1 : 0;
            }
            assertEquals(1, follow);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void configurationsAreReplacedWhileSetsFollowAndClose() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Void>> rounds = Collections.nCopies(40, () -> {
                try (Config next = Login.users(url)) {
                    verifier.replace(next);
                    try (KeySets sets = KeySets.builder(next).coolDown(SHORT).onError(told::add).start()) {
                        sets.follow(verifier);
                        judge("k1");
                    }
                }
                return null;
            });
            for (Future<Void> round : threads.invokeAll(rounds, 60, TimeUnit.SECONDS)) {
                round.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void closingEndsAFetchWithoutAWord() throws Exception {
        answer = exchange -> await(never);
        KeySets sets = builder().start();
        eventually("the fetch begins", () -> asked.get() == 1);
        sets.close();
        sets.refresh().get(60, TimeUnit.SECONDS);
        assertEquals(List.of(), told);
    }

    @Test
    void aServerThatIsNotThereIsReported() {
        server.stop();
        try (KeySets sets = builder().client(HttpClient.newHttpClient()).start()) {
            sets.refresh().join();
            assertEquals(1, told.size());
        }
    }

    @Test
    void keySetsAreNotMadeOfNonsense() {
        assertThrows(IllegalArgumentException.class, () -> builder().coolDown(Duration.ZERO).start());
        assertThrows(IllegalArgumentException.class, () -> builder().refresh(Duration.ofSeconds(-1)).start());
        assertThrows(IllegalArgumentException.class, () -> builder().timeout(Duration.ZERO).start());
        HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        assertThrows(IllegalArgumentException.class, () -> builder().client(follower));
        // Keys that came over a plain connection would be anybody's.
        assertThrows(ConfigException.class, () -> Login.users("http://login.example/keys"));
    }
}
