package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Secrets;
import dev.wiresign.Verified;
import dev.wiresign.http.TokenException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

/** An application that issues tokens and takes them, with nothing but a property. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "wiresign.token-endpoint=/token")
class TokensTest {
    private static final Map<String, String> ENV = Map.of(
            "SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "B", Secrets.generateSecret());

    @Value("${local.server.port}")
    private int port;

    @SpringBootApplication
    @Import(Orders.class)
    static class Application {
        @Bean
        Config config() {
            return Config.parse("""
                    {"service": "orders", "accept": ["service-hmac-v2", "jwt"],
                     "services": {
                       "orders": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
                       "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["orders"],
                                   "permissions": ["POST /token", "GET /me"]}},
                     "routes": [{"match": "POST /token", "accept": ["service-hmac-v2"]},
                                {"match": "/me", "accept": ["jwt"]}],
                     "jwt": {"issue": {"issuer": "https://orders.internal"},
                             "issuers": {"https://orders.internal": {"keys": [{"id": "2026", "algorithm": "ed25519",
                                 "public_key": "literal:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
                                 "type": "at+jwt", "permissions_claim": "permissions"}}}}""", ENV);
        }
    }

    @RestController
    static class Orders {
        @GetMapping("/me")
        String me(Verified caller) {
            return caller.service().orElseThrow() + " " + caller.scheme().orElseThrow();
        }
    }

    private RestClient client(String secret) {
        String url = "http://localhost:" + port;
        Config config = Config.parse("""
                {"service": "billing", "services": {"billing": {"keys": [{"secret": "env:B"}]}, "orders": {"url": "%s"}}}"""
                .formatted(url), Map.of("B", secret));
        return new WiresignClients(config).restClientWithTokens("orders", "orders", URI.create(url + "/token")).build();
    }

    @Test
    void aClientGetsTokensAndCallsWithThem() {
        RestClient client = client(ENV.get("B"));
        assertEquals("billing jwt", client.get().uri("/me").retrieve().body(String.class));
        assertEquals("billing jwt", client.get().uri("/me").retrieve().body(String.class));
    }

    @Test
    void aStrangerGetsNoTokenAndSendsNothing() {
        RestClient stranger = client(Secrets.generateSecret());
        ResourceAccessException refused =
                assertThrows(ResourceAccessException.class, () -> stranger.get().uri("/me").retrieve().body(String.class));
        TokenException none = (TokenException) refused.getCause();
        assertEquals("INVALID_SIGNATURE", none.error().orElseThrow());
    }

    @Test
    void theEndpointIsBehindTheFilter() throws Exception {
        HttpRequest unsigned = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/token"))
                .POST(BodyPublishers.ofString("grant_type=client_credentials&audience=orders")).build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(unsigned, HttpResponse.BodyHandlers.ofString());
        assertEquals(401, answer.statusCode());
        assertTrue(answer.body().contains("AUTHENTICATION_REQUIRED"), answer.body());
    }
}
