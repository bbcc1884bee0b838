package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Proofs of IAM identities, and what becomes of the answers of AWS. */
class IdentityTest {
    private static final long NOW = 1_767_225_600;
    private static final AwsCredentials TASK = new AwsCredentials("ASIATASK000000000001", "of-the-task-0123456789", "session");

    static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "accept": ["aws-identity"], "sign_with": "aws-identity",
                 "aws_identity": {"regions": ["eu-central-1"],
                                  "roles": {"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"}},
                 "services": {"orders": {}, "billing": {"allowed_targets": ["orders"]}}}""".formatted(service));
    }

    private static Request proved(AwsCredentials credentials, long now) {
        Request request = Request.of("POST", "/a");
        try (Config config = config("billing"); Signer signer = Signer.withAwsCredentials(
                config, "orders", credentials.accessKeyId(), credentials.secret(), credentials.sessionToken())) {
            signer.sign(request, now, null).forEach(header -> request.header(header.name(), header.value()));
        }
        return request;
    }

    private static Response answer(int status, String body) {
        return new Response(status, List.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    private static String code(Verifier verifier, Request request) {
        try {
            return verifier.verify(request, NOW).service().orElseThrow();
        } catch (Refusal refusal) {
            return refusal.code().name();
        }
    }

    @Test
    void theAnswerOfAwsSaysWhoCalls() {
        try (Config config = config("orders"); Verifier verifier = new Verifier(config)) {
            Request request = proved(TASK, NOW);
            IdentityRequest question = verifier.identityRequest(request, NOW).orElseThrow();
            assertEquals("POST", question.method());
            assertEquals("https://sts.eu-central-1.amazonaws.com/", question.url());
            assertEquals("Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON", question.body());
            List<String> names = question.headers().stream().map(header -> header.name().toLowerCase(java.util.Locale.ROOT)).toList();
            assertTrue(names.containsAll(List.of("host", "authorization", "x-amz-security-token", "x-target-service")), names.toString());
            assertFalse(question.toString().contains("session"), question.toString());

            assertEquals("IDENTITY_UNAVAILABLE", code(verifier, request));
            verifier.identityAnswer(question, answer(200, """
                    {"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Account": "123456789012", "UserId": "AROA:task",
                     "Arn": "arn:aws:sts::123456789012:assumed-role/prod-billing-task/task"}}}"""), NOW);
            assertEquals("billing", code(verifier, request));
            assertTrue(verifier.identityRequest(request, NOW).isEmpty(), "it is known");
            Verified verified = verifier.verify(request, NOW);
            assertEquals("arn:aws:sts::123456789012:assumed-role/prod-billing-task/task", verified.subject().orElseThrow());
            assertEquals(TASK.accessKeyId(), verified.keyId().orElseThrow());
        }
    }

    @Test
    void withoutAGoodAnswerNobodyIsLetIn() {
        try (Config config = config("orders"); Verifier verifier = new Verifier(config)) {
            Request request = proved(TASK, NOW);
            IdentityRequest question = verifier.identityRequest(request, NOW).orElseThrow();
            verifier.identityAnswer(question);
            assertEquals("IDENTITY_UNAVAILABLE", code(verifier, request));

            Request forged = proved(new AwsCredentials(TASK.accessKeyId(), "guessed-0123456789", "session"), NOW);
            verifier.identityAnswer(verifier.identityRequest(forged, NOW).orElseThrow(), answer(403, """
                    {"Error": {"Code": "SignatureDoesNotMatch", "Message": "", "Type": "Sender"}, "RequestId": "1"}"""), NOW);
            assertEquals("INVALID_SIGNATURE", code(verifier, forged));

            assertTrue(verifier.identityRequest(proved(TASK, NOW - 400), NOW).isEmpty(), "the head decides that alone");
            assertTrue(verifier.identityRequest(Request.of("GET", "/"), NOW).isEmpty());
        }
    }

    @Test
    void credentialsNeedASchemeThatTakesThem() {
        try (Config other = Fleet.config("billing", ""); Config own = config("billing")) {
            assertThrows(SigningException.class, () -> Signer.withAwsCredentials(other, TASK.accessKeyId(), TASK.secret()));
            assertThrows(SigningException.class, () -> Signer.withAwsCredentials(own, "orders", "", "", null));
            assertThrows(SigningException.class, () -> Signer.withAwsCredentials(own, TASK.accessKeyId(), TASK.secret()), "no target");
        }
        assertFalse(TASK.toString().contains(TASK.secret()));
    }

    @Test
    void aSignerIsRenewedWithItsCredentials() {
        AtomicReference<AwsCredentials> now = new AtomicReference<>(TASK);
        try (Config config = config("billing")) {
            AwsSigners signers = new AwsSigners(config, "orders", now::get);
            Signer first = signers.get();
            assertSame(first, signers.get());
            now.set(new AwsCredentials("ASIATASK000000000002", "of-the-next-hour-0123456789", "session"));
            Signer second = signers.get();
            assertNotSame(first, second);
            assertTrue(header(second).contains("ASIATASK000000000002"));
            // Somebody may still be signing with the one from before.
            assertTrue(header(first).contains("ASIATASK000000000001"));
        }
    }

    private static String header(Signer signer) {
        return signer.sign(Request.of("GET", "/")).stream()
                .filter(header -> header.name().equals("X-Service-AWS-Identity")).findFirst().orElseThrow().value();
    }
}
