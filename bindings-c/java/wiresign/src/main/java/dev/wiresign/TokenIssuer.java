package dev.wiresign;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Issues tokens about the services of the registry, signed with the own key, for a token endpoint. May be used by all threads.
 */
public final class TokenIssuer implements AutoCloseable {
    /** As a lifetime: what the configuration says. */
    private static final long CONFIGURED = -1;

    /** Replaced as a whole; calls under way end on the one that they began with, which the collector frees. */
    private volatile Handle handle;
    private boolean closed;

    /**
     * An issuer.
     *
     * @param config the configuration, which may be closed afterwards
     * @throws SigningException where the own service has no key that can sign tokens
     */
    public TokenIssuer(Config config) {
        handle = make(config);
    }

    /**
     * Issues a token now, with all permissions of its subject, for as long as the configuration says.
     *
     * @param subject the service of the registry that the token is about
     * @param audience the service that it is for, one of the subject's targets
     * @return the token
     * @throws SigningException where the registry does not allow the token, or no key is valid
     */
    public IssuedToken issue(String subject, String audience) {
        return issue(subject, audience, null, null, null);
    }

    /**
     * Issues a token now.
     *
     * @param subject the service of the registry that the token is about
     * @param audience the service that it is for, one of the subject's targets
     * @param lifetime at most what the configuration says, in whole seconds; null for that
     * @param permissions some of the subject's; null for all
     * @param tenant what the token names; null for none
     * @return the token
     * @throws SigningException where the registry does not allow the token, or no key is valid
     */
    public IssuedToken issue(String subject, String audience, Duration lifetime, List<String> permissions, String tenant) {
        return issue(subject, audience, lifetime, permissions, tenant, Native.NOW, null);
    }

    /**
     * Issues a token at a time and with an id that the caller has made.
     *
     * @param subject the service of the registry that the token is about
     * @param audience the service that it is for, one of the subject's targets
     * @param lifetime at most what the configuration says, in whole seconds; null for that
     * @param permissions some of the subject's; null for all
     * @param tenant what the token names; null for none
     * @param now Unix time in seconds
     * @param id what becomes its {@code jti}; null for a new random one
     * @return the token
     * @throws SigningException where the registry does not allow the token, or no key is valid
     */
    public IssuedToken issue(
            String subject, String audience, Duration lifetime, List<String> permissions, String tenant, long now, String id) {
        if (lifetime != null && lifetime.isNegative()) {
            throw new IllegalArgumentException("lifetime: a token cannot end before it is issued");
        }
        Handle used = handle;
        long issuer = used.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment about = Native.given(arena, subject);
            MemorySegment called = Native.given(arena, audience);
            MemorySegment block = permissions == null ? MemorySegment.NULL : Native.given(arena, String.join("", permissions));
            MemorySegment lengths = permissions == null ? MemorySegment.NULL : lengths(arena, permissions);
            long count = permissions == null ? 0 : permissions.size();
            MemorySegment owner = Native.given(arena, tenant);
            MemorySegment name = Native.given(arena, id);
            long seconds = lifetime == null ? CONFIGURED : lifetime.toSeconds();
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.TOKEN_ISSUER_ISSUE.invokeExact(
                    issuer, about, about.byteSize(), called, called.byteSize(), seconds, block, block.byteSize(), lengths, count,
                    owner, owner.byteSize(), now, name, name.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return IssuedToken.of(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            used.leave();
        }
    }

    /**
     * Answers a request to a token endpoint of somebody whom no verification has named.
     *
     * @param form the body of the request
     * @return the answer
     * @throws SigningException where the service itself cannot sign
     */
    public TokenResponse answer(byte[] form) {
        return answer(null, form);
    }

    /**
     * Answers a request to a token endpoint now.
     *
     * @param caller the service that a verification of this request named; null for none
     * @param form the body of the request
     * @return the answer
     * @throws SigningException where the service itself cannot sign
     */
    public TokenResponse answer(String caller, byte[] form) {
        return answer(caller, form, null);
    }

    /**
     * Answers a request to a token endpoint now, for a tenant.
     *
     * @param caller the service that a verification of this request named; null for none
     * @param form the body of the request
     * @param tenant what the token names: for the application to say, never for the caller; null for none
     * @return the answer
     * @throws SigningException where the service itself cannot sign
     */
    public TokenResponse answer(String caller, byte[] form, String tenant) {
        return answer(caller, form, tenant, Native.NOW, null);
    }

    /**
     * Answers a request to a token endpoint (RFC 6749, section 4.4): judges its form, issues the token, and writes the answer.
     * What the caller asks wrongly is an answer too.
     *
     * @param caller the service that a verification of this request named; null for none
     * @param form the body of the request
     * @param tenant what the token names: for the application to say, never for the caller; null for none
     * @param now Unix time in seconds
     * @param id what becomes the token's {@code jti}; null for a new random one
     * @return the answer
     * @throws SigningException where the service itself cannot sign
     */
    public TokenResponse answer(String caller, byte[] form, String tenant, long now, String id) {
        Handle used = handle;
        long issuer = used.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment service = Native.given(arena, caller);
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, form);
            MemorySegment owner = Native.given(arena, tenant);
            MemorySegment name = Native.given(arena, id);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.TOKEN_ISSUER_ANSWER.invokeExact(
                    issuer, service, service.byteSize(), body, body.byteSize(), owner, owner.byteSize(), now, name,
                    name.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return TokenResponse.of(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            used.leave();
        }
    }

    /**
     * Puts another configuration in force, at once for all later tokens.
     *
     * @param config the configuration, which may be closed afterwards
     * @throws SigningException where its own service has no key that can sign tokens; then nothing changes
     */
    public synchronized void replace(Config config) {
        if (closed) {
            throw new IllegalStateException("this TokenIssuer was closed before");
        }
        handle = make(config);
    }

    /** Frees the issuer. Whoever calls it afterwards gets an {@link IllegalStateException}. */
    @Override
    public synchronized void close() {
        closed = true;
        handle.close();
    }

    private static Handle make(Config config) {
        long from = config.handle().enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.TOKEN_ISSUER_NEW.invokeExact(from, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new Handle("this TokenIssuer", out.getAtIndex(ValueLayout.JAVA_LONG, 0), Native.TOKEN_ISSUER_FREE);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.handle().leave();
        }
    }

    private static MemorySegment lengths(Arena arena, List<String> texts) {
        return arena.allocateFrom(
                ValueLayout.JAVA_INT,
                texts.stream().mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length).toArray());
    }
}
