package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.wiresign.Config;
import dev.wiresign.Refusal;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.web.client.RestClient;

/** A scheme that signs every header that it is given: what Spring only means to send must not be among them. */
class SigningInterceptorTest {
    private static final Map<String, String> ENV = Map.of("KEY", Secrets.generateSecret());

    private HttpServer server;
    private Verifier verifier;

    @BeforeEach
    void start() throws IOException {
        verifier = new Verifier(config("orders"));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::judge);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        verifier.close();
    }

    @Test
    void signsRequestsWithAndWithoutABody() {
        RestClient client = new WiresignClients(config("billing"))
                .restClient("orders")
                .baseUrl("http://127.0.0.1:" + server.getAddress().getPort())
                .build();
        for (HttpMethod method : new HttpMethod[] {HttpMethod.GET, HttpMethod.DELETE, HttpMethod.POST}) {
            assertEquals("billing", client.method(method).uri("/a").retrieve().body(String.class), method.name());
        }
        assertEquals("billing", client.post().uri("/a?b=1").body("seven").retrieve().body(String.class));
    }

    private void judge(HttpExchange exchange) throws IOException {
        URI uri = exchange.getRequestURI();
        Request request = Request.of(exchange.getRequestMethod(), uri.toString())
                .body(exchange.getRequestBody().readAllBytes());
        exchange.getRequestHeaders().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        String said;
        try {
            said = verifier.verify(request).service().orElseThrow();
        } catch (Refusal refusal) {
            said = refusal.code().name();
        }
        byte[] answer = said.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private static Config config(String service) {
        return Config.parse(
                """
                {"service": "%s", "accept": ["aws-sigv4"], "sign_with": "aws-sigv4",
                 "aws_sigv4": {"region": "eu-west-1", "service": "orders"},
                 "services": {"orders": {}, "billing": {
                   "aws_keys": [{"id": "AKIDBILLING000000001", "secret": "env:KEY"}], "allowed_targets": ["orders"]}}}
                """
                        .formatted(service),
                ENV);
    }
}
