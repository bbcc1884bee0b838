package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import dev.wiresign.http.KeySets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An application whose users have tokens of an issuer, which publishes its keys on a real server. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class PublishedKeysTest {
    /** The key pair of RFC 8032, section 7.1, test 1, which everybody knows. */
    private static final Map<String, String> SEED =
            Map.of("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    private static volatile String keyId = "k1";

    @Value("${local.server.port}")
    private int port;

    @Autowired
    private HttpServer server;

    @Autowired
    private Verifier verifier;

    @SpringBootApplication
    @Import(Users.class)
    static class Application {
        @Bean(destroyMethod = "")
        HttpServer issuer() throws IOException {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/keys", exchange -> {
                String set = "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"" + keyId
                        + "\", \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
                try (exchange) {
                    exchange.sendResponseHeaders(200, set.length());
                    exchange.getResponseBody().write(set.getBytes(StandardCharsets.UTF_8));
                }
            });
            server.start();
            return server;
        }

        @Bean
        Config config(HttpServer issuer) {
            return Config.parse("""
                    {"service": "orders", "accept": ["jwt"], "services": {}, "jwt": {"issuers": {"login":
                     {"jwks": "http://127.0.0.1:%d/keys", "callers": "users"}}}}""".formatted(issuer.getAddress().getPort()));
        }

        @Bean
        KeySets keySets(Config config) {
            KeySets sets = KeySets.builder(config).coolDown(Duration.ofMillis(1)).start();
            sets.refresh().join();
            return sets;
        }
    }

    @RestController
    static class Users {
        @GetMapping("/me")
        String me(Verified caller) {
            return caller.service().orElseThrow() + " " + caller.subject().orElseThrow();
        }
    }

    private HttpResponse<String> call(String signingKey) throws Exception {
        return call("login", signingKey);
    }

    private HttpResponse<String> call(String issuer, String signingKey) throws Exception {
        String document = """
                {"service": "%s", "sign_with": "jwt",
                 "services": {"%s": {"keys": [{"id": "%s", "algorithm": "ed25519", "private_key": "env:SEED"}]}}}""";
        try (Config login = Config.parse(document.formatted(issuer, issuer, signingKey), SEED); Signer signer = new Signer(login, "orders");
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/me"));
            for (Header header : signer.sign(Request.of("GET", "/me"))) {
                request.header(header.name(), header.value());
            }
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void aKeyThatIsNotKnownIsFetched() throws Exception {
        assertEquals("issuer:login login", call("k1").body());
        keyId = "k2";
        HttpResponse<String> refused = call("k2");
        assertEquals(401, refused.statusCode());
        assertTrue(refused.body().contains("UNKNOWN_KEY"), refused.body());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (call("k2").statusCode() != 200) {
            assertTrue(System.nanoTime() < end, "the new key is known");
        }
        assertEquals(401, call("k1").statusCode());
    }

    @Test
    void keysFollowAConfigurationThatIsReplaced() throws Exception {
        String document = """
                {"service": "orders", "accept": ["jwt"], "services": {}, "jwt": {"issuers": {%s}}}""";
        String issuer = """
                "%s": {"jwks": "http://127.0.0.1:%d/keys", "callers": "users"}""";
        int keys = server.getAddress().getPort();
        String login = issuer.formatted("login", keys);
        String known = keyId;
        assertEquals("issuer:login login", call(known).body());
        try (Config both = Config.parse(document.formatted(login + ", " + issuer.formatted("partner", keys)))) {
            verifier.replace(both);
        }
        // The keys at hand are known at once, and those of the new issuer soon.
        assertEquals("issuer:login login", call(known).body());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (call("partner", known).statusCode() != 200) {
            assertTrue(System.nanoTime() < end, "the new issuer is known");
        }
        try (Config one = Config.parse(document.formatted(login))) {
            verifier.replace(one);
        }
        assertEquals(401, call("partner", known).statusCode());
        assertEquals("issuer:login login", call(known).body());
    }
}
