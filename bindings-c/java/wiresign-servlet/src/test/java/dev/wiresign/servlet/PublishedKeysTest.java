package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import dev.wiresign.http.KeySets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys that issuers publish over real HTTP, for a filter on Tomcat. */
class PublishedKeysTest {
    /** The key pair of RFC 8032, section 7.1, test 1, which everybody knows. */
    private static final Map<String, String> SEED =
            Map.of("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    private static final Pattern CODE = Pattern.compile("\"code\":\"([A-Z_]+)\"");
    /** {@code {"alg":"EdDSA","typ":"JWT"}} */
    private static final String NAMES_NO_KEY = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9";

    private final TomcatTest tomcat = new TomcatTest();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile String keyId = "k1";
    private HttpServer issuer;
    private Verifier verifier;
    private KeySets sets;
    private RawClient client;

    @BeforeEach
    void serve() throws Exception {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.createContext("/keys", exchange -> {
            asked.incrementAndGet();
            byte[] set = ("{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"" + keyId
                    + "\", \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}").getBytes(StandardCharsets.UTF_8);
            try (exchange) {
                exchange.sendResponseHeaders(200, set.length);
                exchange.getResponseBody().write(set);
            }
        });
        issuer.start();
        try (Config config = issuers("login")) {
            verifier = new Verifier(config);
            sets = KeySets.builder(config).coolDown(Duration.ofMillis(1)).refresh(Duration.ofHours(1)).start();
            sets.refresh().join();
            client = new RawClient(tomcat.start(WiresignFilter.builder(verifier).keySets(sets).build(), false));
        }
    }

    @AfterEach
    void end() throws Exception {
        tomcat.stop();
        sets.close();
        verifier.close();
        issuer.stop(0);
    }

    /** The configuration of "orders", whose callers have tokens of these issuers. */
    private Config issuers(String... names) {
        List<String> members = List.of(names).stream().map(name -> "\"" + name + "\": {\"jwks\": \"http://127.0.0.1:"
                + issuer.getAddress().getPort() + "/keys\", \"callers\": \"users\"}").toList();
        return Config.parse("{\"service\": \"orders\", \"accept\": [\"jwt\"], \"services\": {}, \"jwt\": {\"issuers\": {"
                + String.join(", ", members) + "}}}");
    }

    private static String token(String name, String key) {
        String document = """
                {"service": "%s", "sign_with": "jwt",
                 "services": {"%s": {"keys": [{"id": "%s", "algorithm": "ed25519", "private_key": "env:SEED"}]}}}""";
        try (Config config = Config.parse(document.formatted(name, name, key), SEED); Signer signer = new Signer(config, "orders")) {
            return signer.sign(Request.of("POST", "/echo")).getFirst().value();
        }
    }

    private String answer(String name, String key) throws IOException {
        return answer(token(name, key));
    }

    private String answer(String token) throws IOException {
        RawClient.Answer answer = client.send("POST /echo", List.of(new Header("Authorization", token)), new byte[] {'!'});
        Matcher code = CODE.matcher(answer.body());
        return answer.status() == 200 ? answer.body() : code.find() ? code.group(1) : answer.body();
    }

    private void eventually(String what, String name, String key) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!answer(name, key).equals("issuer:" + name + ":!")) {
            assertTrue(System.nanoTime() < end, what);
            Thread.sleep(1);
        }
    }

    @Test
    void aTokenOfANewKeyHasKeysFetched() throws Exception {
        assertEquals("issuer:login:!", answer("login", "k1"));
        keyId = "k2";
        Thread.sleep(5);
        assertEquals("UNKNOWN_KEY", answer("login", "k2"));
        eventually("the new key is known", "login", "k2");
        assertEquals("UNKNOWN_KEY", answer("login", "k1"));
    }

    @Test
    void aTokenThatNamesNoKeyHasKeysFetchedToo() throws Exception {
        Thread.sleep(5);
        assertEquals(1, asked.get());
        String signed = token("login", "k1");
        // Only its signature could be right, and the key at hand has not made it.
        assertEquals("INVALID_SIGNATURE", answer("bearer " + NAMES_NO_KEY + signed.substring(signed.indexOf('.'))));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (asked.get() < 2) {
            assertTrue(System.nanoTime() < end, "the set is fetched");
            Thread.sleep(1);
        }
    }

    @Test
    void setsFollowAVerifierWhoseConfigurationIsReplaced() throws Exception {
        try (Config both = issuers("login", "partner")) {
            verifier.replace(both);
        }
        assertEquals("issuer:login:!", answer("login", "k1"));
        eventually("the new issuer is known", "partner", "k1");
        try (Config one = issuers("partner")) {
            verifier.replace(one);
        }
        assertEquals("issuer:partner:!", answer("partner", "k1"));
        assertEquals("UNKNOWN_SERVICE", answer("login", "k1"));
    }
}
