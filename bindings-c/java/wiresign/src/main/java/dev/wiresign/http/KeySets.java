package dev.wiresign.http;

import dev.wiresign.Config;
import dev.wiresign.Verifier;
import dev.wiresign.internal.Access;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;

/**
 * Keeps the published keys of token issuers up to date: fetches each JWK Set that a configuration names by a URL, all of them
 * at once when it is made, and then again and again until it is closed. A set that cannot be fetched, or is wrong, changes
 * nothing. May be used by all threads.
 *
 * <pre>{@code
 * KeySets sets = KeySets.builder(config).start();
 * sets.refresh().join(); // from the first request on the keys are known
 * WiresignFilter filter = WiresignFilter.builder(verifier).keySets(sets).build();
 * }</pre>
 *
 * <p>The filter has the sets follow {@link Verifier#replace}; where there is none, {@link #follow} does. They follow one verifier,
 * and refuse a second. A configuration may be closed when the sets have begun to serve it.
 */
public final class KeySets implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("wiresign");
    /** The longest set that is taken, in bytes; the library has the same limit. */
    private static final int MOST_BYTES = 65_536;
    private static final int OK = 200;

    private final KeySet.Pace pace;
    private final ScheduledThreadPoolExecutor timer;
    private final HttpClient given;
    private final Consumer<? super KeySetException> onError;
    /** What issuers published last, for the configuration that takes the place of this one. */
    private final Map<Source, String> known = new ConcurrentHashMap<>();
    /** A lock of its own: a set that begins to fetch holds its own lock already. */
    private final Object making = new Object();
    /** Made when it is needed: where there is nothing to fetch, it would only be idle threads. */
    private HttpClient fetching;
    private volatile List<KeySet> sets = List.of();
    /** The configuration that they are fetched for, to know it by: it may be closed. */
    private Config served;
    /** What gets the keys: the same configuration, which nobody else closes. */
    private Config own;
    private Verifier followed;
    private Runnable unfollow;
    private boolean closed;

    private KeySets(Builder chosen) {
        pace = new KeySet.Pace(chosen.refresh, chosen.coolDown, chosen.timeout);
        given = chosen.client;
        onError = chosen.onError;
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "wiresign-key-sets");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        served = chosen.config;
        own = Access.get().copyOf(served);
        sets = setsOf(own);
    }

    /**
     * Begins to say how sets are fetched.
     *
     * @param config names the issuers and their URLs, and gets the keys
     * @return what is to be told more, and then started
     */
    public static Builder builder(Config config) {
        return new Builder(Objects.requireNonNull(config, "config"));
    }

    /**
     * Fetches all sets, but for those that were fetched within the cool-down.
     *
     * @return complete when each set was taken or reported
     */
    public CompletableFuture<Void> refresh() {
        return CompletableFuture.allOf(sets.stream().map(KeySet::refresh).toArray(CompletableFuture<?>[]::new));
    }

    /**
     * Serves another configuration from now on. It gets the keys at hand at once, and all of its sets are fetched: call this before
     * {@link Verifier#replace}, and wait for what it gives, where issuers that are new are to be known from the first request on.
     * Else there is no need where the sets {@link #follow} the verifier.
     *
     * @param config names the issuers and their URLs, and gets the keys
     * @return complete when each set was taken or reported
     */
    public CompletableFuture<Void> replace(Config config) {
        serve(Objects.requireNonNull(config, "config"));
        return refresh();
    }

    /**
     * Serves each configuration that a verifier gets from now on, as {@link #replace} does, just before it is put in force. Nothing
     * happens where the sets follow this verifier already, or serve another configuration than it has: what becomes of them is up to
     * the application then.
     *
     * @param verifier the verifier, which was made of the configuration that the sets serve
     * @throws IllegalStateException where the sets follow another verifier: of the two configurations they could serve one, and the
     *     keys of the other would grow old without a word
     */
    public void follow(Verifier verifier) {
        Config expected;
        synchronized (this) {
            if (!isFreeFor(verifier)) {
                return;
            }
            expected = served;
        }
        // Whoever replaces the configuration of a verifier holds its lock, and then waits for that of the sets.
        Runnable end = Access.get().onReplacement(verifier, expected, config -> {
            serve(config);
            refresh();
        }).orElse(null);
        if (end == null) {
            return;
        }
        synchronized (this) {
            if (followed == null && !closed) {
                followed = verifier;
                unfollow = end;
                return;
            }
        }
        end.run();
        // They were given to two verifiers at the same time, perhaps.
        isFreeFor(verifier);
    }

    /** Whether the sets may begin to follow a verifier; throws where they follow another one. */
    private synchronized boolean isFreeFor(Verifier verifier) {
        if (closed) {
            return false;
        }
        if (followed != null && followed != verifier) {
            throw new IllegalStateException(
                    "wiresign: these KeySets follow another verifier already; give each verifier KeySets of its own");
        }
        return followed == null;
    }

    /** Ends all fetches. The keys stay as they are. */
    @Override
    public synchronized void close() {
        closed = true;
        if (unfollow != null) {
            unfollow.run();
        }
        sets.forEach(KeySet::close);
        own.close();
        timer.shutdownNow();
        synchronized (making) {
            if (fetching != null) {
                fetching.shutdownNow();
            }
        }
    }

    private synchronized void serve(Config config) {
        if (config == served) {
            return;
        }
        Config next = Access.get().copyOf(config);
        Set<Source> named = new HashSet<>();
        next.jwksUrls().forEach((issuer, url) -> {
            Source source = new Source(issuer, url);
            named.add(source);
            String text = known.get(source);
            if (text != null) {
                // It was taken before, by the same rules.
                next.publishKeys(issuer, text);
            }
        });
        known.keySet().retainAll(named);
        sets.forEach(KeySet::close);
        sets = closed ? List.of() : setsOf(next);
        own.close();
        own = next;
        served = config;
        if (closed) {
            own.close();
        }
    }

    private List<KeySet> setsOf(Config config) {
        return config.jwksUrls().entrySet().stream().map(entry -> {
            Source source = new Source(entry.getKey(), entry.getValue());
            return new KeySet(pace, timer, () -> fetch(source.url), text -> {
                config.publishKeys(source.issuer, text);
                known.put(source, text);
            }, failure -> report(new KeySetException(source.issuer, source.url, failure)));
        }).toList();
    }

    private CompletableFuture<String> fetch(String url) {
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(URI.create(url)).header("Accept", "application/jwk-set+json, application/json").build();
        } catch (IllegalArgumentException malformed) {
            return CompletableFuture.failedFuture(malformed);
        }
        return CappedBody.exchange(client(), request, MOST_BYTES, pace.timeout(), KeySets::text);
    }

    private HttpClient client() {
        synchronized (making) {
            if (given == null && fetching == null) {
                fetching = HttpClient.newHttpClient();
            }
            return given == null ? fetching : given;
        }
    }

    private static String text(HttpResponse<byte[]> answer) {
        if (answer.statusCode() != OK) {
            throw new IllegalStateException("the answer has the status " + answer.statusCode() + ", and only " + OK + " carries keys");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(answer.body())).toString();
        } catch (CharacterCodingException malformed) {
            throw new IllegalStateException("the set is not UTF-8", malformed);
        }
    }

    private void report(KeySetException failure) {
        try {
            onError.accept(failure);
        } catch (Exception broken) { // other languages of the JVM throw what they like
            LOG.log(System.Logger.Level.ERROR, "the onError hook of KeySets failed", broken);
        }
    }

    private record Source(String issuer, String url) {}

    /** How sets are fetched. */
    public static final class Builder {
        private final Config config;
        private Duration refresh = Duration.ofMinutes(5);
        private Duration coolDown = Duration.ofMinutes(1);
        private Duration timeout = Duration.ofSeconds(5);
        private HttpClient client;
        private Consumer<? super KeySetException> onError =
                failure -> LOG.log(System.Logger.Level.WARNING, failure.getMessage());

        private Builder(Config config) {
            this.config = config;
        }

        /**
         * From one fetch of a set to the next; 5 minutes unless given.
         *
         * @param interval the time
         * @return this
         */
        public Builder refresh(Duration interval) {
            refresh = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /**
         * The shortest time from the end of one fetch of a set to the next, however many tokens name unknown keys, and however
         * the last fetch went; 1 minute unless given.
         *
         * @param pause the time
         * @return this
         */
        public Builder coolDown(Duration pause) {
            coolDown = Objects.requireNonNull(pause, "pause");
            return this;
        }

        /**
         * The longest fetch, from the connection to the last byte; 5 seconds unless given.
         *
         * @param limit the time
         * @return this
         */
        public Builder timeout(Duration limit) {
            timeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * What fetches, for a proxy or certificates of your own. It is not closed with the sets.
         *
         * @param fetcher a client that follows no redirects: keys come from the URL of the configuration, or not at all
         * @return this
         */
        public Builder client(HttpClient fetcher) {
            client = CappedBody.withoutRedirects(fetcher, "take keys from where they point");
            return this;
        }

        /**
         * Who is told of each set that was not renewed; else a warning is logged.
         *
         * @param hook what it throws is logged, and changes nothing
         * @return this
         */
        public Builder onError(Consumer<? super KeySetException> hook) {
            onError = Objects.requireNonNull(hook, "hook");
            return this;
        }

        /**
         * Begins to fetch.
         *
         * @return the sets, which are to be closed
         */
        public KeySets start() {
            KeySets sets = new KeySets(this);
            sets.refresh();
            return sets;
        }
    }
}
