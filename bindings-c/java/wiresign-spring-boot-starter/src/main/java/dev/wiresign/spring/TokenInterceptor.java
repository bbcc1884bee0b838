package dev.wiresign.spring;

import dev.wiresign.http.TokenHeader;
import dev.wiresign.http.TokenSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.util.Optional;
import org.springframework.http.HttpRequest;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.ClientHttpResponse;

/**
 * Sends a token with what a {@code RestClient} or {@code RestTemplate} sends to one service, and none elsewhere. What sends must
 * not follow redirects: {@link WiresignClients} sees to that.
 */
public final class TokenInterceptor implements ClientHttpRequestInterceptor {
    private final TokenHeader tokens;

    /**
     * An interceptor.
     *
     * @param source gives the tokens
     * @param url a URL of the service that the tokens are for
     */
    public TokenInterceptor(TokenSource source, URI url) {
        tokens = new TokenHeader(source, url);
    }

    @Override
    public ClientHttpResponse intercept(HttpRequest request, byte[] body, ClientHttpRequestExecution execution) throws IOException {
        Optional<String> value;
        try {
            value = tokens.value(request.getURI());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("a token was waited for");
        }
        value.ifPresent(known -> request.getHeaders().set(TokenHeader.NAME, known));
        return execution.execute(request, body);
    }
}
