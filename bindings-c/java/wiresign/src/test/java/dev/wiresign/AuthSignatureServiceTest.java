package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class AuthSignatureServiceTest {
    private static final UUID TENANT_ID = UUID.fromString("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11");
    private static final UUID OTHER_TENANT = UUID.fromString("0e2f9a7c-1b3d-4e5f-8a6b-7c8d9e0f1a2b");
    private static final List<String> ROLES = List.of("admin", "user");
    private static final String SECRET = Secrets.generateSecret();
    private static final String OLD_SECRET = Secrets.generateSecret();

    private final AuthSignatureService service = new AuthSignatureService(contexts("{\"id\": \"new\", \"secret\": \"env:NEW\"}", ""));

    private static Contexts contexts(String keys, String more) {
        String document = "{\"service\": \"pipeline\", \"services\": {}, \"contexts\": {\"keys\": [" + keys + "]" + more + "}}";
        try (Config config = Config.parse(document, Map.of("NEW", SECRET, "OLD", OLD_SECRET))) {
            return new Contexts(config);
        }
    }

    private static byte[] olderPayload(UUID tenant, List<String> roles) {
        return (tenant + "|" + String.join(",", roles)).getBytes(StandardCharsets.UTF_8);
    }

    private static String olderSignature(UUID tenant, List<String> roles) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(SECRET.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest(olderPayload(tenant, roles)));
    }

    @Test
    void whatWasSignedHolds() {
        assertTrue(service.verifyAuthContext(TENANT_ID, ROLES, service.signAuthContext(TENANT_ID, ROLES)));
    }

    @Test
    void theSignatureIs64HexadecimalDigits() {
        assertTrue(service.signAuthContext(TENANT_ID, ROLES).matches("[0-9a-f]{64}"));
    }

    @Test
    void theSameContextHasTheSameSignature() {
        assertEquals(service.signAuthContext(TENANT_ID, ROLES), service.signAuthContext(TENANT_ID, ROLES));
    }

    @Test
    void theSignatureIsHmacOfTheDocumentedBytes() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        byte[] tag = mac.doFinal(("auth-context-v1\n" + TENANT_ID + "\nadmin\nuser\n").getBytes(StandardCharsets.UTF_8));
        assertEquals(HexFormat.of().formatHex(tag), service.signAuthContext(TENANT_ID, ROLES));
    }

    @Test
    void anotherTenantDoesNotHold() {
        assertFalse(service.verifyAuthContext(OTHER_TENANT, ROLES, service.signAuthContext(TENANT_ID, ROLES)));
    }

    @Test
    void anAddedRoleDoesNotHold() {
        String signature = service.signAuthContext(TENANT_ID, List.of("user"));
        assertFalse(service.verifyAuthContext(TENANT_ID, ROLES, signature));
    }

    @Test
    void aRemovedRoleDoesNotHold() {
        assertFalse(service.verifyAuthContext(TENANT_ID, List.of("user"), service.signAuthContext(TENANT_ID, ROLES)));
    }

    @Test
    void aChangedSignatureDoesNotHold() {
        String signature = service.signAuthContext(TENANT_ID, ROLES);
        String changed = (signature.charAt(0) == 'a' ? 'b' : 'a') + signature.substring(1);
        Refusal refusal = assertThrows(Refusal.class, () -> service.requireAuthContext(TENANT_ID, ROLES, changed));
        assertEquals(RefusalCode.INVALID_SIGNATURE, refusal.code());
    }

    @Test
    void anEmptySignatureDoesNotHold() {
        assertFalse(service.verifyAuthContext(TENANT_ID, ROLES, ""));
    }

    @Test
    void noSignatureDoesNotHold() {
        assertFalse(service.verifyAuthContext(TENANT_ID, ROLES, null));
    }

    @Test
    void aSignatureInCapitalsDoesNotHold() {
        String signature = service.signAuthContext(TENANT_ID, ROLES).toUpperCase(java.util.Locale.ROOT);
        Refusal refusal = assertThrows(Refusal.class, () -> service.requireAuthContext(TENANT_ID, ROLES, signature));
        assertEquals(RefusalCode.MALFORMED_SIGNATURE, refusal.code());
    }

    @Test
    void theOrderOfRolesMakesNoDifference() {
        assertEquals(service.signAuthContext(TENANT_ID, ROLES), service.signAuthContext(TENANT_ID, List.of("user", "admin")));
    }

    @Test
    void testSignatureWithDuplicateRoles() {
        String once = service.signAuthContext(TENANT_ID, List.of("admin", "user"));
        String twice = service.signAuthContext(TENANT_ID, List.of("admin", "admin", "user"));
        assertEquals(once, twice, "duplicate roles are canonicalised");
    }

    @Test
    void testSignatureWithLongRoleName() {
        String longRole = "a".repeat(1000);
        String signature = service.signAuthContext(TENANT_ID, List.of(longRole));
        assertTrue(service.verifyAuthContext(TENANT_ID, List.of(longRole), signature));
        assertThrows(SigningException.class, () -> service.signAuthContext(TENANT_ID, List.of("a".repeat(4097))));
    }

    @Test
    void noRolesCanBeSigned() {
        String signature = service.signAuthContext(TENANT_ID, List.of());
        assertTrue(service.verifyAuthContext(TENANT_ID, List.of(), signature));
        assertNotEquals(signature, service.signAuthContext(TENANT_ID, ROLES));
    }

    @Test
    void rolesCannotBeRunTogether() {
        assertNotEquals(service.signAuthContext(TENANT_ID, List.of("ab", "c")), service.signAuthContext(TENANT_ID, List.of("a", "bc")));
        assertThrows(SigningException.class, () -> service.signAuthContext(TENANT_ID, List.of("a\nb")));
        assertFalse(service.verifyAuthContext(TENANT_ID, List.of("a\nb"), service.signAuthContext(TENANT_ID, List.of("a", "b"))));
    }

    @Test
    void rolesInEveryScriptHold() {
        List<String> roles = List.of("Gesch\u00e4ftsf\u00fchrung", "\u7ba1\u7406\u5458", "\ud83d\udd11");
        assertTrue(service.verifyAuthContext(TENANT_ID, roles, service.signAuthContext(TENANT_ID, roles)));
    }

    @Test
    void secretsRotateWithoutAFailure() {
        AuthSignatureService before = new AuthSignatureService(contexts("{\"id\": \"old\", \"secret\": \"env:OLD\"}", ""));
        String both = "{\"id\": \"new\", \"secret\": \"env:NEW\"}, {\"id\": \"old\", \"secret\": \"env:OLD\", \"state\": \"retiring\"}";
        AuthSignatureService during = new AuthSignatureService(contexts(both, ""));
        String old = before.signAuthContext(TENANT_ID, ROLES);
        assertTrue(during.requireAuthContext(TENANT_ID, ROLES, old).keyIsRetiring());
        assertEquals("new", during.requireAuthContext(TENANT_ID, ROLES, during.signAuthContext(TENANT_ID, ROLES)).keyId());
        assertTrue(service.verifyAuthContext(TENANT_ID, ROLES, during.signAuthContext(TENANT_ID, ROLES)));
        assertFalse(service.verifyAuthContext(TENANT_ID, ROLES, old), "after the rotation the old secret is worth nothing");
    }

    @Test
    void theOlderFormHoldsOnlyWhileTheMigrationLasts() throws Exception {
        String signature = olderSignature(TENANT_ID, ROLES);
        String key = "{\"id\": \"new\", \"secret\": \"env:NEW\"}";
        assertFalse(service.verifyAuthContext(TENANT_ID, ROLES, signature));
        AuthSignatureService migrating = new AuthSignatureService(
                contexts(key, ", \"migration\": {\"until\": \"2099-01-01T00:00:00Z\"}"), AuthSignatureServiceTest::olderPayload);
        VerifiedContext context = migrating.requireAuthContext(TENANT_ID, ROLES, signature);
        assertEquals("sha256-prefix", context.matched());
        assertEquals("hmac-sha256", migrating.requireAuthContext(TENANT_ID, ROLES, migrating.signAuthContext(TENANT_ID, ROLES)).matched());
        assertFalse(migrating.verifyAuthContext(OTHER_TENANT, ROLES, signature));
        AuthSignatureService over = new AuthSignatureService(
                contexts(key, ", \"migration\": {\"until\": \"2020-01-01T00:00:00Z\"}"), AuthSignatureServiceTest::olderPayload);
        assertFalse(over.verifyAuthContext(TENANT_ID, ROLES, signature));
    }

    @Test
    void theResultSaysWhatWasVerifiedAndTheCountersCount() {
        Contexts contexts = contexts("{\"id\": \"new\", \"secret\": \"env:NEW\"}", "");
        AuthSignatureService counted = new AuthSignatureService(contexts);
        String signature = counted.signAuthContext(TENANT_ID, List.of("user", "admin", "user"));
        VerifiedContext context = counted.requireAuthContext(TENANT_ID, List.of("admin", "user"), signature);
        assertEquals(TENANT_ID.toString(), context.tenant());
        assertEquals(ROLES, context.roles());
        assertTrue(context.hasRole("admin") && !context.hasRole("root"));
        assertFalse(counted.verifyAuthContext(OTHER_TENANT, ROLES, signature));
        long sum = contexts.metrics().counters().stream().mapToLong(Counter::value).sum();
        assertEquals(2, sum, contexts.metrics().prometheus());
    }

    @Test
    void manyThreadsShareTheService() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> answers = IntStream.range(0, 200).mapToObj(number -> executor.submit(() -> {
                List<String> roles = Stream.concat(ROLES.stream(), Stream.of("role-" + number)).toList();
                String signature = service.signAuthContext(TENANT_ID, roles);
                return service.verifyAuthContext(TENANT_ID, roles, signature)
                        && !service.verifyAuthContext(TENANT_ID, Collections.emptyList(), signature);
            })).toList();
            for (Future<Boolean> answer : answers) {
                assertTrue(answer.get());
            }
        }
    }

    @Test
    void withoutKeysThereAreNoContexts() {
        try (Config config = Fleet.orders(); Contexts contexts = contexts("{\"secret\": \"env:NEW\"}", "")) {
            assertThrows(SigningException.class, () -> new Contexts(config));
            assertThrows(SigningException.class, () -> contexts.replace(config));
            assertEquals(64, contexts.sign(TENANT_ID.toString(), ROLES).length(), "the old keys stay");
        }
    }
}
