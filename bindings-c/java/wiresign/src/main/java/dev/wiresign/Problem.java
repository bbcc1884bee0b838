package dev.wiresign;

import java.util.Objects;

/**
 * One finding about a configuration document.
 *
 * @param pointer JSON pointer (RFC 6901) to the member in question; empty for the whole document
 * @param message a sentence that says what to do, without any secret
 */
public record Problem(String pointer, String message) {
    /** Checks that both are there. */
    public Problem {
        Objects.requireNonNull(pointer, "pointer");
        Objects.requireNonNull(message, "message");
    }

    @Override
    public String toString() {
        return (pointer.isEmpty() ? "the document" : pointer) + ": " + message;
    }
}
