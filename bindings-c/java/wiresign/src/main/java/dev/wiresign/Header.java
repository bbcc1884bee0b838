package dev.wiresign;

import java.util.Objects;

/**
 * One header field.
 *
 * @param name the name, as it is written
 * @param value the value
 */
public record Header(String name, String value) {
    /** Checks that both are there. */
    public Header {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
    }
}
