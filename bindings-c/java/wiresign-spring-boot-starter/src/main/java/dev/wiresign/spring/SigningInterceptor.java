package dev.wiresign.spring;

import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import java.io.IOException;
import java.net.URI;
import java.util.Objects;
import java.util.function.Supplier;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRequest;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.ClientHttpResponse;

/**
 * Signs what a {@code RestClient} or {@code RestTemplate} sends. It must be the last interceptor that changes the request,
 * and what sends must not follow redirects, since it would take the signature along: {@link WiresignClients} sees to that.
 */
public final class SigningInterceptor implements ClientHttpRequestInterceptor {
    private final Supplier<Signer> signers;

    /**
     * An interceptor.
     *
     * @param signer what signs; it must not be closed while the interceptor is used
     */
    public SigningInterceptor(Signer signer) {
        this(() -> signer);
        Objects.requireNonNull(signer, "signer");
    }

    /**
     * An interceptor whose signer may be another one for each request, as with {@link dev.wiresign.AwsSigners}.
     *
     * @param signers gives what signs a request
     */
    public SigningInterceptor(Supplier<Signer> signers) {
        this.signers = Objects.requireNonNull(signers, "signers");
    }

    @Override
    public ClientHttpResponse intercept(HttpRequest request, byte[] body, ClientHttpRequestExecution execution) throws IOException {
        URI uri = request.getURI();
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        Request outgoing = Request.of(request.getMethod().name(), target).authority(uri.getAuthority()).body(body);
        request.getHeaders().forEach((name, values) -> {
            // Spring says the length of an absent body, too, and most of what sends does not.
            if (body.length > 0 || !name.equalsIgnoreCase(HttpHeaders.CONTENT_LENGTH)) {
                values.forEach(value -> outgoing.header(name, value));
            }
        });
        for (Header header : signers.get().sign(outgoing)) {
            request.getHeaders().set(header.name(), header.value());
        }
        return execution.execute(request, body);
    }
}
