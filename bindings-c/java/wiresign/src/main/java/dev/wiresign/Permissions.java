package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** What applications require of their callers: patterns such as {@code POST /invoices/**}. */
public final class Permissions {
    private Permissions() {}

    /**
     * Checks that a text is a permission, when a handler is set up, and not at its first request.
     *
     * @param permission a pattern such as {@code POST /invoices/**}
     * @throws IllegalArgumentException where it is none; the message says what is wrong
     */
    public static void check(String permission) {
        Native.require();
        byte[] text = permission.getBytes(StandardCharsets.UTF_8);
        long[] error = new long[1];
        try {
            int status = (int) Native.PERMISSION_CHECK.invokeExact(
                    MemorySegment.ofArray(text), (long) text.length, MemorySegment.ofArray(error));
            Failure.check(status, error[0]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }
}
