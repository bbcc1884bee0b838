package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an application requires of its callers. */
class PermissionsTest {
    private static final Map<String, String> ENV = new HashMap<>(Fleet.ENV);
    private static final String[] WRONG = {"", "orders:write", "get /a", "GET  /a", "GET", "/a?b"};

    static {
        ENV.put("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    }

    private final Verifier verifier = new Verifier(orders("GET /orders/*"));

    /** Takes signatures and tokens of billing, which may write orders and read those of a pattern. */
    private static Config orders(String read) {
        return Config.parse("""
                {"service": "orders", "accept": ["service-hmac-v2", "jwt"],
                 "services": {
                   "orders": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
                   "billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"],
                               "permissions": ["POST /orders", "%s"]}},
                 "routes": [{"match": "/open", "public": true}],
                 "jwt": {"issue": {"issuer": "https://orders.internal"},
                         "issuers": {"https://orders.internal": {"keys": [{"id": "2026", "algorithm": "ed25519",
                             "public_key": "literal:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
                             "type": "at+jwt", "permissions_claim": "permissions"}}}}""".formatted(read), ENV);
    }

    private Verified signed() {
        try (Signer signer = Fleet.billing()) {
            return verifier.verify(Fleet.signed(signer, new byte[] {1}));
        }
    }

    /** A caller whose token holds less than the configuration allows. */
    private Verified withToken(String... permissions) {
        try (TokenIssuer issuer = new TokenIssuer(orders("GET /orders/*"))) {
            String token = issuer.issue("billing", "orders", null, List.of(permissions), null).text();
            return verifier.verify(Request.of("GET", "/orders/7").header("Authorization", "Bearer " + token));
        }
    }

    private static Refusal denied(Verified caller, String permission) {
        return assertThrows(Refusal.class, () -> caller.requirePermission(permission), permission);
    }

    @AfterEach
    void end() {
        verifier.close();
    }

    @Test
    void aCallerDoesWhatTheConfigurationAllows() {
        Verified caller = signed();
        caller.requirePermission("POST /orders");
        caller.requirePermission("GET /orders/7");
        caller.requirePermission("GET /orders/*");
        Refusal refusal = denied(caller, "GET /**");
        assertEquals(RefusalCode.PERMISSION_DENIED, refusal.code());
        assertEquals(403, refusal.response().status());
        assertEquals(Optional.of("billing"), refusal.service());
        assertEquals(caller.requestId(), refusal.requestId());
        assertEquals("billing lacks a permission that the application requires here", refusal.detail());
        assertTrue(refusal.response().body().contains("\"PERMISSION_DENIED\",\"requestId\":\"" + caller.requestId().orElseThrow()));
        Verified nobody = verifier.verify(Request.of("GET", "/open"));
        assertEquals(RefusalCode.AUTHENTICATION_REQUIRED, denied(nobody, "GET /open").code());
    }

    @Test
    void aNarrowTokenHoldsLessThanItsService() {
        Verified all = withToken("POST /orders", "GET /orders/*");
        all.requirePermission("GET /orders/*");
        all.requirePermission("POST /orders");
        Verified one = withToken("GET /orders/7");
        one.requirePermission("GET /orders/7");
        for (String more : new String[] {"GET /orders/8", "GET /orders/*", "POST /orders"}) {
            assertEquals(RefusalCode.PERMISSION_DENIED, denied(one, more).code());
        }
    }

    @Test
    void aCallerIsJudgedByTheConfigurationThatAcceptedIt() {
        Verified before = signed();
        try (Config wider = orders("/**")) {
            verifier.replace(wider);
        }
        denied(before, "DELETE /orders/7");
        Verified after = signed();
        after.requirePermission("DELETE /orders/7");
        verifier.close();
        assertThrows(IllegalStateException.class, () -> after.requirePermission("DELETE /orders/7"));
    }

    @Test
    void whatIsNoPermissionIsFoundBeforeTheFirstRequest() {
        Permissions.check("POST /orders/**");
        Permissions.check("/**");
        Verified caller = signed();
        for (String wrong : WRONG) {
            var problem = assertThrows(IllegalArgumentException.class, () -> Permissions.check(wrong), wrong);
            assertTrue(problem.getMessage().startsWith("permission: "), problem.getMessage());
            assertThrows(IllegalArgumentException.class, () -> caller.requirePermission(wrong), wrong);
        }
    }
}
