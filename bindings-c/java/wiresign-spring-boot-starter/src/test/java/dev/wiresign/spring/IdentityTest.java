package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.AwsCredentials;
import dev.wiresign.Config;
import dev.wiresign.Verified;
import dev.wiresign.servlet.Aws;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatusCode;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** An application whose callers prove their roles, which moto confirms. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class IdentityTest {
    private static Aws aws;
    private static AwsCredentials billing;

    @Value("${local.server.port}")
    private int port;

    @BeforeAll
    static void startAws() throws Exception {
        aws = new Aws();
        billing = aws.role("prod-billing-task", Aws.ACCOUNT);
    }

    @AfterAll
    static void stopAws() {
        aws.close();
    }

    @DynamicPropertySource
    static void place(DynamicPropertyRegistry registry) {
        registry.add("wiresign.aws.endpoint", () -> aws.url());
        registry.add("wiresign.aws.timeout", () -> "20s");
    }

    private static Config configured(String service) {
        return Config.parse("""
                {"service": "%s", "accept": ["aws-identity"], "sign_with": "aws-identity",
                 "aws_identity": {"regions": ["%s"], "roles": {"arn:aws:iam::%s:role/prod-{service}-task": "{service}"}},
                 "services": {"orders": {}, "billing": {"allowed_targets": ["orders"]}}}"""
                .formatted(service, Aws.REGION, Aws.ACCOUNT));
    }

    @SpringBootApplication
    @Import(Roles.class)
    static class Application {
        @Bean
        Config config() {
            return configured("orders");
        }
    }

    @RestController
    static class Roles {
        @GetMapping("/me")
        String me(Verified caller) {
            return caller.service().orElseThrow() + " " + caller.subject().orElseThrow();
        }
    }

    private String call(Supplier<AwsCredentials> credentials) {
        try (Config config = configured("billing")) {
            RestClient client = new WiresignClients(config, credentials).restClient("orders")
                    .baseUrl("http://localhost:" + port)
                    .defaultStatusHandler(HttpStatusCode::isError, (sent, answer) -> {})
                    .build();
            return client.get().uri("/me").retrieve().body(String.class);
        }
    }

    @Test
    void aRoleIsLetInWithTheCredentialsThatAreGoodNow() {
        AwsCredentials forged = new AwsCredentials(billing.accessKeyId(), "x".repeat(40), billing.sessionToken());
        AtomicReference<AwsCredentials> now = new AtomicReference<>(billing);
        String expected = "billing arn:aws:sts::" + Aws.ACCOUNT + ":assumed-role/prod-billing-task/task-1";
        assertEquals(expected, call(now::get));
        now.set(forged);
        assertTrue(call(now::get).contains("INVALID_SIGNATURE"));
    }
}
