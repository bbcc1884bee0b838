package dev.wiresign.documented;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.redis.RedisServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every program of docs/java runs when it is copied out. */
class DocumentedTest {
    private static final Map<String, String> ENV = Map.of(
            "SERVICE_ID", "orders", "ORDERS_SECRET", Secrets.generateSecret(), "BILLING_SECRET", Secrets.generateSecret(),
            "SHOP_SECRET", Secrets.generateSecret());
    private static final byte[] NOTHING = {};

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private int port;
    private String config;

    @BeforeEach
    void configure() throws Exception {
        port = Running.freePort();
        config = Page.of("README.md").block("json", port);
        Files.writeString(folder.resolve("wiresign.json"), config);
    }

    private List<Header> signed(String service, String method, String target, byte[] body) {
        Map<String, String> env = new HashMap<>(ENV);
        env.put("SERVICE_ID", service);
        try (Config own = Config.parse(config, env); Signer signer = new Signer(own, "orders")) {
            return signer.sign(Request.of(method, target).body(body));
        }
    }

    private HttpResponse<String> send(String method, String target, List<Header> headers, byte[] body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (body.length > 0) {
            request.header("Content-Type", "application/json");
        }
        headers.forEach(header -> request.header(header.name(), header.value()));
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private String get(String target, List<Header> headers) throws Exception {
        return send("GET", target, headers, NOTHING).body();
    }

    private void assertIsProtected() throws Exception {
        assertEquals("{\"status\":\"up\"}", get("/health", List.of()));
        assertTrue(get("/orders/7", List.of()).contains("AUTHENTICATION_REQUIRED"));
        for (int turn = 0; turn < 3; turn++) {
            List<Header> headers = signed("billing", "GET", "/orders/" + turn, NOTHING);
            String answer = get("/orders/" + turn, headers);
            assertTrue(answer.contains("\"number\":" + turn) && answer.contains("\"asked_by\":\"billing\""), answer);
            assertTrue(get("/orders/" + turn, headers).contains("REPLAYED_REQUEST"));
        }
    }

    @Test
    void everyProgramIsKnown() throws Exception {
        StringBuilder found = new StringBuilder();
        for (Page page : Page.all()) {
            page.programs().keySet().forEach(program -> found.append(page.name()).append(' ').append(program).append('\n'));
        }
        // Those of Quarkus are run by bindings-c/java/quarkus/test.
        assertEquals(
                "client.md Call\nquarkus.md Protection\nquarkus.md Orders\nreplay.md Orders\nservlet.md Orders\nspring.md Orders\n",
                found.toString());
    }

    @Test
    void servletsAndTheClientOfThem() throws Exception {
        Page.of("servlet.md").compile("Orders", folder, port);
        Page client = Page.of("client.md");
        client.compile("Call", folder, port);
        try (Running orders = new Running("Orders", folder, ENV)) {
            orders.waitForPort(port);
            assertIsProtected();
            Map<String, String> env = new HashMap<>(ENV);
            env.put("SERVICE_ID", "billing");
            try (Running call = new Running("Call", folder, env)) {
                assertEquals(client.block("text", port), call.printed());
            }
        }
    }

    @Test
    void springBoot() throws Exception {
        Page page = Page.of("spring.md");
        page.compile("Orders", folder, port);
        Files.writeString(folder.resolve("application.properties"), page.block("properties", port));
        try (Running orders = new Running("com.example.Orders", folder, ENV)) {
            orders.waitForPort(port);
            assertIsProtected();
            byte[] body = "{\"amount\":7}".getBytes(StandardCharsets.UTF_8);
            String made = send("POST", "/invoices", signed("billing", "POST", "/invoices", body), body).body();
            assertTrue(made.contains("\"made_by\":\"billing\"") && made.contains("\"amount\":7"), made);
            HttpResponse<String> refused = send("POST", "/invoices", signed("shop", "POST", "/invoices", body), body);
            assertEquals(403, refused.statusCode());
            assertTrue(refused.body().contains("SERVICE_NOT_ALLOWED"), refused.body());
        }
    }

    @Test
    void twoProcessesWithOneStore() throws Exception {
        Page page = Page.of("replay.md");
        int first = port;
        int second = Running.freePort();
        Path other = Files.createDirectory(folder.resolve("other"));
        String replay = page.block("json", port).strip();
        config = "{" + replay.substring(1, replay.length() - 1) + "," + config.substring(config.indexOf('{') + 1);
        for (Path place : new Path[] {folder, other}) {
            Files.writeString(place.resolve("wiresign.json"), config);
        }
        page.compile("Orders", folder, first);
        page.compile("Orders", other, second);
        Path data = Files.createDirectory(folder.resolve("data"));
        try (RedisServer redis = new RedisServer(data)) {
            Map<String, String> env = new HashMap<>(ENV);
            env.put("REDIS_URL", redis.url());
            try (Running one = new Running("Orders", folder, env); Running two = new Running("Orders", other, env)) {
                one.waitForPort(first);
                two.waitForPort(second);
                assertIsProtected();
                List<Header> headers = signed("billing", "GET", "/orders/7", NOTHING);
                assertTrue(get("/orders/7", headers).contains("\"number\":7"));
                port = second;
                assertTrue(get("/orders/7", headers).contains("REPLAYED_REQUEST"));
                assertIsProtected();
                redis.kill();
                assertEquals(503, send("GET", "/orders/8", signed("billing", "GET", "/orders/8", NOTHING), NOTHING).statusCode());
            }
        }
    }
}
