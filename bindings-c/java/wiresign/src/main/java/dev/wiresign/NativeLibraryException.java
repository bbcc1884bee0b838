package dev.wiresign;

/** The native library cannot be used on this machine. The message says what to do about it. */
public final class NativeLibraryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NativeLibraryException(String message, Throwable cause) {
        super("wiresign: " + message, cause);
    }

    private NativeLibraryException(NativeLibraryException first) {
        super(first.getMessage(), first);
    }

    /** The same problem, met by another call. */
    NativeLibraryException again() {
        return new NativeLibraryException(this);
    }
}
