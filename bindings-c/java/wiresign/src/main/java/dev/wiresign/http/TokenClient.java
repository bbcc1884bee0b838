package dev.wiresign.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.util.Optional;

/**
 * Sends requests through an {@link HttpClient}, each to one origin with a token, and to no other with one. Redirects are not
 * followed, since the client would take the token along. May be used by all threads.
 */
public final class TokenClient {
    private final HttpClient client;
    private final TokenHeader tokens;

    /**
     * A client for one service.
     *
     * @param client what sends; it must not follow redirects, which is how it is unless its builder was told otherwise
     * @param source gives the tokens
     * @param url a URL of the service that the tokens are for
     */
    public TokenClient(HttpClient client, TokenSource source, URI url) {
        this.client = CappedBody.withoutRedirects(client, "send tokens to where they point");
        this.tokens = new TokenHeader(source, url);
    }

    /**
     * Sends a request with a token.
     *
     * @param <T> the type of the answer's body
     * @param request the request
     * @param handler makes the answer's body
     * @return the answer
     * @throws TokenException where there is no token; then nothing was sent
     * @throws IOException where sending fails
     * @throws InterruptedException where the thread is interrupted meanwhile
     */
    public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler) throws IOException, InterruptedException {
        return client.send(authorized(request), handler);
    }

    /**
     * The request with a token, where it goes to the service that the token is for; else as it is.
     *
     * @param request the request
     * @return the request to send
     * @throws TokenException where there is no token
     * @throws InterruptedException where the thread is interrupted meanwhile
     */
    public HttpRequest authorized(HttpRequest request) throws TokenException, InterruptedException {
        Optional<String> value = tokens.value(request.uri());
        if (value.isEmpty()) {
            return request;
        }
        return HttpRequest.newBuilder(request, (name, given) -> !name.equalsIgnoreCase(TokenHeader.NAME))
                .header(TokenHeader.NAME, value.get())
                .build();
    }
}
