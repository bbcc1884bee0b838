package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When credentials are renewed, by a clock that the test moves. */
class AwsSignersTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final Config config = IdentityTest.config("billing");
    private Instant now = Instant.ofEpochSecond(1_767_225_600);
    private Duration life = HOUR;
    private int asked;
    private RuntimeException failure;
    private AwsSigners signers;

    @BeforeEach
    void make() {
        signers = new AwsSigners(config, "orders", this::provide, () -> now);
    }

    @AfterEach
    void close() {
        config.close();
    }

    private AwsCredentials provide() {
        asked++;
        if (failure != null) {
            throw failure;
        }
        return new AwsCredentials("ASIATASK%012d".formatted(asked), "of-this-hour-0123456789", "session", life == null ? null : now.plus(life));
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }

    @Test
    void credentialsAreRenewedFiveMinutesBeforeTheyEnd() {
        Signer first = signers.get();
        pass(Duration.ofMinutes(54));
        assertSame(first, signers.get());
        assertEquals(1, asked);
        pass(Duration.ofMinutes(1));
        assertNotSame(first, signers.get());
        assertEquals(2, asked);
    }

    @Test
    void whereTheEndIsNotKnownTheProviderIsAskedEachTime() {
        life = null;
        Signer first = signers.get();
        assertNotSame(first, signers.get());
        assertEquals(2, asked);
    }

    @Test
    void whatEndsSoonIsNotAskedForWithEachRequest() {
        life = Duration.ofMinutes(2);
        Signer first = signers.get();
        pass(Duration.ofSeconds(9));
        assertSame(first, signers.get());
        pass(Duration.ofSeconds(1));
        assertNotSame(first, signers.get());
        life = Duration.ofSeconds(1);
        pass(Duration.ofSeconds(10));
        Signer short1 = signers.get();
        pass(Duration.ofSeconds(1));
        assertNotSame(short1, signers.get(), "it has ended before the pause");
    }

    @Test
    void aProviderThatFailsIsLeftAloneWhileTheLastAreGood() {
        Signer first = signers.get();
        failure = new IllegalStateException("no route to the metadata service");
        pass(Duration.ofMinutes(56));
        for (int request = 0; request < 5; request++) {
            assertSame(first, signers.get());
        }
        assertEquals(2, asked);
        pass(Duration.ofSeconds(10));
        assertSame(first, signers.get());
        assertEquals(3, asked);
        pass(Duration.ofMinutes(4));
        String message = assertThrows(SigningException.class, signers::get).getMessage();
        assertTrue(message.contains("no route to the metadata service"), message);
        failure = null;
        assertNotSame(first, signers.get());
    }

    @Test
    void withoutCredentialsThereIsNoSigner() {
        failure = new IllegalStateException("no role");
        assertThrows(SigningException.class, signers::get);
        AwsSigners nothing = new AwsSigners(config, "orders", () -> null);
        assertThrows(SigningException.class, nothing::get);
    }

    @Test
    void whileOneThreadAsksTheOthersGoOn() throws Exception {
        CountDownLatch isAsked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        AwsSigners slow = new AwsSigners(config, "orders", () -> {
            if (asked == 1) {
                isAsked.countDown();
                await(answer);
            }
            return provide();
        }, () -> now);
        Signer first = slow.get();
        pass(Duration.ofMinutes(56));
        FutureTask<Signer> renewing = new FutureTask<>(slow::get);
        Thread.ofPlatform().start(renewing);
        isAsked.await();
        assertSame(first, slow.get());
        answer.countDown();
        assertNotSame(first, renewing.get());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }
}
