package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VerifierTest {
    private static final byte[] BODY = "{\"invoice\": 7}".getBytes(StandardCharsets.UTF_8);

    private final Signer signer = Fleet.billing();
    private final Verifier verifier = new Verifier(Fleet.orders());

    @Test
    void aSignedRequestTellsWhoCalled() {
        Verified caller = verifier.verify(Fleet.signed(signer, BODY));
        assertEquals(Optional.of("billing"), caller.service());
        assertEquals(Optional.of("2026"), caller.keyId());
        assertEquals(Optional.of("service-hmac-v2"), caller.scheme());
        assertTrue(caller.requestIdIsSigned());
        assertTrue(Math.abs(caller.age().orElseThrow()) <= 60);
        assertFalse(caller.isPublic());
        assertTrue(caller.covered().containsAll(List.of("method", "path", "query", "body")));
        assertTrue(caller.toString().contains("service=billing"));
    }

    @Test
    void aBodyOfAnyLengthIsVerified() {
        for (int length : new int[] {0, 1, 16 * 1024, 16 * 1024 + 1, 1_000_000}) {
            byte[] body = new byte[length];
            Request request = Fleet.signed(signer, body);
            if (length > 0) {
                body[length - 1] ^= 1;
                assertEquals(RefusalCode.INVALID_SIGNATURE, assertThrows(Refusal.class, () -> verifier.verify(request)).code());
                body[length - 1] ^= 1;
            }
            assertEquals(Optional.of("billing"), verifier.verify(request).service(), length + " bytes");
        }
    }

    @Test
    void aRefusalTellsWhyAndWhatToAnswer() {
        Request request = Fleet.signed(signer, BODY);
        verifier.verify(request);
        Refusal refusal = assertThrows(Refusal.class, () -> verifier.verify(request));
        assertEquals(RefusalCode.REPLAYED_REQUEST, refusal.code());
        assertEquals(401, refusal.status());
        assertEquals("The request was seen before.", refusal.message());
        assertEquals(Optional.of("billing"), refusal.service());
        assertFalse(refusal.detail().isEmpty());
        assertEquals(0, refusal.getStackTrace().length);
        RefusalResponse response = refusal.response();
        assertEquals(401, response.status());
        assertEquals(List.of(
                new Header("Content-Type", "application/json"),
                new Header("WWW-Authenticate", "Wiresign realm=\"orders\"")), response.headers());
        assertEquals("{\"error\":\"The request was seen before.\",\"code\":\"REPLAYED_REQUEST\",\"requestId\":\""
                + refusal.requestId().orElseThrow() + "\"}", response.body());
    }

    @Test
    void anOutcomeThatDoesNotFitIsReadInAnotherWay() {
        String segment = "a".repeat(600);
        try (Config config = Fleet.config("orders", "\"routes\": [{\"match\": \"/" + segment + "/**\"}, {\"match\": \"/open/" + segment + "\", \"public\": true}], ");
                Verifier long_ = new Verifier(config)) {
            Request request = Request.of("GET", "/" + segment + "/x");
            signer.sign(request).forEach(header -> request.header(header.name(), header.value()));
            Verified caller = long_.verify(request);
            assertEquals(Optional.of("/" + segment + "/**"), caller.route());
            assertEquals(Optional.of("billing"), caller.service());
            assertTrue(caller.replayKey().orElseThrow().startsWith("n:"));
            assertTrue(caller.timestamp().isPresent());
            Verified open = long_.verify(Request.of("GET", "/open/" + segment));
            assertTrue(open.isPublic());
            assertTrue(open.timestamp().isEmpty());
        }
    }

    @Test
    void theReplayKeyIsTheSameByBothWays() {
        Request request = Fleet.signed(signer, BODY);
        String whole = verifier.verify(request).replayKey().orElseThrow();
        try (Verifier other = new Verifier(Fleet.orders()); BodyVerification streamed = other.begin(request)) {
            streamed.update(BODY);
            assertEquals(whole, streamed.finish().replayKey().orElseThrow());
        }
    }

    @Test
    void textsThatAreNotAsciiStandForTheirBytes() {
        Request request = Fleet.signed(signer, BODY).header("X-Note", "\u00e9").header("X-Other", "\u20ac").client("2001:db8::1");
        assertEquals(Optional.of("billing"), verifier.verify(request).service());
        Request foreign = Fleet.signed(signer, BODY).authority("\u20ac").header("X-Service-ID", "\u20ac");
        assertThrows(Refusal.class, () -> verifier.verify(foreign));
    }

    @Test
    void failuresOfStreamedBodiesAreCountedByClient() {
        try (Config config = Fleet.config("orders", "\"limits\": {\"failures_per_minute\": 2}, "); Verifier limited = new Verifier(config)) {
            long now = Instant.now().getEpochSecond();
            List<RefusalCode> refused = new ArrayList<>();
            for (String client : List.of("192.0.2.1", "192.0.2.1", "192.0.2.1", "198.51.100.7")) {
                Request head = Fleet.signed(signer, BODY).client(client);
                refused.add(assertThrows(Refusal.class, () -> {
                    try (BodyVerification withoutBody = limited.begin(head, now)) {
                        withoutBody.finish();
                    }
                }).code());
            }
            RefusalCode wrong = RefusalCode.INVALID_SIGNATURE;
            assertEquals(List.of(wrong, wrong, RefusalCode.RATE_LIMITED, wrong), refused);
        }
    }

    @Test
    void moreHeaderFieldsThanAnArrayStartedWithAreKept() {
        Request request = Request.of("GET", "/");
        for (int at = 0; at < 100; at++) {
            request.header("X-Field-" + at, "value");
        }
        signer.sign(request).forEach(header -> request.header(header.name(), header.value()));
        assertEquals(Optional.of("billing"), verifier.verify(request).service());
        for (int at = 0; at < 200; at++) {
            request.header("X-More-" + at, "value");
        }
        assertEquals(RefusalCode.MALFORMED_REQUEST, assertThrows(Refusal.class, () -> verifier.verify(request)).code());
    }

    @Test
    void anApplicationCanTakeSomeCallersOnly() {
        Verified caller = verifier.verify(Fleet.signed(signer, BODY));
        caller.requireService();
        caller.requireService("shipping", "billing");
        Refusal refusal = assertThrows(Refusal.class, () -> caller.requireService("shipping"));
        assertEquals(RefusalCode.SERVICE_NOT_ALLOWED, refusal.code());
        assertEquals(403, refusal.response().status());
        assertEquals(RefusalCode.SERVICE_NOT_ALLOWED, refusal.response().code());
        try (Verifier uniform = new Verifier(Fleet.config("orders", "\"reveal\": \"uniform\", \"routes\": [{\"match\": \"/open\", \"public\": true}], "))) {
            Verified other = uniform.verify(Fleet.signed(signer, BODY));
            assertEquals(RefusalCode.PERMISSION_DENIED, assertThrows(Refusal.class, () -> other.requireService("x")).response().code());
            Verified open = uniform.verify(Request.of("GET", "/open"));
            Refusal nobody = assertThrows(Refusal.class, open::requireService);
            assertEquals(Optional.of("Wiresign realm=\"orders\""), nobody.response().wwwAuthenticate());
        }
    }

    @Test
    void aBodyInPiecesIsJudgedAsAWhole() {
        Request request = Fleet.signed(signer, BODY);
        try (BodyVerification verification = verifier.begin(request)) {
            assertTrue(verification.needsBody());
            verification.declareLength(BODY.length);
            verification.update(BODY, 0, 5);
            verification.update(BODY, 5, BODY.length - 5);
            assertEquals(Optional.of("billing"), verification.finish().service());
            assertThrows(IllegalStateException.class, verification::finish);
            assertThrows(IndexOutOfBoundsException.class, () -> verification.update(BODY, 5, BODY.length));
            assertThrows(IllegalArgumentException.class, () -> verification.declareLength(-1));
        }
        try (BodyVerification verification = verifier.begin(Fleet.signed(signer, BODY))) {
            Refusal refusal = assertThrows(Refusal.class, () -> verification.declareLength(Long.MAX_VALUE));
            assertEquals(RefusalCode.BODY_TOO_LARGE, refusal.code());
        }
    }

    @Test
    void aConfigurationTellsItsProblemsAndWarnings() {
        ConfigException refused = assertThrows(ConfigException.class, () -> Config.parse("{\"service\": 7}", Map.of()));
        assertTrue(refused.problems().stream().anyMatch(problem -> problem.pointer().equals("/service")), refused.getMessage());
        assertThrows(NullPointerException.class, () -> Config.parse(null));
        try (Config config = Config.parse("{\"service\": \"a\", \"services\": {\"b\": {\"keys\": [{\"secret\": \"literal:" + Secrets.generateSecret() + "\"}], \"url\": \"http://b\"}}}")) {
            assertEquals("a", config.service());
            assertEquals(Optional.empty(), config.environment());
            assertTrue(config.serviceIds().contains("b"));
            assertEquals(Optional.of("http://b"), config.url("b"));
            assertEquals(Optional.empty(), config.url("c"));
            assertFalse(config.warnings().isEmpty(), "a secret in the document is worth a warning");
            assertEquals(10_485_760, config.bodyLimit());
        }
    }

    @Test
    void aConfigurationIsMadeOfVariablesAlone() {
        Map<String, String> env = Map.of("SERVICE_ID", "orders", "SERVICE_SECRET", Secrets.generateSecret(),
                "ALLOWED_SERVICES", "billing", "BILLING_SECRET", Secrets.generateSecret());
        try (Config config = Config.fromEnv(env)) {
            assertEquals("orders", config.service());
        }
        assertThrows(ConfigException.class, () -> Config.fromEnv(Map.of()));
    }

    @Test
    void whatIsSignedCanBeLookedAt() {
        Request request = Request.of("POST", "/orders").body(BODY);
        String message = new String(signer.message(request, 1_767_225_600, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"), StandardCharsets.UTF_8);
        assertTrue(message.contains("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11") && message.endsWith("{\"invoice\": 7}"), message);
        assertEquals(signer.sign(request, 1_767_225_600, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"),
                signer.sign(request, 1_767_225_600, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"));
        assertThrows(SigningException.class, () -> signer.sign(Request.of("bad method", "/")));
    }

    @Test
    void countersAreTextAndValues() {
        verifier.verify(Fleet.signed(signer, BODY));
        Metrics metrics = verifier.metrics();
        long lines = metrics.prometheus().lines().filter(line -> !line.startsWith("#")).count();
        assertEquals(lines, metrics.counters().size());
        assertTrue(metrics.counters().stream().anyMatch(counter -> counter.value() == 1), metrics.prometheus());
    }

    @Test
    void secretsHaveTheFormThatIsAskedFor() {
        assertTrue(Secrets.generateSecret().matches("[0-9a-f]{64}"));
        assertEquals(44, Secrets.generateSecret(Secrets.Encoding.BASE64).length());
        assertArrayEquals(new int[] {64}, new int[] {Secrets.generateSecret(Secrets.Encoding.HEX).length()});
    }

    @Test
    void whoFailsTooOftenIsToldWhenToComeAgain() {
        RefusalResponse tooOften = new RefusalResponse(429, RefusalCode.RATE_LIMITED, Optional.empty(), "{}");
        long seconds = tooOften.headers().stream().filter(header -> header.name().equals("Retry-After"))
                .mapToLong(header -> Long.parseLong(header.value())).findFirst().orElseThrow();
        assertTrue(seconds >= 1 && seconds <= 60, () -> seconds + " seconds");
        assertEquals(1, new RefusalResponse(403, RefusalCode.SERVICE_NOT_ALLOWED, Optional.empty(), "{}").headers().size());
    }
}
