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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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
        try {
            return verifier.verify(Login.request(keyId), Login.NOW).keyId().orElseThrow();
        } catch (Refusal refusal) {
            return refusal.code().name();
        }
    }

    private static void eventually(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!holds.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what);
            Thread.sleep(1);
        }
    }

    @Test
    void publishedKeysAreFetchedAndRotate() throws Exception {
        assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));
        try (KeySets sets = builder().coolDown(SHORT).start()) {
            sets.refresh().join();
            assertEquals("k1", judge("k1"));
            answer = publishing(Login.keySet("k2"));
            Thread.sleep(10);
            sets.refresh().join();
            assertEquals("k2", judge("k2"));
            assertEquals(RefusalCode.UNKNOWN_KEY.name(), judge("k1"));
            assertEquals(2, asked.get());
            assertEquals(List.of(), told);
        }
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
        Thread.sleep(20);
        int closed = asked.get();
        Thread.sleep(50);
        assertEquals(closed, asked.get());
        assertEquals("k1", judge("k1"));
    }

    @Test
    void anotherConfigurationGetsTheKeysAtHand() throws Exception {
        KeySets sets = builder().coolDown(SHORT).start();
        try (Config next = Login.users(url)) {
            sets.refresh().join();
            answer = exchange -> answer(exchange, 500, "");
            sets.replace(next).join();
            assertEquals(1, told.size(), "what cannot be fetched anew is reported");
            verifier.replace(next);
            assertEquals("k1", judge("k1"));
            answer = publishing(Login.keySet("k2"));
            eventually("the new configuration is served", () -> judge("k2").equals("k2"));
            // One without issuers ends all fetches.
            try (Config none = Config.parse("{\"service\": \"orders\", \"services\": {}}")) {
                sets.replace(none).join();
                Thread.sleep(20);
                int ended = asked.get();
                Thread.sleep(50);
                assertEquals(ended, asked.get());
            }
            sets.close();
            sets.replace(next).join();
        }
    }

    @Test
    void closingEndsAFetchWithoutAWord() throws Exception {
        answer = exchange -> await(never);
        KeySets sets = builder().start();
        eventually("the fetch begins", () -> asked.get() == 1);
        sets.close();
        sets.refresh().get(10, TimeUnit.SECONDS);
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
