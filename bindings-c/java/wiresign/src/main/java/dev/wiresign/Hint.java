package dev.wiresign;

import java.util.Objects;

/**
 * One cause that an explanation names.
 *
 * @param id the stable name of the cause
 * @param cause a sentence that names the cause
 * @param fix a sentence that says what to do
 * @param isProved whether the signature is right once this cause is taken away
 */
public record Hint(String id, String cause, String fix, boolean isProved) {
    /** Checks that all are there. */
    public Hint {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(cause, "cause");
        Objects.requireNonNull(fix, "fix");
    }
}
