package dev.wiresign.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Refusal;
import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.exceptions.JedisException;

/** Both stores on a real server. */
class ReplayTest {
    private static final Map<String, String> ENV = Map.of("O", Secrets.generateSecret(), "B", Secrets.generateSecret());

    @TempDir
    Path folder;

    private RedisServer server;
    private RedisClient client;
    private JedisPooled jedis;
    private ReplayStore ofJedis;
    private ReplayStore ofLettuce;

    @BeforeEach
    void connect() throws Exception {
        server = new RedisServer(folder);
        jedis = new JedisPooled(URI.create(server.url()), 60_000);
        ofJedis = new JedisReplay(jedis);
        RedisURI uri = RedisURI.create(server.url());
        // A busy machine is no outage; in one, it waits for so long.
        uri.setTimeout(Duration.ofSeconds(5));
        client = RedisClient.create(uri);
        ofLettuce = new LettuceReplay(client.connect().sync());
    }

    @AfterEach
    void end() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
        jedis.close();
        server.close();
    }

    private static Config config(String service, String more) {
        return Config.parse("""
                {"service": "%s", %s "services": {"orders": {"keys": [{"secret": "env:O"}]},
                 "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["orders"]}}}""".formatted(service, more), ENV);
    }

    private static Verifier process() {
        try (Config config = config("orders", "\"replay\": {\"store\": \"external\"},")) {
            return new Verifier(config);
        }
    }

    private static Request signed() {
        Request request = Request.of("GET", "/orders/7");
        try (Config config = config("billing", ""); Signer signer = new Signer(config, "orders")) {
            signer.sign(request).forEach(header -> request.header(header.name(), header.value()));
        }
        return request;
    }

    private static String judge(Verifier verifier, ReplayStore store, Request request) {
        try {
            Verified verified = verifier.verify(request);
            ReplayOutcome outcome;
            try {
                outcome = store.insert(verified.replayKey().orElseThrow(), verified.replaySeconds().orElseThrow());
            } catch (RuntimeException noAnswer) {
                outcome = ReplayOutcome.UNAVAILABLE;
            }
            verifier.settleReplay(verified, outcome);
            return verified.service().orElseThrow();
        } catch (Refusal refusal) {
            return refusal.code().name();
        }
    }

    @Test
    void twoProcessesAcceptARequestOnce() {
        try (Verifier one = process(); Verifier other = process()) {
            Request first = signed();
            assertEquals("billing", judge(one, ofJedis, first));
            assertEquals("REPLAYED_REQUEST", judge(other, ofLettuce, first));
            Request second = signed();
            assertEquals("billing", judge(other, ofLettuce, second));
            assertEquals("REPLAYED_REQUEST", judge(one, ofJedis, second));
            assertEquals(2, jedis.dbSize());
            String name = jedis.keys("wiresign:replay:*").iterator().next();
            assertTrue(jedis.ttl(name) > 200, "it is kept for as long as the window is open");
        }
    }

    @Test
    void ofManyThreadsOneIsFirst() throws Exception {
        List<Callable<ReplayOutcome>> calls = IntStream.range(0, 32)
                .<Callable<ReplayOutcome>>mapToObj(at -> () -> (at % 2 == 0 ? ofJedis : ofLettuce).insert("key", 60)).toList();
        try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
            int first = 0;
            for (Future<ReplayOutcome> outcome : threads.invokeAll(calls)) {
                first += outcome.get() == ReplayOutcome.FIRST ? 1 : 0;
            }
            assertEquals(1, first);
        }
    }

    @Test
    void whatCameBeforeIsKnownAfterACrashAndNothingIsAcceptedMeanwhile() throws Exception {
        try (Verifier verifier = process()) {
            Request request = signed();
            assertEquals("billing", judge(verifier, ofJedis, request));
            server.close();
            assertEquals("REPLAY_STORE_UNAVAILABLE", judge(verifier, ofJedis, signed()));
            assertEquals("REPLAY_STORE_UNAVAILABLE", judge(verifier, ofLettuce, signed()));
            assertThrows(JedisException.class, () -> ofJedis.insert("key", 60));
            assertThrows(RedisException.class, () -> ofLettuce.insert("key", 60));
            server.start();
            // The pool of Jedis may hold connections to the server that was.
            jedis.getPool().clear();
            assertEquals("REPLAYED_REQUEST", judge(verifier, ofJedis, request));
            assertEquals("billing", judge(verifier, ofJedis, signed()));
        }
    }

    @Test
    void aCommandThatWasSentTwiceCountsOnce() {
        // The answer to the first SET is lost, so the client sends it again and is told that the key is there.
        Redis twice = new Redis() {
            @Override
            public boolean setIfAbsent(String name, String value, long seconds) {
                jedis.setex(name, seconds, value);
                return false;
            }

            @Override
            public String get(String name) {
                return jedis.get(name);
            }
        };
        assertEquals(ReplayOutcome.FIRST, twice.insert("key", 60));
        assertEquals(ReplayOutcome.REPEATED, ofJedis.insert("key", 60));
    }
}
