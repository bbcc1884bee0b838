package dev.wiresign.http;

import static dev.wiresign.http.Loopback.answer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.wiresign.Config;
import dev.wiresign.Login;
import dev.wiresign.Refusal;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.TokenIssuer;
import dev.wiresign.TokenResponse;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A token endpoint and its clients over HTTP, from a key that the issuer knows to the route that a token opens. */
class TokenSourceTest {
    private static final String ISSUER = "https://identity.internal";
    private static final Map<String, String> ENV = Map.of(
            "SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "B", Secrets.generateSecret());

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger asked = new AtomicInteger();
    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final Verifier orders = orders();
    private volatile HttpHandler endpoint = issuing("");
    private volatile long now = System.nanoTime();
    private Loopback server;
    private String base;

    private static Config identity(String more) {
        return Config.parse("""
                {"service": "identity",
                 "services": {
                   "identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
                   "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["identity", "orders"],
                               "permissions": ["POST /token", "GET /orders/*", "POST /orders"]}},
                 "jwt": {"issue": {"issuer": "https://identity.internal"}%s}}""".formatted(more), ENV);
    }

    private static Verifier orders() {
        Config config = Config.parse("""
                {"service": "orders", "accept": ["jwt"], "services": {"billing": {}},
                 "jwt": {"leeway": 0, "issuers": {"https://identity.internal": {"jwks": "https://identity.internal/keys",
                                     "type": "at+jwt", "permissions_claim": "permissions"}}}}""");
        config.publishKeys(ISSUER, Login.keySet("2026"));
        return new Verifier(config);
    }

    private static Request received(HttpExchange exchange, byte[] body) {
        Request request = Request.of(exchange.getRequestMethod(), exchange.getRequestURI().toString()).body(body);
        exchange.getRequestHeaders().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        return request;
    }

    private static HttpHandler issuing(String more) {
        Config config = identity(more);
        Verifier verifier = new Verifier(config);
        TokenIssuer issuer = new TokenIssuer(config);
        return exchange -> {
            byte[] form = exchange.getRequestBody().readAllBytes();
            try {
                Verified caller = verifier.verify(received(exchange, form));
                TokenResponse answer = issuer.answer(caller.service().orElseThrow(), form);
                answer(exchange, answer.status(), answer.body());
            } catch (Refusal refusal) {
                answer(exchange, refusal.response().status(), refusal.response().body());
            }
        };
    }

    @BeforeEach
    void serve() throws IOException {
        server = new Loopback();
        server.serve("/token", exchange -> {
            asked.incrementAndGet();
            endpoint.handle(exchange);
        });
        server.serve("/orders", exchange -> {
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            seen.add(String.valueOf(token));
            try {
                Verified caller = orders.verify(received(exchange, exchange.getRequestBody().readAllBytes()));
                answer(exchange, 200, caller.service().orElseThrow());
            } catch (Refusal refusal) {
                answer(exchange, refusal.response().status(), refusal.code().name());
            }
        });
        server.serve("/moved", exchange -> {
            exchange.getResponseHeaders().set("Location", "/orders/7");
            answer(exchange, 307, "");
        });
        base = server.url();
    }

    @AfterEach
    void end() {
        server.close();
        orders.close();
    }

    private static Signer billing(String secret) {
        return new Signer(Config.parse(
                "{\"service\": \"billing\", \"services\": {\"billing\": {\"keys\": [{\"secret\": \"env:B\"}]}}}", Map.of("B", secret)), "identity");
    }

    private TokenSource source(String scope) {
        return new TokenSource(http, billing(ENV.get("B")), URI.create(base + "/token"), "orders", scope);
    }

    private String call(TokenClient client, String method, String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.noBody()).build();
        return client.send(request, BodyHandlers.ofString()).body();
    }

    @Test
    void aKeyBecomesATokenThatOpensRoutes() throws Exception {
        TokenClient all = new TokenClient(http, source(null), URI.create(base));
        assertEquals("billing", call(all, "GET", base + "/orders/7"));
        assertEquals("billing", call(all, "POST", base + "/orders"));
        assertEquals("PERMISSION_DENIED", call(all, "DELETE", base + "/orders/7"));
        assertEquals(1, asked.get());
        TokenClient some = new TokenClient(http, source("GET /orders/*"), URI.create(base));
        assertEquals("billing", call(some, "GET", base + "/orders/7"));
        assertEquals("PERMISSION_DENIED", call(some, "POST", base + "/orders"));
    }

    @Test
    void aTokenGoesToItsServiceOnly() throws Exception {
        TokenClient client = new TokenClient(http, source(null), URI.create("https://orders.internal"));
        HttpRequest away = HttpRequest.newBuilder(URI.create(base + "/orders/7")).build();
        assertEquals("AUTHENTICATION_REQUIRED", client.send(away, BodyHandlers.ofString()).body());
        assertEquals(Set.of("null"), seen);
        assertEquals(0, asked.get());
        for (String other : new String[] {"http://orders.internal/", "https://orders.internal:8443/", "https://orders.internal.example/"}) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(other)).build();
            assertTrue(client.authorized(request).headers().firstValue("Authorization").isEmpty(), other);
        }
        HttpRequest there = HttpRequest.newBuilder(URI.create("https://ORDERS.internal:443/a")).header("authorization", "old").build();
        assertEquals(1, client.authorized(there).headers().allValues("Authorization").size());
        assertTrue(client.authorized(there).headers().firstValue("Authorization").orElseThrow().startsWith("Bearer "));

        TokenClient near = new TokenClient(http, source(null), URI.create(base));
        HttpRequest moved = HttpRequest.newBuilder(URI.create(base + "/moved")).build();
        assertEquals(307, near.send(moved, BodyHandlers.ofString()).statusCode());
        HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        assertThrows(IllegalArgumentException.class, () -> new TokenClient(follower, source(null), URI.create(base)));
        assertThrows(IllegalArgumentException.class, () -> new TokenClient(http, source(null), URI.create("orders")));
    }

    @Test
    void ofManyThreadsOneAsks() throws Exception {
        TokenSource source = source(null);
        HttpHandler good = endpoint;
        endpoint = exchange -> {
            pause(200);
            good.handle(exchange);
        };
        List<Callable<String>> calls = new ArrayList<>();
        for (int at = 0; at < 20; at++) {
            calls.add(source::token);
        }
        for (Future<String> token : threads.invokeAll(calls)) {
            assertEquals(source.token(), token.get());
        }
        assertEquals(1, asked.get());
        assertFalse(source.toString().contains(source.token()));
    }

    @Test
    void aTokenIsRenewedBeforeItEndsAndUsedOnWhereItCannotBe() throws Exception {
        endpoint = issuing(", \"lifetime\": 300");
        TokenSource source = new TokenSource(http, billing(ENV.get("B")), URI.create(base + "/token"), "orders", null, () -> now);
        String first = source.token();
        // Of its 299 seconds less than 80 per cent have gone by, and then more than 90.
        pass(239);
        assertEquals(first, source.token());
        assertEquals(1, asked.get());
        pass(31);
        String second = source.token();
        assertNotEquals(first, second);
        assertEquals(2, asked.get());
        endpoint = exchange -> answer(exchange, 503, "{\"code\": \"OVERLOADED\"}");
        pass(270);
        assertEquals(second, source.token());
        assertEquals(second, source.token());
        assertEquals(3, asked.get());
        pass(29);
        TokenException none = assertThrows(TokenException.class, source::token);
        assertEquals(503, none.status().orElseThrow());
        assertEquals("OVERLOADED", none.error().orElseThrow());
        // Nobody asks again at once.
        int before = asked.get();
        assertThrows(TokenException.class, source::token);
        assertEquals(before, asked.get());
        pass(1);
        assertThrows(TokenException.class, source::token);
        assertEquals(before + 1, asked.get());
    }

    private void pass(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatIsNoTokenIsNoneAndNothingIsSent() {
        Map<String, HttpHandler> wrong = Map.of(
                "holds no bearer token", exchange -> answer(exchange, 200, "{}"),
                "no bearer", exchange -> answer(exchange, 200,
                        "{\"access_token\": \"a b\", \"token_type\": \"Bearer\", \"expires_in\": 60}"),
                "for how long", exchange -> answer(exchange, 200,
                        "{\"access_token\": \"abc\", \"token_type\": \"Bearer\", \"expires_in\": \"60\"}"),
                "longer than 65536 bytes", exchange -> answer(exchange, 200, " ".repeat(65_537)),
                "status 307", exchange -> {
                    exchange.getResponseHeaders().set("Location", "/orders/7");
                    answer(exchange, 307, "");
                });
        wrong.forEach((says, handler) -> {
            endpoint = handler;
            TokenClient client = new TokenClient(http, source(null), URI.create(base));
            TokenException none = assertThrows(TokenException.class, () -> call(client, "GET", base + "/orders/7"));
            assertTrue(none.getMessage().contains(says), none.getMessage());
        });
        assertEquals(Set.of(), seen);
    }

    @Test
    void aStrangerGetsNone() {
        TokenSource stranger = new TokenSource(http, billing(Secrets.generateSecret()), URI.create(base + "/token"), "orders");
        TokenException refused = assertThrows(TokenException.class, stranger::token);
        assertEquals(401, refused.status().orElseThrow());
        assertEquals("INVALID_SIGNATURE", refused.error().orElseThrow());
        TokenException scope = assertThrows(TokenException.class, () -> source("DELETE /**").token());
        assertEquals("invalid_scope", scope.error().orElseThrow());
        server.stop();
        assertTrue(assertThrows(TokenException.class, source(null)::token).status().isEmpty());
    }
}
