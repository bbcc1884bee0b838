package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tokens that this service issues, and what its endpoint answers. */
class TokenIssuerTest {
    private static final long NOW = 1_767_225_600;
    private static final byte[] FORM = bytes("grant_type=client_credentials&audience=orders");

    private static final Map<String, String> SEED =
            Map.of("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    private final Config config = Config.parse(document(""), SEED);
    private final TokenIssuer issuer = new TokenIssuer(config);

    private static String document(String more) {
        return """
                {"service": "identity", "accept": ["api-key"],
                 "services": {
                   "identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
                   "billing": {"allowed_targets": ["orders"], "permissions": ["GET /orders/*", "POST /orders"]}},
                 "jwt": {"issue": {"issuer": "https://identity.internal"}%s}}""".formatted(more);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What a service makes of the token that knows the issuer's public key only. */
    private static Verified accepted(IssuedToken token) {
        Config orders = Config.parse("""
                {"service": "orders", "accept": ["jwt"], "services": {"billing": {}},
                 "jwt": {"issuers": {"https://identity.internal": {"jwks": "https://identity.internal/keys", "type": "at+jwt",
                                     "permissions_claim": "permissions", "tenant_claim": "tenant"}}}}""");
        orders.publishKeys("https://identity.internal", Login.keySet("2026"));
        Request request = Request.of("GET", "/orders/7").header("Authorization", "Bearer " + token.text());
        try (Verifier verifier = new Verifier(orders)) {
            return verifier.verify(request, NOW);
        }
    }

    @Test
    void aTokenSaysWhatTheRegistryAllows() {
        IssuedToken all = issuer.issue("billing", "orders", null, null, null, NOW, "0123456789abcdef0123456789abcdef");
        assertEquals(List.of("GET /orders/*", "POST /orders"), all.permissions());
        assertEquals(NOW + all.lifetime(), all.expires());
        assertFalse(all.toString().contains(all.text()));
        assertEquals("billing", accepted(all).service().orElseThrow());

        IssuedToken some = issuer.issue("billing", "orders", Duration.ofSeconds(60), List.of("GET /orders/*"), "acme", NOW, null);
        assertEquals(List.of("GET /orders/*"), some.permissions());
        assertEquals(60, some.lifetime());
        assertEquals("acme", accepted(some).tenant().orElseThrow());
        assertTrue(issuer.issue("billing", "orders").expires() > NOW);
    }

    @Test
    void whatTheRegistryDoesNotAllowIsNotIssued() {
        assertThrows(SigningException.class, () -> issuer.issue("billing", "shipping"));
        assertThrows(SigningException.class, () -> issuer.issue("nobody", "orders"));
        assertThrows(SigningException.class, () -> issuer.issue("billing", "orders", null, List.of("DELETE /**"), null));
        assertThrows(SigningException.class, () -> issuer.issue("billing", "orders", Duration.ofDays(1), null, null));
        assertThrows(SigningException.class, () -> issuer.issue("billing", "orders", Duration.ZERO, null, null));
        Duration negative = Duration.ofSeconds(-1);
        assertThrows(IllegalArgumentException.class, () -> issuer.issue("billing", "orders", negative, null, null));
        try (Config keyless = Config.parse("{\"service\": \"orders\", \"services\": {\"orders\": {}}}")) {
            assertThrows(SigningException.class, () -> new TokenIssuer(keyless));
        }
    }

    @Test
    void theEndpointAnswersByteForByte() {
        TokenResponse answer = issuer.answer("billing", FORM, "acme", NOW, "0123456789abcdef0123456789abcdef");
        assertEquals(200, answer.status());
        assertTrue(answer.headers().contains(new Header("Cache-Control", "no-store")), answer.headers().toString());
        assertTrue(answer.body().contains("\"token_type\":\"Bearer\""), answer.body());
        assertEquals("TokenResponse 200", answer.toString());
        assertEquals(200, issuer.answer("billing", FORM, null).status());

        assertEquals(401, issuer.answer(FORM).status());
        TokenResponse wrong = issuer.answer("billing", bytes("grant_type=password"));
        assertEquals(400, wrong.status());
        assertTrue(wrong.body().contains("unsupported_grant_type"), wrong.body());
    }

    @Test
    void anotherConfigurationIsInForceAtOnce() {
        try (Config shorter = Config.parse(document(", \"lifetime\": 60"), SEED);
                Config keyless = Config.parse("{\"service\": \"orders\", \"services\": {\"orders\": {}}}")) {
            issuer.replace(shorter);
            assertEquals(60, issuer.issue("billing", "orders").lifetime());
            assertThrows(SigningException.class, () -> issuer.replace(keyless));
            assertEquals(60, issuer.issue("billing", "orders").lifetime());
            issuer.close();
            assertThrows(IllegalStateException.class, () -> issuer.replace(shorter));
        }
    }

    @Test
    void aClosedIssuerIssuesNothing() {
        issuer.close();
        assertThrows(IllegalStateException.class, () -> issuer.answer("billing", FORM));
        assertThrows(IllegalStateException.class, () -> issuer.issue("billing", "orders"));
    }
}
