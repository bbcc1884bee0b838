package dev.wiresign;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Signs and verifies contexts: a tenant, and the roles that somebody has there, as they travel between the processors of one
 * deployment. May be used by all threads. Times are Unix times in seconds.
 */
public final class Contexts implements AutoCloseable {
    private final Handle handle;

    /**
     * Contexts under the keys of a configuration.
     *
     * @param config the configuration, which may be closed afterwards
     * @throws SigningException where the configuration has no keys for contexts
     */
    public Contexts(Config config) {
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        long from = config.handle().enter();
        try {
            int status = (int) Native.CONTEXTS_NEW.invokeExact(from, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.handle().leave();
        }
        handle = new Handle("this Contexts", out[0], Native.CONTEXTS_FREE);
    }

    /**
     * Signs a tenant and its roles now. The order of the roles and their repeats make no difference.
     *
     * @param tenant a UUID in lower case
     * @param roles the roles; may be empty
     * @return the signature, 64 hexadecimal digits
     * @throws SigningException where they cannot be signed, or no key is valid
     */
    public String sign(String tenant, List<String> roles) {
        return sign(tenant, roles, Native.NOW);
    }

    /**
     * Signs a tenant and its roles at a time.
     *
     * @param tenant a UUID in lower case
     * @param roles the roles; may be empty
     * @param now the time, which decides which keys are valid
     * @return the signature, 64 hexadecimal digits
     * @throws SigningException where they cannot be signed, or no key is valid
     */
    public String sign(String tenant, List<String> roles, long now) {
        long contexts = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            Claims claims = new Claims(arena, tenant, roles);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.CONTEXTS_SIGN.invokeExact(
                    contexts, claims.tenant, claims.tenant.byteSize(), claims.roles, claims.roles.byteSize(), claims.lengths,
                    claims.count, now, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new String(Native.take(out.getAtIndex(ValueLayout.JAVA_LONG, 0)), StandardCharsets.US_ASCII);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The bytes that {@link #sign} signs, for finding out why two sides differ. They hold no secret.
     *
     * @param tenant a UUID in lower case
     * @param roles the roles
     * @return the bytes
     * @throws SigningException where they cannot be signed
     */
    public byte[] message(String tenant, List<String> roles) {
        long contexts = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            Claims claims = new Claims(arena, tenant, roles);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.CONTEXTS_MESSAGE.invokeExact(
                    contexts, claims.tenant, claims.tenant.byteSize(), claims.roles, claims.roles.byteSize(), claims.lengths,
                    claims.count, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return Native.take(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Judges the signature of a tenant and its roles now.
     *
     * @param tenant the tenant, as it came
     * @param roles the roles, as they came
     * @param signature the signature, as it came
     * @return what was verified: use this, and not what went in
     * @throws Refusal where the signature does not hold
     */
    public VerifiedContext verify(String tenant, List<String> roles, String signature) {
        return verify(tenant, roles, signature, Native.NOW, null);
    }

    /**
     * Judges the signature of a tenant and its roles at a time, and in the older form as well.
     *
     * @param tenant the tenant, as it came
     * @param roles the roles, as they came
     * @param signature the signature, as it came
     * @param now the time, which decides which keys are valid
     * @param payload what an older system signed, built anew from this tenant and these roles, which is looked at only while
     *     the migration of the configuration lasts; null for none
     * @return what was verified: use this, and not what went in
     * @throws Refusal where the signature does not hold
     */
    public VerifiedContext verify(String tenant, List<String> roles, String signature, long now, byte[] payload) {
        long contexts = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            Claims claims = new Claims(arena, tenant, roles);
            MemorySegment claimed = arena.allocateFrom(ValueLayout.JAVA_BYTE, signature.getBytes(StandardCharsets.UTF_8));
            MemorySegment older = payload == null ? MemorySegment.NULL : arena.allocateFrom(ValueLayout.JAVA_BYTE, payload);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.CONTEXTS_VERIFY.invokeExact(
                    contexts, claims.tenant, claims.tenant.byteSize(), claims.roles, claims.roles.byteSize(), claims.lengths,
                    claims.count, claimed, claimed.byteSize(), now, older, older.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new VerifiedContext(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Takes the keys of another configuration, at once for all threads. The counters are kept.
     *
     * @param config the configuration, which may be closed afterwards
     * @throws SigningException where it has no keys for contexts; the old ones stay
     */
    public void replace(Config config) {
        long[] error = new long[1];
        long contexts = handle.enter();
        try {
            long from = config.handle().enter();
            try {
                int status = (int) Native.CONTEXTS_REPLACE.invokeExact(contexts, from, MemorySegment.ofArray(error));
                Failure.check(status, error[0]);
            } finally {
                config.handle().leave();
            }
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The counters as they stand.
     *
     * @return the counters
     */
    public Metrics metrics() {
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        long contexts = handle.enter();
        try {
            int status = (int) Native.CONTEXTS_METRICS.invokeExact(contexts, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
            return new Metrics(new String(Native.take(out[0]), StandardCharsets.UTF_8));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** Frees the object when the calls that are under way have ended. */
    @Override
    public void close() {
        handle.close();
    }

    /** A tenant and roles as the library takes them. */
    private static final class Claims {
        private final MemorySegment tenant;
        private final MemorySegment roles;
        private final MemorySegment lengths;
        private final long count;

        Claims(Arena arena, String tenant, List<String> roles) {
            List<byte[]> texts = new ArrayList<>();
            roles.forEach(role -> texts.add(role.getBytes(StandardCharsets.UTF_8)));
            this.tenant = arena.allocateFrom(ValueLayout.JAVA_BYTE, tenant.getBytes(StandardCharsets.UTF_8));
            this.roles = arena.allocate(texts.stream().mapToLong(text -> text.length).sum());
            this.lengths = arena.allocate(ValueLayout.JAVA_INT, texts.size());
            this.count = texts.size();
            long at = 0;
            for (int index = 0; index < texts.size(); index++) {
                byte[] text = texts.get(index);
                MemorySegment.copy(text, 0, this.roles, ValueLayout.JAVA_BYTE, at, text.length);
                lengths.setAtIndex(ValueLayout.JAVA_INT, index, text.length);
                at += text.length;
            }
        }
    }
}
