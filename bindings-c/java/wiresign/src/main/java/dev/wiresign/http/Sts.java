package dev.wiresign.http;

import dev.wiresign.Header;
import dev.wiresign.IdentityRequest;
import dev.wiresign.Request;
import dev.wiresign.Response;
import dev.wiresign.Verifier;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Asks AWS who made the proof of an IAM identity.
 *
 * <pre>{@code
 * Sts sts = Sts.builder().build();
 * WiresignFilter filter = new WiresignFilter(verifier, null, null, sts);
 * }</pre>
 *
 * <p>A question goes to STS as the library makes it: over TLS, to the host of a region in the configuration, and nowhere else.
 * Without an answer the request is refused. Where several requests bring one proof at the same time, it is asked about once.
 * May be used by all threads; a process has one.
 */
public final class Sts implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("wiresign");
    private static final int MOST_BYTES = 16 * 1024;

    private final Duration timeout;
    private final URI endpoint;
    private final HttpClient given;
    private final ConcurrentMap<Question, CompletableFuture<Optional<Response>>> underWay = new ConcurrentHashMap<>();
    /** Made when it is needed: most services never ask. */
    private HttpClient own;

    private Sts(Builder chosen) {
        timeout = chosen.timeout;
        endpoint = chosen.endpoint;
        given = chosen.client;
    }

    /**
     * Begins to say how AWS is asked.
     *
     * @return what may be told more, and then built
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Asks what has to be asked before a request can be verified, and tells the verifier the answer; nothing for nearly all
     * requests. Waits meanwhile.
     *
     * @param verifier who will verify the request
     * @param head what was received; its body is not looked at
     */
    public void prepare(Verifier verifier, Request head) {
        verifier.identityRequest(head).ifPresent(question -> verifier.identityAnswer(question, ask(question).join().orElse(null)));
    }

    /**
     * Sends a question.
     *
     * @param question what {@link Verifier#identityRequest} gave
     * @return the answer when it is there, for {@link Verifier#identityAnswer}; absent where none came. It never fails.
     */
    public CompletableFuture<Optional<Response>> ask(IdentityRequest question) {
        Question asked = new Question(question.url(), question.headers());
        CompletableFuture<Optional<Response>> first = new CompletableFuture<>();
        CompletableFuture<Optional<Response>> other = underWay.putIfAbsent(asked, first);
        if (other != null) {
            return other.copy();
        }
        try {
            send(question).whenComplete((answer, failure) -> {
                underWay.remove(asked);
                if (failure != null) {
                    report(question, failure);
                }
                first.complete(Optional.ofNullable(answer));
            });
        } catch (RuntimeException | Error failure) {
            underWay.remove(asked);
            report(question, failure);
            first.complete(Optional.empty());
        }
        // Whoever waits no more must not end it for the others.
        return first.copy();
    }

    /** Closes the connections, where the client is not one that was given. */
    @Override
    public synchronized void close() {
        if (own != null) {
            own.shutdownNow();
        }
    }

    private CompletableFuture<Response> send(IdentityRequest question) {
        URI uri = endpoint == null ? URI.create(question.url()) : endpoint;
        if (endpoint == null && !"https".equals(uri.getScheme())) {
            throw new IllegalStateException("the question would go over a plain connection");
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(timeout)
                .method(question.method(), BodyPublishers.ofString(question.body()));
        for (Header header : question.headers()) {
            // The client writes that one itself, from the URL. Only what is asked elsewhere has to be told.
            if (endpoint != null || !header.name().equalsIgnoreCase("host")) {
                request.header(header.name(), header.value());
            }
        }
        return CappedBody.exchange(client(), request.build(), MOST_BYTES, timeout, answer ->
                new Response(answer.statusCode(), List.of(), answer.body()));
    }

    private synchronized HttpClient client() {
        if (given != null) {
            return given;
        }
        if (own == null) {
            own = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout).build();
        }
        return own;
    }

    private static void report(IdentityRequest question, Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        LOG.log(System.Logger.Level.WARNING, question.url() + " gave no answer: " + cause.getClass().getSimpleName()
                + (cause.getMessage() == null ? "" : ": " + cause.getMessage()));
    }

    /** What two requests have in common when they bring one proof. */
    private record Question(String url, List<Header> headers) {}

    /** How AWS is asked. */
    public static final class Builder {
        private Duration timeout = Duration.ofSeconds(3);
        private URI endpoint;
        private HttpClient client;

        private Builder() {}

        /**
         * How long a question may take as a whole; 3 seconds unless given.
         *
         * @param limit the time
         * @return this
         */
        public Builder timeout(Duration limit) {
            if (!limit.isPositive()) {
                throw new IllegalArgumentException("the timeout must be more than nothing");
            }
            timeout = limit;
            return this;
        }

        /**
         * What asks, for a proxy of your own. It is not closed here.
         *
         * @param asker a client that follows no redirects: only AWS knows who made a proof
         * @return this
         */
        public Builder client(HttpClient asker) {
            client = CappedBody.withoutRedirects(asker, "believe what somebody else says");
            return this;
        }

        /**
         * Where to send all questions in tests, on this machine. The header fields stay as they are, so Java has to be started
         * with {@code -Djdk.httpclient.allowRestrictedHeaders=host}.
         *
         * @param local a URL of this machine
         * @return this
         */
        public Builder endpoint(URI local) {
            Objects.requireNonNull(local, "local");
            if (!isLoopback(local.getHost())) {
                throw new IllegalArgumentException("the endpoint is for tests, and must be on this machine");
            }
            endpoint = local;
            return this;
        }

        /**
         * Makes it.
         *
         * @return what asks, which is to be closed
         */
        public Sts build() {
            return new Sts(this);
        }

        private static boolean isLoopback(String host) {
            if (host == null || host.equals("localhost")) {
                return host != null;
            }
            try {
                // A name is not looked up: whoever answers for it could be anywhere a moment later.
                return host.matches("[0-9.]+|\\[.*]") && InetAddress.getByName(host).isLoopbackAddress();
            } catch (UnknownHostException malformed) {
                return false;
            }
        }
    }
}
