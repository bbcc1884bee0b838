package dev.wiresign.spring;

import dev.wiresign.Config;
import dev.wiresign.Signer;
import java.net.http.HttpClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/** Makes clients for calls to other services, which sign what they send and follow no redirects. */
public final class WiresignClients implements DisposableBean {
    private final Config config;
    private final Map<String, Signer> signers = new ConcurrentHashMap<>();
    private final HttpClient http = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

    /**
     * Clients of one service.
     *
     * @param config the configuration of the service that calls
     */
    public WiresignClients(Config config) {
        this.config = config;
    }

    /**
     * A builder of a client for calls to one service; its base URL is that of the configuration, where it has one.
     *
     * @param service the id of the service that is called
     * @return the builder
     */
    public RestClient.Builder restClient(String service) {
        RestClient.Builder builder = RestClient.builder()
                .requestFactory(new JdkClientHttpRequestFactory(http))
                .requestInterceptor(new SigningInterceptor(signers.computeIfAbsent(service, id -> new Signer(config, id))));
        config.url(service).ifPresent(builder::baseUrl);
        return builder;
    }

    @Override
    public void destroy() {
        signers.values().forEach(Signer::close);
    }
}
