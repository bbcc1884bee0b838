package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An application that shares its replay store with others. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class ReplayStoreTest {
    private static final Map<String, String> ENV = Map.of("BILLING_SECRET", Secrets.generateSecret());
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

    @Value("${local.server.port}")
    private int port;

    private static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "replay": {"store": "external"}, "services": {
                   "orders": {}, "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}}""".formatted(service), ENV);
    }

    @SpringBootApplication
    @Import(Orders.class)
    static class Application {
        @Bean
        Config config() {
            return ReplayStoreTest.config("orders");
        }

        @Bean
        ReplayStore store() {
            return (key, seconds) -> SEEN.add(key) ? ReplayOutcome.FIRST : ReplayOutcome.REPEATED;
        }
    }

    @RestController
    static class Orders {
        @GetMapping("/orders")
        String orders(Verified caller) {
            return caller.service().orElseThrow();
        }
    }

    private HttpResponse<String> send(List<Header> headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/orders"));
        headers.forEach(header -> request.header(header.name(), header.value()));
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theStoreOfTheApplicationHasTheLastWord() throws Exception {
        try (Config billing = config("billing");
                Signer signer = new Signer(billing, "orders")) {
            List<Header> headers = signer.sign(Request.of("GET", "/orders"));
            assertEquals("billing", send(headers).body());
            HttpResponse<String> again = send(headers);
            assertTrue(again.body().contains("\"REPLAYED_REQUEST\""), again.body());
            assertEquals(1, SEEN.size());
        }
    }
}
