package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.TokenIssuer;
import dev.wiresign.Verified;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An application whose controllers say what their callers must be allowed. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class RequirePermissionTest {
    private static final Map<String, String> ENV = Map.of(
            "SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "B", Secrets.generateSecret(),
            "S", Secrets.generateSecret());

    @Value("${local.server.port}")
    private int port;

    /** Billing may read all of it and write; shipping only reads. */
    private static Config orders() {
        return Config.parse("""
                {"service": "orders", "accept": ["service-hmac-v2", "jwt"],
                 "services": {
                   "orders": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
                   "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["orders"],
                               "permissions": ["GET /**", "POST /orders/**"]},
                   "shipping": {"keys": [{"secret": "env:S"}], "allowed_targets": ["orders"], "permissions": ["GET /**"]}},
                 "jwt": {"issue": {"issuer": "https://orders.internal"},
                         "issuers": {"https://orders.internal": {"keys": [{"id": "2026", "algorithm": "ed25519",
                             "public_key": "literal:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
                             "type": "at+jwt", "permissions_claim": "permissions"}}}}""", ENV);
    }

    @SpringBootApplication
    @Import({Written.class, Read.class})
    static class Application {
        @Bean
        Config config() {
            return orders();
        }
    }

    @RestController
    @RequirePermission("POST /orders/**")
    static class Written {
        @GetMapping("/drafts")
        String drafts(Verified caller) {
            return caller.service().orElseThrow();
        }

        @GetMapping("/summary")
        @RequirePermission("GET /summary")
        String summary(Verified caller) {
            return caller.service().orElseThrow();
        }
    }

    @RestController
    static class Read {
        @GetMapping("/orders")
        @RequirePermission("GET /orders/**")
        String all(Verified caller) {
            return caller.service().orElseThrow();
        }

        @GetMapping("/both")
        @RequireService({"billing", "orders"})
        @RequirePermission("POST /orders/7")
        String both(Verified caller) {
            return caller.service().orElseThrow();
        }

        @GetMapping("/thrown")
        String thrown(Verified caller) {
            caller.requirePermission("POST /orders/7");
            return caller.service().orElseThrow();
        }
    }

    private HttpResponse<String> call(String service, String secret, String path) throws Exception {
        String document = "{\"service\": \"%s\", \"services\": {\"%s\": {\"keys\": [{\"secret\": \"env:%s\"}]}}}";
        HttpRequest.Builder request = request(path);
        try (Config config = Config.parse(document.formatted(service, service, secret), ENV);
                Signer signer = new Signer(config, "orders")) {
            signer.sign(Request.of("GET", path)).forEach(header -> request.header(header.name(), header.value()));
        }
        return send(request);
    }

    private HttpResponse<String> callWithToken(String permission, String path) throws Exception {
        try (Config config = orders();
                TokenIssuer issuer = new TokenIssuer(config)) {
            String token = issuer.issue("billing", "orders", null, List.of(permission), null).text();
            return send(request(path).header("Authorization", "Bearer " + token));
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void assertDenied(HttpResponse<String> answer) {
        assertEquals(403, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains("\"PERMISSION_DENIED\""), answer.body());
    }

    @Test
    void whoMayDoItIsServed() throws Exception {
        for (String path : new String[] {"/drafts", "/summary", "/orders", "/both", "/thrown"}) {
            assertEquals("billing", call("billing", "B", path).body(), path);
        }
    }

    @Test
    void whoMayNotIsRefused() throws Exception {
        assertDenied(call("shipping", "S", "/drafts"));
        assertDenied(call("shipping", "S", "/thrown"));
        assertEquals("shipping", call("shipping", "S", "/summary").body(), "the rule of a method stands in place of its class's");
        assertEquals("shipping", call("shipping", "S", "/orders").body());
        HttpResponse<String> both = call("shipping", "S", "/both");
        assertTrue(both.body().contains("\"SERVICE_NOT_ALLOWED\""), both.body());
    }

    @Test
    void aNarrowTokenOpensLess() throws Exception {
        assertEquals("billing", callWithToken("GET /orders/**", "/orders").body());
        assertDenied(callWithToken("GET /orders", "/orders"));
        assertDenied(callWithToken("GET /**", "/both"));
    }

    @EnableAutoConfiguration
    @Import(Mistaken.class)
    static class MistakenApplication {
        @Bean
        Config config() {
            return orders();
        }
    }

    @RestController
    static class Mistaken {
        @GetMapping("/mistake")
        @RequirePermission("orders:write")
        String mistake() {
            return "nobody could have that";
        }
    }

    @Test
    void withWhatIsNoPermissionTheApplicationDoesNotStart() {
        var problem = assertThrows(
                IllegalStateException.class, () -> SpringApplication.run(MistakenApplication.class, "--server.port=0"));
        assertTrue(problem.getMessage().contains("@RequirePermission(\"orders:write\")"), problem.getMessage());
        assertTrue(problem.getMessage().contains("permission: "), problem.getMessage());
    }
}
