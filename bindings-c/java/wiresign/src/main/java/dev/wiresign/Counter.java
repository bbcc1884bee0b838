package dev.wiresign;

import java.util.Map;
import java.util.Objects;

/**
 * One counter of a verifier.
 *
 * @param name the name, as Prometheus has it
 * @param labels what tells it from others of the name, in order
 * @param value the count
 */
public record Counter(String name, Map<String, String> labels, long value) {
    /** Checks that all are there. */
    public Counter {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(labels, "labels");
    }
}
