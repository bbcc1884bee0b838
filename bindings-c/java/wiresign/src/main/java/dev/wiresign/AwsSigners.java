package dev.wiresign;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Gives the signer for the credentials of AWS that are good now, and a new one when they change. What fetches them is the
 * application's: with the SDK of AWS, a {@code DefaultCredentialsProvider}.
 *
 * <pre>{@code
 * AwsSigners signers = new AwsSigners(config, "orders", () -> {
 *     AwsCredentialsIdentity now = provider.resolveIdentity().join();
 *     ...
 *     return new AwsCredentials(now.accessKeyId(), now.secretAccessKey(), token, now.expirationTime().orElse(null));
 * });
 * SigningClient orders = new SigningClient(HttpClient.newHttpClient(), signers);
 * }</pre>
 *
 * <p>Of credentials that say when they end, the next ones are asked for five minutes before, by one thread, while the others go
 * on with what is at hand. Where the end is not known, the provider is asked for each request. While it fails, the last ones are
 * used as long as they are good.
 *
 * <p>May be used by all threads. Signers that are not needed any more are freed by the collector, since somebody may be signing.
 */
public final class AwsSigners implements Supplier<Signer> {
    private static final System.Logger LOG = System.getLogger("wiresign");
    private static final Duration RENEW_BEFORE = Duration.ofMinutes(5);
    /** How long a provider is left alone that has failed, or has given what ends soon. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final Config config;
    private final String target;
    private final Supplier<AwsCredentials> provider;
    private final InstantSource clock;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Current current;

    /**
     * Signers for calls to one service.
     *
     * @param config the configuration, which signs with {@code aws-identity} or {@code aws-sigv4}; it must not be closed before
     * @param target the id of the service that is called; null for none
     * @param provider gives the credentials that are good now
     */
    public AwsSigners(Config config, String target, Supplier<AwsCredentials> provider) {
        this(config, target, provider, InstantSource.system());
    }

    AwsSigners(Config config, String target, Supplier<AwsCredentials> provider, InstantSource clock) {
        this.config = Objects.requireNonNull(config, "config");
        this.target = target;
        this.provider = Objects.requireNonNull(provider, "provider");
        this.clock = clock;
    }

    /**
     * The signer for the credentials that are good now.
     *
     * @return the signer, which is not to be closed
     * @throws SigningException where there are none, the configuration signs with another scheme, or these cannot be credentials
     */
    @Override
    public Signer get() {
        Current known = current;
        Instant now = clock.instant();
        if (known != null && now.isBefore(known.askAgain)) {
            return known.signer;
        }
        if (known == null || !known.isGood(now)) {
            asking.lock();
        } else if (!asking.tryLock()) {
            return known.signer;
        }
        try {
            known = current;
            return known != null && now.isBefore(known.askAgain) ? known.signer : ask(known, now);
        } finally {
            asking.unlock();
        }
    }

    private Signer ask(Current known, Instant now) {
        AwsCredentials credentials;
        try {
            credentials = Objects.requireNonNull(provider.get(), "the provider gave none");
        } catch (RuntimeException failure) {
            if (known == null || !known.isGood(now)) {
                SigningException nothing = new SigningException("there are no credentials of AWS: " + failure.getMessage());
                nothing.initCause(failure);
                throw nothing;
            }
            LOG.log(System.Logger.Level.WARNING, "credentials of AWS could not be renewed, and those at hand are used on: " + failure.getMessage());
            current = new Current(known.credentials, known.signer, now.plus(PAUSE));
            return known.signer;
        }
        Signer signer = known != null && known.credentials.equals(credentials)
                ? known.signer
                : Signer.withAwsCredentials(config, target, credentials.accessKeyId(), credentials.secret(), credentials.sessionToken());
        current = new Current(credentials, signer, askAgain(credentials.expires(), now));
        return signer;
    }

    private static Instant askAgain(Instant expires, Instant now) {
        if (expires == null) {
            return now;
        }
        Instant renew = expires.minus(RENEW_BEFORE);
        Instant soon = now.plus(PAUSE);
        Instant later = renew.isAfter(soon) ? renew : soon;
        return later.isBefore(expires) ? later : expires;
    }

    /** What is at hand, and from when on the provider is asked for the next. */
    private record Current(AwsCredentials credentials, Signer signer, Instant askAgain) {
        boolean isGood(Instant now) {
            return credentials.expires() == null || now.isBefore(credentials.expires());
        }
    }
}
