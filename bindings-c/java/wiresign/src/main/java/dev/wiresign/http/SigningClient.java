package dev.wiresign.http;

import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.SigningException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Sends requests through an {@link HttpClient}, each signed with the method, the raw target and the bytes of the body that
 * really go out.
 *
 * <pre>{@code
 * SigningClient images = new SigningClient(HttpClient.newHttpClient(), new Signer(config, "image-service"));
 * HttpResponse<String> answer = images.send(request, BodyHandlers.ofString());
 * }</pre>
 *
 * <p>The body is gathered first, since a signature covers all of it. Redirects are not followed: a signature names the
 * service that it was made for, and the client would pass it on to wherever the redirect points. The answer with the
 * redirect is given to the caller, who may send a new request. The object may be used by all threads.
 */
public final class SigningClient {
    /** The longest body that is gathered to be signed, in bytes, unless another limit is given. */
    public static final int BODY_LIMIT = 10_485_760;

    static final int HTTP_PORT = 80;
    static final int HTTPS_PORT = 443;

    private final HttpClient client;
    private final Supplier<Signer> signers;
    private final int bodyLimit;

    /**
     * A client that gathers bodies of up to {@link #BODY_LIMIT} bytes.
     *
     * @param client what sends; it must not follow redirects, which is how it is unless its builder was told otherwise
     * @param signer what signs; it must not be closed while this client is used
     */
    public SigningClient(HttpClient client, Signer signer) {
        this(client, signer, BODY_LIMIT);
    }

    /**
     * A client that gathers bodies of up to some length.
     *
     * @param client what sends; it must not follow redirects, which is how it is unless its builder was told otherwise
     * @param signer what signs; it must not be closed while this client is used
     * @param bodyLimit the longest body in bytes
     */
    public SigningClient(HttpClient client, Signer signer, int bodyLimit) {
        this(client, () -> signer, bodyLimit);
        Objects.requireNonNull(signer, "signer");
    }

    /**
     * A client whose signer may be another one for each request, as with {@link dev.wiresign.AwsSigners}.
     *
     * @param client what sends; it must not follow redirects, which is how it is unless its builder was told otherwise
     * @param signers gives what signs a request
     */
    public SigningClient(HttpClient client, Supplier<Signer> signers) {
        this(client, Objects.requireNonNull(signers, "signers"), BODY_LIMIT);
    }

    private SigningClient(HttpClient client, Supplier<Signer> signers, int bodyLimit) {
        this.client = CappedBody.withoutRedirects(client, "send signatures to where they point");
        this.signers = signers;
        this.bodyLimit = bodyLimit;
    }

    /**
     * Signs the request and sends it.
     *
     * @param <T> the type of the answer's body
     * @param request the request
     * @param handler makes the answer's body
     * @return the answer
     * @throws IOException where sending fails
     * @throws InterruptedException where the thread is interrupted meanwhile
     * @throws SigningException where the request cannot be signed
     */
    public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler) throws IOException, InterruptedException {
        byte[] body;
        try {
            body = gather(request).get();
        } catch (java.util.concurrent.ExecutionException failure) {
            throw failure.getCause() instanceof IOException cause ? cause : new IOException(failure.getCause());
        }
        return client.send(signed(request, body), handler);
    }

    /**
     * Signs the request and sends it without waiting.
     *
     * @param <T> the type of the answer's body
     * @param request the request
     * @param handler makes the answer's body
     * @return the answer when it is there; fails with a {@link SigningException} where the request cannot be signed
     */
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> handler) {
        return gather(request).thenCompose(body -> client.sendAsync(signed(request, body), handler));
    }

    /**
     * The request with its signature, to be sent at once, and once only.
     *
     * @param request the request
     * @param body the bytes of its body; they take the place of its publisher
     * @return the signed request
     * @throws SigningException where the request cannot be signed
     */
    public HttpRequest signed(HttpRequest request, byte[] body) {
        URI uri = request.uri();
        Request outgoing = Request.of(request.method(), target(uri)).authority(authority(uri)).body(body);
        request.headers().map().forEach((name, values) -> values.forEach(value -> outgoing.header(name, value)));
        var headers = signers.get().sign(outgoing);
        Set<String> names = headers.stream()
                .map(header -> header.name().toLowerCase(Locale.ROOT))
                .collect(java.util.stream.Collectors.toSet());
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(request, (name, value) -> !names.contains(name.toLowerCase(Locale.ROOT)));
        for (Header header : headers) {
            builder.header(header.name(), header.value());
        }
        BodyPublisher publisher =
                request.bodyPublisher().isEmpty() && body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        return builder.method(request.method(), publisher).build();
    }

    /** What the client writes into the request line. */
    static String target(URI uri) {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    private static String authority(URI uri) {
        int usual = "https".equalsIgnoreCase(uri.getScheme()) ? HTTPS_PORT : HTTP_PORT;
        return uri.getPort() == -1 || uri.getPort() == usual ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
    }

    private CompletableFuture<byte[]> gather(HttpRequest request) {
        if (request.bodyPublisher().isEmpty() || request.bodyPublisher().get().contentLength() == 0) {
            return CompletableFuture.completedFuture(new byte[0]);
        }
        CappedBody gathered = new CappedBody(
                bodyLimit, "the body is longer than " + bodyLimit + " bytes, so it is not gathered to be signed (bodyLimit)");
        request.bodyPublisher().get().subscribe(gathered.byPiece());
        return gathered.getBody().toCompletableFuture();
    }
}
