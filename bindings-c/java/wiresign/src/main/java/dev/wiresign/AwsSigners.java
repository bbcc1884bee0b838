package dev.wiresign;

import java.util.Objects;
import java.util.function.Supplier;

/**
 * Gives the signer for the credentials of AWS that are good now, and a new one when they change. What fetches and renews them is
 * the application's: with the SDK of AWS, a {@code DefaultCredentialsProvider}.
 *
 * <pre>{@code
 * AwsSigners signers = new AwsSigners(config, "orders", () -> {
 *     AwsCredentialsIdentity now = provider.resolveIdentity().join();
 *     ...
 * });
 * SigningClient orders = new SigningClient(HttpClient.newHttpClient(), signers);
 * }</pre>
 *
 * <p>May be used by all threads. Signers that are not needed any more are freed by the collector, since somebody may be signing.
 */
public final class AwsSigners implements Supplier<Signer> {
    private final Config config;
    private final String target;
    private final Supplier<AwsCredentials> provider;
    private volatile Current current;

    /**
     * Signers for calls to one service.
     *
     * @param config the configuration, which signs with {@code aws-identity} or {@code aws-sigv4}; it must not be closed before
     * @param target the id of the service that is called; null for none
     * @param provider gives the credentials that are good now; it is asked for each request, so it keeps them meanwhile
     */
    public AwsSigners(Config config, String target, Supplier<AwsCredentials> provider) {
        this.config = Objects.requireNonNull(config, "config");
        this.target = target;
        this.provider = Objects.requireNonNull(provider, "provider");
    }

    /**
     * The signer for the credentials that are good now.
     *
     * @return the signer, which is not to be closed
     * @throws SigningException where the configuration signs with another scheme, or these cannot be credentials
     */
    @Override
    public Signer get() {
        AwsCredentials credentials = provider.get();
        Current known = current;
        return known != null && known.credentials.equals(credentials) ? known.signer : renew(credentials);
    }

    private synchronized Signer renew(AwsCredentials credentials) {
        if (current == null || !current.credentials.equals(credentials)) {
            Signer signer = Signer.withAwsCredentials(
                    config, target, credentials.accessKeyId(), credentials.secret(), credentials.sessionToken());
            current = new Current(credentials, signer);
        }
        return current.signer;
    }

    private record Current(AwsCredentials credentials, Signer signer) {}
}
