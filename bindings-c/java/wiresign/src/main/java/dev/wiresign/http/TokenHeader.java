package dev.wiresign.http;

import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** The header field with a token for the requests to one origin, and none for requests that go elsewhere. */
public final class TokenHeader {
    /** Its name. */
    public static final String NAME = "Authorization";

    private final TokenSource source;
    private final String origin;

    /**
     * The field for one service.
     *
     * @param source gives the tokens
     * @param url a URL of the service that the tokens are for
     */
    public TokenHeader(TokenSource source, URI url) {
        this.source = Objects.requireNonNull(source, "source");
        this.origin = origin(url);
    }

    /**
     * The value for a request.
     *
     * @param uri where the request goes
     * @return the value; absent where it goes to another origin
     * @throws TokenException where there is no token
     * @throws InterruptedException where the thread is interrupted meanwhile
     */
    public Optional<String> value(URI uri) throws TokenException, InterruptedException {
        return origin(uri).equals(origin) ? Optional.of("Bearer " + source.token()) : Optional.empty();
    }

    /** Scheme, host and port. */
    private static String origin(URI url) {
        if (url.getScheme() == null || url.getHost() == null) {
            throw new IllegalArgumentException("url: " + url + " has no origin");
        }
        String scheme = url.getScheme().toLowerCase(Locale.ROOT);
        int port = url.getPort() != -1 ? url.getPort() : scheme.equals("https") ? SigningClient.HTTPS_PORT : SigningClient.HTTP_PORT;
        return scheme + "://" + url.getHost().toLowerCase(Locale.ROOT) + ":" + port;
    }
}
