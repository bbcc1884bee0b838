package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a token says of its caller, and the keys that its issuer publishes. */
class TokenTest {
    private static final String URL = "https://login.example/keys";

    @Test
    void aTokenSaysMoreThanWhoCalled() throws Exception {
        try (Config config = Login.users(URL); Verifier verifier = new Verifier(config)) {
            config.publishKeys("login", Login.keySet("k1"));
            Verified caller = verifier.verify(Login.request("k1"), Login.NOW);
            assertEquals("issuer:login", caller.service().orElseThrow());
            assertEquals("k1", caller.keyId().orElseThrow());
            assertEquals("login", caller.subject().orElseThrow());
            assertEquals("orders", caller.tenant().orElseThrow());
            assertEquals(Login.NOW + 300, caller.tokenExpires().orElseThrow());
            JsonNode claims = new ObjectMapper().readTree(caller.claims().orElseThrow());
            assertEquals("orders", claims.get("aud").textValue());
            assertEquals(Login.NOW + 300, claims.get("exp").longValue());

            try (BodyVerification verification = verifier.begin(Login.request("k1"), Login.NOW)) {
                assertEquals(caller.claims().orElseThrow().length(), verification.finish().claims().orElseThrow().length());
            }
            assertEquals(RefusalCode.TOKEN_EXPIRED, code(verifier, Login.request("k1"), Login.NOW + 330));
        }
    }

    @Test
    void withoutATokenNothingOfItIsKnown() {
        try (Config config = Fleet.orders(); Verifier verifier = new Verifier(config); Signer signer = Fleet.billing()) {
            Verified caller = verifier.verify(Fleet.signed(signer, new byte[0]));
            assertTrue(caller.subject().isEmpty());
            assertTrue(caller.tenant().isEmpty());
            assertTrue(caller.tokenExpires().isEmpty());
            assertTrue(caller.claims().isEmpty());
        }
    }

    @Test
    void keysArePublishedWhileTheVerifierIsInUse() {
        try (Config config = Login.users(URL); Verifier verifier = new Verifier(config)) {
            assertEquals(Map.of("login", URL), config.jwksUrls());
            Request request = Login.request("k1");
            assertEquals(RefusalCode.UNKNOWN_KEY, code(verifier, request, Login.NOW));
            config.publishKeys("login", Login.keySet("k1"));
            verifier.verify(request, Login.NOW);

            Map<String, String> wrong = Map.of("login", "{}", "other", Login.keySet("k1"), "", "");
            wrong.forEach((issuer, set) -> {
                ConfigException refused = assertThrows(ConfigException.class, () -> config.publishKeys(issuer, set));
                assertEquals(1, refused.problems().size());
                assertFalse(refused.problems().getFirst().message().isEmpty());
                verifier.verify(request, Login.NOW);
            });

            config.publishKeys("login", Login.keySet("k2"));
            assertEquals(RefusalCode.UNKNOWN_KEY, code(verifier, request, Login.NOW));
        }
    }

    @Test
    void aClosedConfigTakesNoKeys() {
        Config config = Login.users(URL);
        config.close();
        assertThrows(IllegalStateException.class, () -> config.publishKeys("login", Login.keySet("k1")));
    }

    private static RefusalCode code(Verifier verifier, Request request, long now) {
        return assertThrows(Refusal.class, () -> verifier.verify(request, now)).code();
    }
}
