package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Refusal;
import dev.wiresign.RefusalCode;
import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the filter promises on every container; each has a class of its own that runs all of this on the real server. */
abstract class FilterContract {
    private static final byte[] NOTHING = {};

    private final LinkedBlockingQueue<Decision> decisions = new LinkedBlockingQueue<>();
    private Verifier verifier;
    RawClient client;

    /** Starts the server with the filter before the servlets of the contract; `isLate` puts a reader of parameters before it. */
    abstract int start(WiresignFilter filter, boolean isLate) throws Exception;

    abstract void stop() throws Exception;

    /** What this container answers to an encoded slash in the path. */
    abstract int statusOfEncodedSlash();

    @BeforeEach
    void serve() throws Exception {
        verifier = new Verifier(Fleet.orders());
        client = new RawClient(start(new WiresignFilter(verifier, decisions::add), false));
    }

    @AfterEach
    void end() throws Exception {
        stop();
        verifier.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private RawClient.Answer signed(String method, String target, byte[] body, Header... more) throws IOException {
        List<Header> headers = new ArrayList<>(Fleet.sign(method, target, body));
        headers.addAll(List.of(more));
        return client.send(method + " " + target, headers, body);
    }

    private Decision decision() throws InterruptedException {
        return decisions.poll(60, TimeUnit.SECONDS);
    }

    @Test
    void aSignedRequestReachesTheServletWithItsBody() throws Exception {
        RawClient.Answer answer = signed("POST", "/echo?x=1", bytes("{\"a\": 1}"));
        assertEquals("billing:{\"a\": 1}", answer.body());
        assertEquals(200, answer.status());
        Decision decision = decision();
        assertEquals("accepted", decision.event());
        assertEquals("/echo", decision.path());
        assertEquals("billing", decision.verified().flatMap(Verified::service).orElseThrow());
    }

    @Test
    void everyLengthOfBodyIsGivenOnUnchanged() throws Exception {
        for (int length : new int[] {1, 16_383, 16_384, 16_385, 40_000, Fleet.BODY_LIMIT}) {
            byte[] body = bytes("x".repeat(length));
            assertEquals("billing:" + "x".repeat(length), signed("POST", "/echo", body).body(), length + " bytes");
        }
    }

    @Test
    void aBodyInChunksIsGivenOnUnchanged() throws Exception {
        String text = "y".repeat(50_000);
        List<Header> headers = new ArrayList<>(Fleet.sign("POST", "/echo", bytes(text)));
        headers.add(new Header("Transfer-Encoding", "chunked"));
        String chunked = "1\r\ny\r\n" + Integer.toHexString(49_999) + "\r\n" + "y".repeat(49_999) + "\r\n0\r\n\r\n";
        assertEquals("billing:" + text, client.send("POST /echo", headers, bytes(chunked)).body());
    }

    @Test
    void anUnsignedRequestIsAnsweredAndRecorded() throws Exception {
        RawClient.Answer answer = client.send("GET /echo", List.of(), NOTHING);
        assertEquals(401, answer.status());
        assertEquals("{\"error\":\"Authentication is required.\",\"code\":\"AUTHENTICATION_REQUIRED\",\"requestId\":null}", answer.body());
        assertTrue(answer.head().contains("www-authenticate: wiresign realm=\"orders\""), answer.head());
        assertTrue(answer.head().contains("content-type: application/json\r\n"), answer.head());
        Decision decision = decision();
        assertEquals(RefusalCode.AUTHENTICATION_REQUIRED, decision.refusal().map(Refusal::code).orElseThrow());
        assertEquals(Optional.of("127.0.0.1"), decision.client());
    }

    @Test
    void aChangedBodyIsRefused() throws Exception {
        List<Header> headers = Fleet.sign("POST", "/echo", bytes("one"));
        RawClient.Answer answer = client.send("POST /echo", headers, bytes("two"));
        assertEquals(401, answer.status());
        assertTrue(answer.body().contains("INVALID_SIGNATURE"), answer.body());
    }

    @Test
    void theSameRequestIsServedOnce() throws Exception {
        List<Header> headers = Fleet.sign("GET", "/echo", NOTHING);
        assertEquals(200, client.send("GET /echo", headers, NOTHING).status());
        assertTrue(client.send("GET /echo", headers, NOTHING).body().contains("REPLAYED_REQUEST"));
    }

    @Test
    void aBodyOverTheLimitIsRefusedBeforeItIsRead() throws Exception {
        byte[] body = new byte[Fleet.BODY_LIMIT + 1];
        List<Header> headers = new ArrayList<>(Fleet.sign("POST", "/echo", body));
        headers.add(new Header("Content-Length", String.valueOf(body.length)));
        // Of all the bytes that are declared none is sent.
        assertEquals(413, client.send("POST /echo", headers, NOTHING).status());
    }

    @Test
    void aBodyInChunksOverTheLimitIsRefused() throws Exception {
        byte[] body = new byte[Fleet.BODY_LIMIT + 1];
        List<Header> headers = new ArrayList<>(Fleet.sign("POST", "/echo", body));
        headers.add(new Header("Transfer-Encoding", "chunked"));
        String chunk = Integer.toHexString(body.length) + "\r\n" + "\0".repeat(body.length) + "\r\n0\r\n\r\n";
        assertEquals(413, client.send("POST /echo", headers, bytes(chunk)).status());
    }

    @Test
    void aPublicRouteIsServedWithoutACaller() throws Exception {
        RawClient.Answer answer = client.send("POST /public/echo", List.of(new Header("X-Service-ID", "billing")), bytes("hello"));
        assertEquals("nobody:hello", answer.body());
        assertEquals("public", decision().event());
    }

    @Test
    void anOptionalRouteKeepsNoBodyOfNobody() throws Exception {
        String text = "x".repeat(Fleet.BODY_LIMIT + 1);
        Header chunks = new Header("Transfer-Encoding", "chunked");
        byte[] chunked = bytes(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n0\r\n\r\n");
        assertEquals("nobody:" + text, client.send("POST /perhaps", List.of(), bytes(text)).body());
        assertEquals("nobody:" + text, client.send("POST /perhaps", List.of(chunks), chunked).body());
        assertEquals("billing:hello", signed("POST", "/perhaps", bytes("hello")).body());
        assertEquals(413, signed("POST", "/perhaps", bytes(text)).status());
        // What might be a handshake is read ahead, and then kept: no more of it than of a caller.
        assertEquals("nobody:hello", client.send("POST /perhaps/hook", List.of(), bytes("hello")).body());
        assertEquals(413, client.send("POST /perhaps/hook", List.of(chunks), chunked).status());
    }

    @Test
    void namesOfCallersThatNobodyVerifiedAreTakenAway() throws Exception {
        Header forged = new Header("X-Service-Name", "admin");
        assertEquals("/line null billing []", signed("GET", "/line", NOTHING, forged).body());
        Header claimed = new Header("X-Service-ID", "admin");
        assertEquals("/public/line null null []", client.send("GET /public/line", List.of(claimed, forged), NOTHING).body());
        Header name = new Header("X-Service-Name", "billing");
        assertEquals("/line null billing [billing]", signed("GET", "/line", NOTHING, name).body());
        assertEquals("/line null billing []", signed("GET", "/line", NOTHING, name, forged).body(), "one name, and one only");
        assertEquals("[x-service-id] -1", signed("GET", "/names", NOTHING, forged).body());
        assertEquals("[] -1", client.send("GET /public/names", List.of(claimed, forged), NOTHING).body());
        Header user = new Header("X-User-ID", "7");
        assertEquals("[x-user-id] 7", client.send("GET /public/names", List.of(claimed, user), NOTHING).body());
        stop();
        client = new RawClient(start(WiresignFilter.builder(verifier).identityHeaders(List.of("x-user-ID")).build(), false));
        assertEquals("[] -1", client.send("GET /public/names", List.of(claimed, user), NOTHING).body());
        assertEquals("[x-service-id] -1", signed("GET", "/names", NOTHING, user).body());
    }

    @Test
    void namesOfCallersThatNobodyVerifiedAreTakenFromErrorPagesToo() throws Exception {
        Header forged = new Header("X-Service-Name", "admin");
        Header claimed = new Header("X-Service-ID", "admin");
        Header user = new Header("X-User-ID", "7");
        RawClient.Answer answer = client.send("GET /public/broken", List.of(claimed, forged, user), NOTHING);
        assertEquals("503 [x-user-id] 7", answer.status() + " " + answer.body());
        assertEquals("[x-service-id] -1", signed("GET", "/broken", NOTHING, forged).body());
        stop();
        client = new RawClient(start(WiresignFilter.builder(verifier).identityHeaders(List.of("x-user-ID")).build(), false));
        assertEquals("[] -1", client.send("GET /public/broken", List.of(claimed, forged, user), NOTHING).body());
        assertEquals("[x-service-id] -1", signed("GET", "/broken", NOTHING, forged, user).body());
    }

    @Test
    void anotherVerifierHasAWordOfItsOwn() throws Exception {
        List<Header> headers = Fleet.caller("shipping").sign(Request.of("GET", "/second"));
        assertEquals("shipping:", client.send("GET /second", headers, NOTHING).body());
        RawClient.Answer answer = signed("GET", "/second", NOTHING);
        assertTrue(answer.body().contains("UNKNOWN_SERVICE"), answer.body());
    }

    @Test
    void aHostIsLookedAtWhereItIsSigned() throws Exception {
        stop();
        String standard = "\"rfc9421\": {\"url_scheme\": \"http\"}";
        try (Verifier messages = new Verifier(Fleet.with("orders", "\"accept\": [\"rfc9421\"]", standard));
                Signer billing = Fleet.caller("billing", "\"sign_with\": \"rfc9421\"", standard)) {
            client = new RawClient(start(new WiresignFilter(messages), false));
            List<Header> here = billing.sign(Request.of("GET", "/echo").authority("localhost:" + client.port()));
            assertEquals("billing:", client.send("GET /echo", here, NOTHING).body());
            List<Header> elsewhere = billing.sign(Request.of("GET", "/echo").authority("elsewhere"));
            assertTrue(client.send("GET /echo", elsewhere, NOTHING).body().contains("INVALID_SIGNATURE"));
        }
    }

    @Test
    void whoFailsTooOftenHasToWait() throws Exception {
        stop();
        try (Verifier limited = new Verifier(Fleet.with("orders", "\"limits\": {\"failures_per_minute\": 2}"))) {
            client = new RawClient(start(new WiresignFilter(limited), false));
            int last = 0;
            // The minute of the clock may end in between, once.
            for (int tries = 0; tries < 6 && last != 429; tries++) {
                last = client.send("POST /echo", Fleet.sign("POST", "/echo", bytes("one")), bytes("two")).status();
            }
            assertEquals(429, last);
        }
    }

    @Test
    void theTargetIsRaw() throws Exception {
        assertEquals("/line/a%20b/%C3%A9 q=%41&r=+ billing []", signed("GET", "/line/a%20b/%C3%A9?q=%41&r=+", NOTHING).body());
    }

    @Test
    void theTargetInAbsoluteFormIsThatOfItsPath() throws Exception {
        List<Header> headers = Fleet.sign("GET", "/line?q=1", NOTHING);
        assertEquals("/line q=1 billing []", client.send("GET http://localhost:" + client.port() + "/line?q=1", headers, NOTHING).body());
    }

    @Test
    void anEmptyQueryAndNoneAreTheSameToTheSignature() throws Exception {
        assertEquals(200, client.send("GET /line?", Fleet.sign("GET", "/line", NOTHING), NOTHING).status());
        assertEquals(200, client.send("GET /line", Fleet.sign("GET", "/line?", NOTHING), NOTHING).status());
    }

    @Test
    void anEncodedSlashIsNeverServed() throws Exception {
        assertEquals(statusOfEncodedSlash(), signed("GET", "/line/a%2Fb", NOTHING).status());
    }

    @Test
    void repeatedCredentialsAreSeen() throws Exception {
        assertTrue(signed("GET", "/echo", NOTHING, new Header("X-Timestamp", "1")).body().contains("DUPLICATE_HEADER"));
    }

    @Test
    void theParametersOfAFormAreThereAgain() throws Exception {
        byte[] body = bytes("a=2&b=%C3%A9+f&a=3&empty=&alone");
        Header type = new Header("Content-Type", "application/x-www-form-urlencoded");
        assertEquals("{a=1|2|3, alone=, b=\u00c3\u00a9 f, empty=} 1 4", signed("POST", "/form?a=1", body, type).body());
    }

    @Test
    void theBodyIsThereAsText() throws Exception {
        Header type = new Header("Content-Type", "text/plain;charset=utf-8");
        assertEquals("\u00c3\u00a9", signed("POST", "/text", bytes("\u00e9"), type).body());
    }

    @Test
    void thePartsAreThereAgain() throws Exception {
        String body = """
                --edge
                Content-Disposition: form-data; name="note"

                two
                --edge
                Content-Disposition: form-data; name="file"; filename="a.txt"
                Content-Type: text/plain

                line
                --edgeless
                --edge--
                """.replace("\n", "\r\n");
        Header type = new Header("Content-Type", "multipart/form-data; boundary=edge");
        String parts = "note=null,null,two;file=a.txt,text/plain,line\r\n--edgeless;";
        assertEquals(parts + "two", signed("POST", "/parts", bytes(body), type).body());
        assertEquals(parts + "\u00c3\u00a9", signed("POST", "/parts?note=%C3%A9&other=1", bytes(body), type).body());
    }

    @Test
    void anAsynchronousServletReadsTheBody() throws Exception {
        assertEquals("billing:ASYNC:later, in pieces", signed("POST", "/async", bytes("later, in pieces")).body());
        assertEquals("accepted", decision().event());
        assertTrue(decisions.isEmpty(), "the dispatch is not judged again");
    }

    @Test
    void whatIsDispatchedIsTheRequestThatWasVerified() throws Exception {
        Header forged = new Header("X-Service-Name", "admin");
        assertEquals("billing:all of it:null", signed("POST", "/later", bytes("all of it"), forged).body());
    }

    @Test
    void aServletCanTakeSomeCallersOnly() throws Exception {
        int before = Servlets.Echo.SERVED.get();
        assertEquals(200, signed("GET", "/billing", NOTHING).status());
        List<Header> headers = Fleet.caller("shipping").sign(Request.of("GET", "/billing"));
        RawClient.Answer answer = client.send("GET /billing", headers, NOTHING);
        assertEquals(403, answer.status());
        assertTrue(answer.body().contains("SERVICE_NOT_ALLOWED"), answer.body());
        assertEquals(before + 1, Servlets.Echo.SERVED.get(), "the servlet has not seen what was refused");
    }

    @Test
    void aPermissionThatIsRequiredIsThatOfTheCaller() throws Exception {
        assertEquals(200, signed("GET", "/permitted", NOTHING).status());
        decision();
        List<Header> headers = Fleet.caller("shipping").sign(Request.of("GET", "/permitted"));
        RawClient.Answer answer = client.send("GET /permitted", headers, NOTHING);
        assertEquals(403, answer.status());
        assertTrue(answer.body().contains("PERMISSION_DENIED"), answer.body());
        assertEquals("accepted", decision().event());
        assertEquals(RefusalCode.PERMISSION_DENIED, decision().refusal().map(Refusal::code).orElseThrow());
    }

    @Test
    void behindAReaderOfParametersNothingIsServed() throws Exception {
        stop();
        client = new RawClient(start(new WiresignFilter(verifier, decisions::add), true));
        byte[] body = bytes("a=2");
        Header type = new Header("Content-Type", "application/x-www-form-urlencoded");
        assertEquals(500, signed("POST", "/form", body, type).status());
        List<Header> headers = new ArrayList<>(Fleet.sign("POST", "/form", body));
        headers.addAll(List.of(type, new Header("Transfer-Encoding", "chunked")));
        assertEquals(500, client.send("POST /form", headers, bytes("3\r\na=2\r\n0\r\n\r\n")).status());
    }

    @Test
    void aHookThatFailsChangesNothing() throws Exception {
        stop();
        client = new RawClient(start(new WiresignFilter(verifier, decision -> {
            throw new IllegalStateException("the hook is broken");
        }), false));
        assertEquals(200, signed("GET", "/echo", NOTHING).status());
        assertEquals(401, client.send("GET /echo", List.of(), NOTHING).status());
    }

    /** As Kotlin and others do, which know no checked exceptions. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> void fail(Exception failure) throws E {
        throw (E) failure;
    }

    @Test
    void aHookThatThrowsWhatIsCheckedChangesNothingEither() throws Exception {
        stop();
        client = new RawClient(start(new WiresignFilter(verifier, decision -> FilterContract.<RuntimeException>fail(new IOException("away"))), false));
        assertEquals(200, signed("GET", "/echo", NOTHING).status());
        assertEquals(401, client.send("GET /echo", List.of(), NOTHING).status());
    }

    @Test
    void theChallengeOfASenderIsAnswered() throws Exception {
        String query = "/hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
        RawClient.Answer answer = client.send("GET " + query + "a-token-of-the-console-2026", List.of(), NOTHING);
        assertEquals("1158201444", answer.body());
        assertTrue(answer.head().contains("x-content-type-options: nosniff"), answer.head());
        RawClient.Answer wrong = client.send("GET " + query + "another", List.of(), NOTHING);
        assertTrue(wrong.status() == 401 || wrong.status() == 403, wrong.body());
        assertEquals("refused", decision().event());
    }

    @Test
    void whatIsNoChallengeIsJudgedBehindIt() throws Exception {
        byte[] body = bytes("{\"entry\": []}");
        assertEquals("webhook:sender:{\"entry\": []}", client.send("POST /hook", List.of(Fleet.hookSignature(body)), body).body());
        assertEquals(401, client.send("POST /hook", List.of(Fleet.hookSignature(body)), bytes("{}")).status());
        assertEquals(413, client.send("POST /hook", List.of(Fleet.hookSignature(body)), new byte[Fleet.BODY_LIMIT + 1]).status());
        // As many bytes as a handshake may have are read ahead; what is longer goes on from there.
        for (int length : new int[] {16_384, 16_385, 50_000}) {
            String text = "z".repeat(length);
            Header signature = Fleet.hookSignature(bytes(text));
            assertEquals("webhook:sender:" + text, client.send("POST /hook", List.of(signature), bytes(text)).body(), length + " bytes");
            String chunked = Integer.toHexString(length) + "\r\n" + text + "\r\n0\r\n\r\n";
            List<Header> headers = List.of(signature, new Header("Transfer-Encoding", "chunked"));
            assertEquals("webhook:sender:" + text, client.send("POST /hook", headers, bytes(chunked)).body(), length + " bytes in chunks");
        }
    }

    @Test
    void anExternalStoreHasTheLastWord() throws Exception {
        stop();
        Map<String, Long> shared = new ConcurrentHashMap<>();
        ReplayStore store = (key, seconds) ->
                shared.putIfAbsent(key, seconds) == null ? ReplayOutcome.FIRST : ReplayOutcome.REPEATED;
        try (Verifier external = new Verifier(Fleet.orders("external"))) {
            client = new RawClient(start(new WiresignFilter(external, null, store), false));
            List<Header> headers = Fleet.sign("POST", "/echo", bytes("x"));
            assertEquals("billing:x", client.send("POST /echo", headers, bytes("x")).body());
            assertTrue(client.send("POST /echo", headers, bytes("x")).body().contains("REPLAYED_REQUEST"));
            assertEquals(1, shared.size());
        }
    }

    @Test
    void withoutAnAnswerOfTheStoreNothingIsServed() throws Exception {
        ReplayStore broken = (key, seconds) -> {
            throw new IllegalStateException("the store is out of reach");
        };
        for (ReplayStore store : new ReplayStore[] {null, broken, (key, seconds) -> null}) {
            stop();
            try (Verifier external = new Verifier(Fleet.orders("external"))) {
                client = new RawClient(start(new WiresignFilter(external, decisions::add, store), false));
                assertEquals(503, signed("GET", "/echo", NOTHING).status());
                assertEquals(RefusalCode.REPLAY_STORE_UNAVAILABLE, decision().refusal().map(Refusal::code).orElseThrow());
            }
        }
    }

    /** A connection whose request has come as far as the middle of its body. */
    private Socket halfSent() throws Exception {
        List<Header> headers = Fleet.sign("POST", "/echo", bytes("0123456789"));
        Socket socket = new Socket("localhost", client.port());
        socket.setSoTimeout(60_000);
        StringBuilder head = new StringBuilder("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n");
        headers.forEach(header -> head.append(header.name()).append(": ").append(header.value()).append("\r\n"));
        socket.getOutputStream().write(bytes(head.append("\r\n01234").toString()));
        return socket;
    }

    /** What a server answers to the rest of a request; nothing where it has closed the connection. */
    private static String answerTo(Socket socket, String rest) {
        try {
            socket.getOutputStream().write(bytes(rest));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException closed) {
            return "";
        }
    }

    /** The thread of the container that waits for the rest of a body. */
    private static Thread waitingForBody() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < end) {
            for (Map.Entry<Thread, StackTraceElement[]> each : Thread.getAllStackTraces().entrySet()) {
                boolean isReading = Arrays.stream(each.getValue()).anyMatch(frame -> frame.getClassName().equals(ReceivedBody.class.getName()));
                if (isReading && each.getKey().getState() != Thread.State.RUNNABLE) {
                    return each.getKey();
                }
            }
            Thread.sleep(5);
        }
        throw new AssertionError("no thread waits for a body");
    }

    @Test
    void aClientThatLeavesInTheMiddleOfItsBodyIsNoCaller() throws Exception {
        halfSent().close();
        assertEquals(200, signed("GET", "/echo", NOTHING).status());
        Decision only = decision();
        assertEquals("GET", only.method(), "the other request was never decided");
        assertFalse(decisions.stream().anyMatch(decision -> decision.method().equals("POST")));
    }

    @Test
    void aBodyThatComesInPartsIsServedWhole() throws Exception {
        try (Socket socket = halfSent()) {
            waitingForBody();
            String answer = answerTo(socket, "56789");
            assertTrue(answer.startsWith("HTTP/1.1 200") && answer.endsWith("billing:0123456789"), answer);
        }
    }

    @Test
    void aHeadThatIsRefusedWaitsForNoBody() throws Exception {
        assertEquals(401, client.send("POST /echo", List.of(new Header("Content-Length", "10")), bytes("01234")).status());
    }

    @Test
    void aThreadThatIsInterruptedWithinABodyServesAllOfItOrNothing() throws Exception {
        try (Socket socket = halfSent()) {
            waitingForBody().interrupt();
            Thread.sleep(200);
            String answer = answerTo(socket, "56789");
            assertTrue(!answer.startsWith("HTTP/1.1 2") || answer.endsWith("billing:0123456789"), answer);
        }
        decisions.removeIf(decision -> decision.method().equals("POST") && decision.event().equals("accepted"));
        assertTrue(decisions.isEmpty(), "nobody is refused for it");
        assertEquals(200, signed("GET", "/echo", NOTHING).status());
    }

    @Test
    void aServerThatStopsServesNothingOfWhatHadNotAllCome() throws Exception {
        try (Socket socket = halfSent()) {
            waitingForBody();
            stop();
            assertFalse(answerTo(socket, "56789").startsWith("HTTP/1.1 2"));
            assertTrue(decisions.isEmpty(), "the request was never decided");
        }
        client = new RawClient(start(new WiresignFilter(verifier, decisions::add), false));
        assertEquals(200, signed("GET", "/echo", NOTHING).status());
    }

    @Test
    void aConfigurationIsReplacedUnderLoad() throws Exception {
        Thread replacer = Thread.ofVirtual().start(() -> {
            for (int round = 0; round < 200; round++) {
                try (Config next = Fleet.orders()) {
                    verifier.replace(next);
                }
            }
        });
        for (int round = 0; round < 30; round++) {
            assertEquals(200, signed("POST", "/echo", bytes("x")).status());
        }
        replacer.join();
    }
}
