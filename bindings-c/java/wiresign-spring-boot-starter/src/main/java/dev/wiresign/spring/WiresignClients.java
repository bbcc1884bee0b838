package dev.wiresign.spring;

import dev.wiresign.AwsCredentials;
import dev.wiresign.AwsSigners;
import dev.wiresign.Config;
import dev.wiresign.Signer;
import dev.wiresign.http.TokenSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/** Makes clients for calls to other services, which sign what they send, or bring a token, and follow no redirects. */
public final class WiresignClients implements DisposableBean {
    private final Config config;
    private final Supplier<AwsCredentials> credentials;
    private final Map<String, Signer> signers = new ConcurrentHashMap<>();
    private final HttpClient http = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

    /**
     * Clients of one service.
     *
     * @param config the configuration of the service that calls
     */
    public WiresignClients(Config config) {
        this(config, null);
    }

    /**
     * Clients of a service that signs with credentials of AWS.
     *
     * @param config the configuration of the service that calls
     * @param credentials gives those that are good now, as {@link AwsSigners} asks for them; null for those of the configuration
     */
    public WiresignClients(Config config, Supplier<AwsCredentials> credentials) {
        this.config = config;
        this.credentials = credentials;
    }

    /**
     * A builder of a client for calls to one service; its base URL is that of the configuration, where it has one.
     *
     * @param service the id of the service that is called
     * @return the builder
     */
    public RestClient.Builder restClient(String service) {
        SigningInterceptor interceptor = credentials == null
                ? new SigningInterceptor(signer(service))
                : new SigningInterceptor(new AwsSigners(config, service, credentials));
        RestClient.Builder builder = RestClient.builder()
                .requestFactory(new JdkClientHttpRequestFactory(http))
                .requestInterceptor(interceptor);
        config.url(service).ifPresent(builder::baseUrl);
        return builder;
    }

    /**
     * A builder of a client for calls to one service with tokens, which are renewed before they end. The signature of this
     * service goes to the token endpoint only.
     *
     * @param service the id of the service that is called; the configuration has its URL
     * @param issuer the id of the service that issues the tokens
     * @param endpoint the URL of its token endpoint
     * @return the builder
     */
    public RestClient.Builder restClientWithTokens(String service, String issuer, URI endpoint) {
        String url = config.url(service).orElseThrow(() -> new IllegalArgumentException(
                "wiresign: the configuration has no url for " + service + ", so nobody knows where its tokens may go"));
        TokenSource source = new TokenSource(http, signer(issuer), endpoint, service);
        return RestClient.builder()
                .requestFactory(new JdkClientHttpRequestFactory(http))
                .requestInterceptor(new TokenInterceptor(source, URI.create(url)))
                .baseUrl(url);
    }

    @Override
    public void destroy() {
        signers.values().forEach(Signer::close);
    }

    private Signer signer(String service) {
        return signers.computeIfAbsent(service, id -> new Signer(config, id));
    }
}
