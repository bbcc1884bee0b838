package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.wiresign.AwsCredentials;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import dev.wiresign.http.Sts;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** IAM identities over real HTTP: Tomcat asks STS, which is moto and verifies every signature. */
class IdentityTest {
    private static final String OTHER_ACCOUNT = "210987654321";
    private static final Pattern CODE = Pattern.compile("\"code\":\"([A-Z_]+)\"");

    private static Aws aws;
    private static AwsCredentials billing;

    private final TomcatTest tomcat = new TomcatTest();
    private final Verifier verifier = new Verifier(config("orders"));
    private CountedEndpoint endpoint;
    private Sts sts;
    private RawClient client;

    @BeforeAll
    static void startAws() throws Exception {
        aws = new Aws();
        billing = aws.role("prod-billing-task", Aws.ACCOUNT);
    }

    @AfterAll
    static void stopAws() {
        aws.close();
    }

    @BeforeEach
    void serve() throws Exception {
        endpoint = new CountedEndpoint(aws.url());
        sts = Sts.builder().endpoint(endpoint.url()).timeout(Duration.ofSeconds(60)).build();
        client = new RawClient(tomcat.start(new WiresignFilter(verifier, null, null, sts), false));
    }

    @AfterEach
    void end() throws Exception {
        tomcat.stop();
        sts.close();
        endpoint.close();
        verifier.close();
    }

    private static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "accept": ["aws-identity"], "sign_with": "aws-identity",
                 "aws_identity": {"regions": ["%s"], "roles": {"arn:aws:iam::%s:role/prod-{service}-task": "{service}"}},
                 "services": {"orders": {}, "stock": {}, "billing": {"allowed_targets": ["orders", "stock"]}}}"""
                .formatted(service, Aws.REGION, Aws.ACCOUNT));
    }

    private static List<Header> prove(AwsCredentials credentials, String target) {
        try (Config config = config("billing"); Signer signer = Signer.withAwsCredentials(
                config, target, credentials.accessKeyId(), credentials.secret(), credentials.sessionToken())) {
            return signer.sign(Request.of("POST", "/echo"));
        }
    }

    private static AwsCredentials guessed() {
        return new AwsCredentials(billing.accessKeyId(), "x".repeat(40), billing.sessionToken());
    }

    private String answer(List<Header> headers) throws Exception {
        RawClient.Answer answer = client.send("POST /echo", headers, new byte[] {'!'});
        Matcher code = CODE.matcher(answer.body());
        return answer.status() == 200 ? answer.body() : code.find() ? code.group(1) : answer.body();
    }

    @Test
    void aRoleIsLetInAndAskedAboutOnce() throws Exception {
        List<Header> proof = prove(billing, "orders");
        for (int round = 0; round < 3; round++) {
            assertEquals("billing:!", answer(proof));
        }
        assertEquals(1, endpoint.asked.get());
    }

    @Test
    void forgedProofsAreRefusedAndAskedAboutOnce() throws Exception {
        List<Header> forged = prove(guessed(), "orders");
        for (int round = 0; round < 3; round++) {
            assertEquals("INVALID_SIGNATURE", answer(forged));
        }
        assertEquals(1, endpoint.asked.get());
        AwsCredentials unknown = new AwsCredentials("ASIA" + "Z".repeat(16), billing.secret(), billing.sessionToken());
        assertEquals("INVALID_SIGNATURE", answer(prove(unknown, "orders")));
        // What is signed is the other target, and the verifier asks about its own.
        List<Header> moved = prove(billing, "stock").stream()
                .map(header -> header.name().equals("X-Target-Service") ? new Header(header.name(), "orders") : header).toList();
        assertEquals("INVALID_SIGNATURE", answer(moved));
        assertEquals("billing:!", answer(prove(billing, "orders")));
    }

    @Test
    void whatTheHeadDecidesIsNotAsked() throws Exception {
        assertEquals("TARGET_NOT_ALLOWED", answer(prove(billing, "stock")));
        assertEquals("AUTHENTICATION_REQUIRED", answer(List.of()));
        assertEquals(0, endpoint.asked.get());
    }

    @Test
    void otherRolesAndAccountsAreNobody() throws Exception {
        assertEquals("UNKNOWN_SERVICE", answer(prove(aws.role("dev-billing-task", Aws.ACCOUNT), "orders")));
        assertEquals("UNKNOWN_SERVICE", answer(prove(aws.role("prod-nobody-task", Aws.ACCOUNT), "orders")));
        assertEquals("UNKNOWN_SERVICE", answer(prove(aws.role("prod-billing-task", OTHER_ACCOUNT), "orders")));
        assertEquals(3, endpoint.asked.get());
    }

    @Test
    void withoutAnAnswerNobodyIsLetIn() throws Exception {
        URI gone = endpoint.url();
        endpoint.close();
        for (Sts asked : new Sts[] {null, Sts.builder().endpoint(gone).build()}) {
            tomcat.stop();
            try (Verifier fresh = new Verifier(config("orders"))) {
                client = new RawClient(tomcat.start(new WiresignFilter(fresh, null, null, asked), false));
                List<Header> proof = prove(billing, "orders");
                assertEquals("IDENTITY_UNAVAILABLE", answer(proof));
                assertEquals(503, client.send("POST /echo", proof, new byte[] {'!'}).status());
            }
        }
    }

    @Test
    void aProofThatComesManyTimesAtOnceIsAskedAboutOnce() throws Exception {
        endpoint.delayMillis = 1000;
        List<List<Header>> proofs = List.of(prove(billing, "orders"), prove(guessed(), "orders"));
        Map<String, Integer> answers = new ConcurrentHashMap<>();
        List<Callable<Void>> calls = IntStream.range(0, 20).<Callable<Void>>mapToObj(at -> () -> {
            answers.merge(answer(proofs.get(at % 2)), 1, Integer::sum);
            return null;
        }).toList();
        try (ExecutorService clients = Executors.newFixedThreadPool(20)) {
            for (Future<Void> call : clients.invokeAll(calls)) {
                call.get();
            }
        }
        assertEquals("{INVALID_SIGNATURE=10, billing:!=10}", new TreeMap<>(answers).toString());
        assertEquals(2, endpoint.asked.get());
    }
}
