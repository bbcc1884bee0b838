package dev.wiresign.micrometer;

import dev.wiresign.Contexts;
import dev.wiresign.Counter;
import dev.wiresign.Metrics;
import dev.wiresign.Verifier;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Gives every counter of a verifier, or of contexts, to a registry, under the name that it has in every language: {@code wiresign.requests}
 * and its like, which Prometheus shows as {@code wiresign_requests_total}.
 *
 * <p>The counters are read as a whole, at most once in {@link #AGE_MILLIS} milliseconds.
 */
public final class WiresignMetrics implements MeterBinder {
    /** How old the counters may be that a registry reads, so that reading each of them does not count all anew. */
    public static final long AGE_MILLIS = 100;

    private static final String SUFFIX = "_total";

    private final Supplier<Metrics> source;
    private final Object lock = new Object();
    private Map<Key, Long> counts = Map.of();
    private long readAt;

    private record Key(String name, Map<String, String> labels) {}

    /**
     * A binder.
     *
     * @param verifier whose counters are shown; it must not be closed before the registry
     */
    public WiresignMetrics(Verifier verifier) {
        this.source = Objects.requireNonNull(verifier, "verifier")::metrics;
    }

    /**
     * A binder.
     *
     * @param contexts whose counters are shown; they must not be closed before the registry
     */
    public WiresignMetrics(Contexts contexts) {
        this.source = Objects.requireNonNull(contexts, "contexts")::metrics;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (Counter counter : source.get().counters()) {
            Key key = new Key(counter.name(), counter.labels());
            List<Tag> tags = counter.labels().entrySet().stream().map(label -> Tag.of(label.getKey(), label.getValue())).toList();
            FunctionCounter.builder(meterName(counter.name()), this, binder -> binder.count(key)).tags(tags).register(registry);
        }
    }

    /** The name in Micrometer's spelling, which each registry turns into its own. */
    private static String meterName(String name) {
        String base = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
        return base.replace('_', '.');
    }

    private double count(Key key) {
        synchronized (lock) {
            long now = System.nanoTime();
            if (counts.isEmpty() || now - readAt > AGE_MILLIS * 1_000_000) {
                Map<Key, Long> fresh = new HashMap<>();
                source.get().counters().forEach(counter -> fresh.put(new Key(counter.name(), counter.labels()), counter.value()));
                counts = fresh;
                readAt = now;
            }
            return counts.getOrDefault(key, 0L);
        }
    }
}
