package dev.wiresign.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.wiresign.Config;
import dev.wiresign.Refusal;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SigningClientTest {
    private static final Map<String, String> ENV = Map.of("O", Secrets.generateSecret(), "B", Secrets.generateSecret());
    private static final String SERVICES = """
            "services": {"orders": {"keys": [{"secret": "env:O"}]},
                         "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["orders"]}}""";

    private final Verifier verifier = new Verifier(Config.parse("{\"service\": \"orders\", " + SERVICES + "}", ENV));
    private final Signer signer = new Signer(Config.parse("{\"service\": \"billing\", " + SERVICES + "}", ENV), "orders");
    private final SigningClient client = new SigningClient(HttpClient.newHttpClient(), signer, 100_000);
    private HttpServer server;
    private String base;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
        server.createContext("/", this::judge);
        server.start();
        base = "http://localhost:" + server.getAddress().getPort();
    }

    @AfterEach
    void end() {
        server.stop(0);
    }

    private void judge(HttpExchange exchange) throws IOException {
        if (exchange.getRequestURI().getPath().equals("/moved")) {
            exchange.getResponseHeaders().set("Location", "/");
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
            return;
        }
        byte[] body = exchange.getRequestBody().readAllBytes();
        Request request = Request.of(exchange.getRequestMethod(), exchange.getRequestURI().toString()).body(body);
        exchange.getRequestHeaders().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        String answer;
        int status = 200;
        try {
            answer = verifier.verify(request).service().orElseThrow() + ":" + body.length;
        } catch (Refusal refusal) {
            status = refusal.response().status();
            answer = refusal.response().body();
        }
        exchange.sendResponseHeaders(status, 0);
        exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
        exchange.close();
    }

    @Test
    void whatIsSentIsWhatWasSigned() throws Exception {
        for (String target : new String[] {"", "/", "/a%20b?q=%41&r", "/?"}) {
            HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create(base + target)).build(), BodyHandlers.ofString());
            assertEquals("billing:0", answer.body(), target);
        }
    }

    @Test
    void bodiesOfEveryKindAreGathered() throws Exception {
        HttpRequest text = HttpRequest.newBuilder(URI.create(base)).POST(BodyPublishers.ofString("one")).header("X-Signature", "old").build();
        assertEquals("billing:3", client.send(text, BodyHandlers.ofString()).body());
        assertEquals("billing:3", client.send(text, BodyHandlers.ofString()).body(), "each attempt has a signature of its own");
        HttpRequest pieces = HttpRequest.newBuilder(URI.create(base))
                .PUT(BodyPublishers.concat(BodyPublishers.ofByteArray(new byte[50_000]), BodyPublishers.ofString("x"))).build();
        assertEquals("billing:50001", client.sendAsync(pieces, BodyHandlers.ofString()).get().body());
    }

    @Test
    void aBodyOverTheLimitIsNotSent() {
        HttpRequest large = HttpRequest.newBuilder(URI.create(base)).POST(BodyPublishers.ofByteArray(new byte[100_001])).build();
        assertThrows(IOException.class, () -> client.send(large, BodyHandlers.ofString()));
        var failure = assertThrows(ExecutionException.class, () -> client.sendAsync(large, BodyHandlers.ofString()).get());
        assertInstanceOf(IOException.class, failure.getCause());
    }

    @Test
    void redirectsAreGivenToTheCaller() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/moved")).build();
        assertEquals(307, client.send(request, BodyHandlers.ofString()).statusCode());
        HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        assertThrows(IllegalArgumentException.class, () -> new SigningClient(follower, signer));
    }
}
