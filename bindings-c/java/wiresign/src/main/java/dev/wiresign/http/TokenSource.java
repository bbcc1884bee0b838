package dev.wiresign.http;

import dev.wiresign.Signer;
import dev.wiresign.SigningException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Gets tokens from a token endpoint, and has the next one before the last has ended.
 *
 * <pre>{@code
 * TokenSource source = new TokenSource(HttpClient.newHttpClient(), new Signer(config, "identity"), url, "orders");
 * TokenClient orders = new TokenClient(HttpClient.newHttpClient(), source, URI.create("https://orders.internal"));
 * }</pre>
 *
 * <p>The signer proves who asks, with whatever the configuration signs with: a key of HMAC, an API key. Of several threads that
 * need a token at once, one asks for it. May be used by all threads.
 */
public final class TokenSource {
    private static final System.Logger LOG = System.getLogger("wiresign");
    private static final int MOST_BYTES = 64 * 1024;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Which part of a token's life is left when the next one is asked for: not the same for all who started together. */
    private static final double LEAST_MARGIN = 0.1;
    private static final double MOST_MARGIN = 0.2;
    /** How long nobody asks after a failure: a part of the life, up to the longest, while there is a token; else the last. */
    private static final double PAUSE = 0.05;
    private static final long LONGEST_PAUSE = Duration.ofSeconds(10).toNanos();
    private static final long PAUSE_WITHOUT_TOKEN = Duration.ofSeconds(1).toNanos();
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final HttpClient client;
    private final SigningClient signing;
    private final URI url;
    private final byte[] form;
    private final LongSupplier nanoTime;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Held held;
    private volatile Failed failed;

    /**
     * A source of tokens with all permissions that the caller has.
     *
     * @param client what asks; it must not follow redirects
     * @param signer what proves who asks; it must not be closed while the source is used
     * @param url the token endpoint
     * @param audience the service that the tokens are for
     */
    public TokenSource(HttpClient client, Signer signer, URI url, String audience) {
        this(client, signer, url, audience, null);
    }

    /**
     * A source of tokens with some permissions.
     *
     * @param client what asks; it must not follow redirects
     * @param signer what proves who asks; it must not be closed while the source is used
     * @param url the token endpoint
     * @param audience the service that the tokens are for
     * @param scope what the tokens are to allow, as in {@code GET /a/** POST /b}; null for all that the caller may do
     */
    public TokenSource(HttpClient client, Signer signer, URI url, String audience, String scope) {
        this(client, signer, url, audience, scope, System::nanoTime);
    }

    TokenSource(HttpClient client, Signer signer, URI url, String audience, String scope, LongSupplier nanoTime) {
        this.client = client;
        this.nanoTime = nanoTime;
        this.signing = new SigningClient(client, signer);
        this.url = Objects.requireNonNull(url, "url");
        String asked = "grant_type=client_credentials&audience=" + encoded(audience) + (scope == null ? "" : "&scope=" + encoded(scope));
        this.form = asked.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * A token that has not ended. It waits only where there is none.
     *
     * @return the token in compact form
     * @throws TokenException where there is none
     * @throws InterruptedException where the thread is interrupted meanwhile
     */
    public String token() throws TokenException, InterruptedException {
        Held at = current();
        if (at != null && !isDue(at)) {
            return at.text;
        }
        // While one renews, the others go on with what is at hand; without a token they wait.
        if (at == null) {
            asking.lockInterruptibly();
        } else if (!asking.tryLock()) {
            return at.text;
        }
        try {
            at = current();
            return at != null && !isDue(at) ? at.text : ask();
        } finally {
            asking.unlock();
        }
    }

    @Override
    public String toString() {
        return "TokenSource " + url;
    }

    /** The token that has not ended; null where there is none, and one may be asked for. */
    private Held current() throws TokenException {
        Held known = held;
        long now = nanoTime.getAsLong();
        if (known != null && now - known.ends < 0) {
            return known;
        }
        Failed last = failed;
        if (last != null && now - last.at < PAUSE_WITHOUT_TOKEN) {
            throw last.failure.again();
        }
        return null;
    }

    private boolean isDue(Held known) {
        long now = nanoTime.getAsLong();
        Failed last = failed;
        long pause = Math.min((long) (known.life * PAUSE), LONGEST_PAUSE);
        return now - known.renew >= 0 && (last == null || now - last.at >= pause);
    }

    private String ask() throws TokenException, InterruptedException {
        long askedAt = nanoTime.getAsLong();
        TokenException failure;
        try {
            TokenAnswer answer = TokenAnswer.of(
                    CappedBody.exchange(client, request(), MOST_BYTES, TIMEOUT, response -> response).get());
            held = Held.of(answer, askedAt);
            failed = null;
            return answer.text();
        } catch (TokenException refused) {
            failure = refused;
        } catch (ExecutionException unanswered) {
            Throwable cause = unanswered.getCause();
            failure = new TokenException("the token endpoint could not be asked: " + reason(cause), cause);
        } catch (SigningException | IllegalArgumentException unsigned) {
            failure = new TokenException("the token endpoint could not be asked: " + unsigned.getMessage(), unsigned);
        }
        failed = new Failed(nanoTime.getAsLong(), failure);
        Held known = held;
        if (known == null || nanoTime.getAsLong() - known.ends >= 0) {
            throw failure;
        }
        LOG.log(System.Logger.Level.WARNING, "a token could not be renewed, and the one at hand is used on: " + failure.getMessage());
        return known.text;
    }

    private HttpRequest request() {
        HttpRequest unsigned = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .POST(BodyPublishers.ofByteArray(form))
                .build();
        return signing.signed(unsigned, form);
    }

    private static String reason(Throwable cause) {
        if (cause instanceof TimeoutException) {
            return "there was no whole answer within " + TIMEOUT.toSeconds() + " s";
        }
        boolean isPlain = cause instanceof IOException && cause.getMessage() != null;
        return isPlain ? cause.getMessage() : cause.getClass().getSimpleName();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Why there was no token last, and when. */
    private record Failed(long at, TokenException failure) {}

    /** A token, with times of {@link System#nanoTime}. */
    private record Held(String text, long renew, long ends, long life) {
        static Held of(TokenAnswer answer, long askedAt) {
            // Tokens know whole seconds only, so this one may have been issued a second ago.
            long left = Math.max((answer.seconds() - 1) * SECOND, SECOND / 2);
            long ends = askedAt + left;
            long renew = ends - (long) (left * ThreadLocalRandom.current().nextDouble(LEAST_MARGIN, MOST_MARGIN));
            return new Held(answer.text(), renew, ends, left);
        }
    }
}
