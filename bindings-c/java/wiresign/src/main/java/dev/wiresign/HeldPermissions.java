package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** What the callers of one configuration may do: an object of its own, since callers are asked when the configuration is closed. */
final class HeldPermissions implements AutoCloseable {
    private final Handle config;

    private HeldPermissions(long address) {
        this.config = new Handle("the Verifier of this caller", address, Native.CONFIG_FREE);
    }

    /** Those of a configuration. */
    static HeldPermissions of(Config config) {
        return new HeldPermissions(config.share());
    }

    /** Whether a service may do all that a permission matches. The claims are null where the request has no token. */
    boolean permit(String service, String claims, String permission) {
        byte[] id = service.getBytes(StandardCharsets.UTF_8);
        byte[] held = claims == null ? new byte[0] : claims.getBytes(StandardCharsets.UTF_8);
        MemorySegment token = claims == null ? MemorySegment.NULL : MemorySegment.ofArray(held);
        byte[] text = permission.getBytes(StandardCharsets.UTF_8);
        byte[] permits = new byte[1];
        long[] error = new long[1];
        long address = config.enter();
        try {
            int status = (int) Native.CONFIG_PERMITS.invokeExact(
                    address, MemorySegment.ofArray(id), (long) id.length, token, (long) held.length,
                    MemorySegment.ofArray(text), (long) text.length, MemorySegment.ofArray(permits),
                    MemorySegment.ofArray(error));
            Failure.check(status, error[0]);
            return permits[0] != 0;
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.leave();
        }
    }

    @Override
    public void close() {
        config.close();
    }
}
