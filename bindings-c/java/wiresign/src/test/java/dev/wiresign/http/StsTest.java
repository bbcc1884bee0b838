package dev.wiresign.http;

import static dev.wiresign.http.Loopback.answer;
import static dev.wiresign.http.Loopback.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import dev.wiresign.Config;
import dev.wiresign.IdentityRequest;
import dev.wiresign.Request;
import dev.wiresign.Response;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a question is sent, and what is taken for an answer. */
class StsTest {
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger elsewhere = new AtomicInteger();
    private final CountDownLatch never = new CountDownLatch(1);
    private final Config config = config("orders");
    private final Verifier verifier = new Verifier(config);
    private volatile HttpHandler answer = exchange -> answer(exchange, 200, "{}");
    private Loopback server;
    private URI url;

    private static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "accept": ["aws-identity"], "sign_with": "aws-identity",
                 "aws_identity": {"regions": ["eu-central-1"],
                                  "roles": {"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"}},
                 "services": {"orders": {}, "billing": {"allowed_targets": ["orders"]}}}""".formatted(service));
    }

    @BeforeEach
    void serve() throws IOException {
        server = new Loopback();
        server.serve("/", exchange -> {
            asked.incrementAndGet();
            answer.handle(exchange);
        });
        server.serve("/elsewhere", exchange -> {
            elsewhere.incrementAndGet();
            answer(exchange, 200, "{}");
        });
        url = URI.create(server.url() + "/");
    }

    @AfterEach
    void end() {
        never.countDown();
        server.close();
        verifier.close();
        config.close();
    }

    private IdentityRequest question(String secret) {
        Request request = Request.of("POST", "/a");
        try (Config own = config("billing");
                Signer signer = Signer.withAwsCredentials(own, "orders", "ASIATASK000000000001", "of-the-task-" + secret + "-0123456789", "session")) {
            signer.sign(request).forEach(header -> request.header(header.name(), header.value()));
        }
        return verifier.identityRequest(request).orElseThrow();
    }

    private Sts.Builder here() {
        return Sts.builder().endpoint(url);
    }

    @Test
    void aQuestionIsSentAsItIs() {
        IdentityRequest question = question("one");
        answer = exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean isSame = question.headers().stream()
                    .allMatch(header -> header.value().equals(exchange.getRequestHeaders().getFirst(header.name())));
            answer(exchange, isSame && body.equals(question.body()) ? 403 : 500, "{\"no\": 1}");
        };
        try (Sts sts = here().build()) {
            Response answered = sts.ask(question).join().orElseThrow();
            assertEquals(403, answered.status());
            assertEquals("{\"no\": 1}", new String(answered.body(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void whatIsNoWholeAnswerInTimeIsNone() {
        Duration brief = Duration.ofMillis(300);
        HttpHandler[] wrong = {
            exchange -> answer(exchange, 200, " ".repeat(16 * 1024 + 1)),
            exchange -> exchange.getHttpContext().getServer().stop(0),
            exchange -> {
                exchange.sendResponseHeaders(200, 1000);
                exchange.getResponseBody().write('{');
                exchange.getResponseBody().flush();
                await(never);
            },
            exchange -> await(never),
        };
        for (HttpHandler one : new HttpHandler[] {wrong[0], wrong[2], wrong[3], wrong[1]}) {
            answer = one;
            try (Sts sts = here().timeout(one == wrong[0] ? Duration.ofMinutes(1) : brief).build()) {
                assertEquals(Optional.empty(), sts.ask(question("one")).join());
            }
        }
        try (Sts sts = here().build()) {
            assertEquals(Optional.empty(), sts.ask(question("one")).join(), "nobody listens any more");
        }
    }

    @Test
    void aRedirectIsAnAnswerLikeOthers() {
        answer = exchange -> {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            answer(exchange, 307, "");
        };
        try (Sts sts = here().build()) {
            assertEquals(307, sts.ask(question("one")).join().orElseThrow().status());
        }
        assertEquals(0, elsewhere.get());
        HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        assertThrows(IllegalArgumentException.class, () -> Sts.builder().client(follower));
    }

    @Test
    void equalQuestionsAtOnceAreOne() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        answer = exchange -> {
            await(released);
            answer(exchange, 200, "{}");
        };
        try (Sts sts = here().timeout(Duration.ofMinutes(1)).build()) {
            IdentityRequest one = question("one");
            IdentityRequest other = question("other");
            List<CompletableFuture<Optional<Response>>> answers = IntStream.range(0, 20)
                    .mapToObj(at -> sts.ask(at % 2 == 0 ? one : other)).toList();
            answers.getFirst().cancel(true);
            released.countDown();
            for (CompletableFuture<Optional<Response>> each : answers.subList(1, 20)) {
                assertEquals(200, each.get(60, TimeUnit.SECONDS).orElseThrow().status());
            }
            assertEquals(2, asked.get());
            // The next time it is asked anew: it is the verifier that keeps answers.
            sts.ask(one).join();
            assertEquals(3, asked.get());
        }
    }

    @Test
    void questionsLeaveTheMachineOnlyForAws() {
        for (String wrong : new String[] {
            "https://sts.example.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com", "http:///", "/a"}) {
            assertThrows(IllegalArgumentException.class, () -> Sts.builder().endpoint(URI.create(wrong)), wrong);
        }
        for (String good : new String[] {"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"}) {
            Sts.builder().endpoint(URI.create(good)).build().close();
        }
        assertThrows(IllegalArgumentException.class, () -> Sts.builder().timeout(Duration.ZERO));
        assertTrue(question("one").url().startsWith("https://"));
    }
}
