package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Links, signatures of responses, and signatures that are asked for. */
class StandardsTest {
    private static final long NOW = 1_767_225_600;
    private static final String NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
    private static final String MESSAGES = "\"accept\": [\"rfc9421\"], \"sign_with\": \"rfc9421\", ";
    private static final byte[] BODY = bytes("{}");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Config aws(String service, String token) {
        String document = """
                {"service": "%s", "accept": ["aws-sigv4"], "sign_with": "aws-sigv4",
                 "aws_sigv4": {"region": "eu-central-1", "service": "execute-api"},
                 "services": {"billing": {"aws_keys": [{"id": "AKIDBILLING000000001", "secret": "env:KEY"%s}],
                                          "allowed_targets": ["orders"]}}}""";
        String more = token.isEmpty() ? "" : ", \"session_token\": \"literal:" + token + "\"";
        return Config.parse(document.formatted(service, more), Map.of("KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
    }

    private static Request request(String method, String target) {
        return Request.of(method, target).header("Host", "orders.internal");
    }

    private static Request with(Request request, List<Header> headers) {
        headers.forEach(header -> request.header(header.name(), header.value()));
        return request;
    }

    private static String code(Verifier verifier, Request request, long now) {
        try {
            verifier.verify(request, now);
            return "OK";
        } catch (Refusal refusal) {
            return refusal.code().name();
        }
    }

    @Test
    void aLinkIsGoodForItsTime() {
        try (Config own = aws("billing", ""); Signer signer = new Signer(own); Config at = aws("orders", "");
                Verifier verifier = new Verifier(at); Signer other = Fleet.billing()) {
            Request head = request("GET", "/a?b=c");
            String target = signer.presign(head, 60, NOW);
            assertTrue(target.startsWith("/a?b=c&"), target);
            assertEquals("OK", code(verifier, request("GET", target), NOW + 60));
            assertEquals("TIMESTAMP_OUTSIDE_WINDOW", code(verifier, request("GET", target), NOW + 61));
            assertEquals("INVALID_SIGNATURE", code(verifier, request("GET", target.replace("b=c", "b=d")), NOW));
            verifier.verify(request("GET", signer.presign(head, 60)));
            for (long seconds : new long[] {0, 604_801, -1}) {
                assertThrows(SigningException.class, () -> signer.presign(head, seconds, NOW));
            }
            assertThrows(SigningException.class, () -> other.presign(head, 60, NOW));
        }
    }

    @Test
    void headersThatAreLongerThanUsualAreSigned() {
        String token = "t".repeat(4096);
        try (Config own = aws("billing", token); Signer signer = new Signer(own); Config at = aws("orders", token);
                Verifier verifier = new Verifier(at)) {
            for (int size : new int[] {0, 100_000}) {
                Request request = request("POST", "/a").body(new byte[size]);
                assertEquals("OK", code(verifier, with(request, signer.sign(request, NOW, NONCE)), NOW));
            }
        }
    }

    @Test
    void aResponseIsHeldAgainstItsRequest() {
        try (Config atBilling = Fleet.config("billing", MESSAGES); Config atOrders = Fleet.config("orders", MESSAGES);
                Signer billing = new Signer(atBilling, "orders"); Signer orders = new Signer(atOrders);
                Verifier verifier = new Verifier(atBilling)) {
            Request request = request("POST", "/a?b=c").body(BODY);
            with(request, billing.sign(request, NOW, NONCE));
            Request another = request("POST", "/a?b=d").body(BODY);
            with(another, billing.sign(another, NOW, NONCE));
            List<Header> headers = new ArrayList<>(List.of(new Header("Content-Type", "application/json")));
            headers.addAll(orders.signResponse(new Response(201, headers, bytes("[1]")), request, NOW));
            Response response = new Response(201, headers, bytes("[1]"));

            Verified answering = verifier.verifyResponse("orders", response, request, NOW);
            assertEquals("orders", answering.service().orElseThrow());
            assertEquals("rfc9421", answering.scheme().orElseThrow());
            refused("INVALID_SIGNATURE", verifier, "orders", new Response(200, headers, bytes("[1]")), request, NOW);
            refused("DIGEST_MISMATCH", verifier, "orders", new Response(201, headers, bytes("[2]")), request, NOW);
            refused("MISSING_SIGNATURE", verifier, "orders", new Response(201, List.of(), bytes("[1]")), request, NOW);
            refused("SERVICE_NOT_ALLOWED", verifier, "billing", response, request, NOW);
            refused("TIMESTAMP_OUTSIDE_WINDOW", verifier, "orders", response, request, NOW + 301);
            refused("INVALID_SIGNATURE", verifier, "orders", response, another, NOW);
        }
        for (int status : new int[] {0, -1, 1000, 65_736}) {
            assertThrows(IllegalArgumentException.class, () -> new Response(status, List.of(), BODY));
        }
    }

    private static void refused(
            String code, Verifier verifier, String service, Response response, Request answered, long now) {
        Refusal refusal = assertThrows(Refusal.class, () -> verifier.verifyResponse(service, response, answered, now));
        assertEquals(code, refusal.code().name());
    }

    @Test
    void theWebhooksOfARouteAreNamed() {
        String document = """
                {"service": "orders", "services": {}, "routes": [{"match": "/hook", "accept": ["webhook:sender"]}],
                 "webhooks": {"sender": {"scheme": "whatsapp", "keys": [{"secret": "literal:a-secret-of-the-sender-0123456789"}],
                                         "verify_token": "literal:a-token-of-the-console-2026"}}}""";
        try (Config config = Config.parse(document); Verifier verifier = new Verifier(config)) {
            assertEquals(List.of("sender"), verifier.handshakesAt("GET", "/hook?hub.mode=subscribe"));
            assertEquals(List.of(), verifier.handshakesAt("GET", "/other"));
        }
    }

    @Test
    void aSignatureThatIsAskedForIsMade() {
        try (Config atBilling = Fleet.config("billing", MESSAGES); Config atOrders = Fleet.config("orders", MESSAGES);
                Signer billing = new Signer(atBilling, "orders"); Signer orders = new Signer(atOrders);
                Verifier atService = new Verifier(atOrders); Verifier atCaller = new Verifier(atBilling)) {
            Request request = request("POST", "/a").body(BODY);
            assertEquals("AUTHENTICATION_REQUIRED", code(atService, request, NOW));
            List<Header> asking = List.of(new Header("Accept-Signature", atService.acceptSignature()));
            with(request, billing.signAsAsked(asking, request).orElseThrow());
            atService.verify(request);
            Response response = new Response(204, List.of(), new byte[0]);
            Response signed = new Response(204, orders.signResponse(response, request), new byte[0]);
            assertEquals("orders", atCaller.verifyResponse("orders", signed, request).service().orElseThrow());

            assertTrue(billing.signAsAsked(List.of(), request, NOW, NONCE).isEmpty());
            List<Header> nonsense = List.of(new Header("Accept-Signature", "((("));
            assertThrows(SigningException.class, () -> billing.signAsAsked(nonsense, request, NOW, NONCE));
        }
    }
}
