package dev.wiresign;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Holds the credential of one caller and a scheme, and signs requests. May be used by all threads. */
public final class Signer implements AutoCloseable {
    private static final byte[] NOTHING = {};

    private final Handle handle;

    /**
     * A signer for calls to no particular service. Schemes that sign the target need one.
     *
     * @param config the configuration, which may be closed afterwards
     * @throws SigningException where the configuration lacks what signing takes
     */
    public Signer(Config config) {
        this(config, null);
    }

    /**
     * A signer for calls to one service.
     *
     * @param config the configuration, which may be closed afterwards
     * @param target the id of the service that is called; null for none
     * @throws SigningException where the configuration lacks what signing takes
     */
    public Signer(Config config, String target) {
        byte[] id = target == null ? NOTHING : target.getBytes(StandardCharsets.UTF_8);
        long[] out = new long[1];
        long[] error = new long[1];
        MemorySegment service = target == null ? MemorySegment.NULL : MemorySegment.ofArray(id);
        long from = config.handle().enter();
        try {
            int status = (int) Native.SIGNER_NEW.invokeExact(
                    from, service, service.byteSize(),
                    MemorySegment.ofArray(out), MemorySegment.ofArray(error));
            Failure.check(status, error[0]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.handle().leave();
        }
        handle = new Handle("this Signer", out[0], Native.SIGNER_FREE);
    }

    private Signer(long address) {
        handle = new Handle("this Signer", address, Native.SIGNER_FREE);
    }

    /**
     * A signer with the access key of a user of AWS, for calls to no particular service.
     *
     * @param config the configuration, which signs with {@code aws-identity} or {@code aws-sigv4}, and may be closed afterwards
     * @param accessKeyId the id of the key
     * @param secret the key
     * @return the signer
     * @throws SigningException where the configuration signs with another scheme, or these cannot be credentials
     */
    public static Signer withAwsCredentials(Config config, String accessKeyId, String secret) {
        return withAwsCredentials(config, null, accessKeyId, secret, null);
    }

    /**
     * A signer with credentials of AWS that were given out for a while, as those of a role are. Make a new one before they end;
     * {@link AwsSigners} does.
     *
     * @param config the configuration, which signs with {@code aws-identity} or {@code aws-sigv4}, and may be closed afterwards
     * @param target the id of the service that is called; null for none
     * @param accessKeyId the id of the key
     * @param secret the key
     * @param sessionToken the token that belongs to it; null where there is none
     * @return the signer
     * @throws SigningException where the configuration signs with another scheme, or these cannot be credentials
     */
    public static Signer withAwsCredentials(
            Config config, String target, String accessKeyId, String secret, String sessionToken) {
        long from = config.handle().enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment service = Native.given(arena, target);
            MemorySegment id = Native.given(arena, Objects.requireNonNull(accessKeyId, "accessKeyId"));
            MemorySegment key = Native.given(arena, Objects.requireNonNull(secret, "secret"));
            MemorySegment token = Native.given(arena, sessionToken);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_WITH_AWS_CREDENTIALS.invokeExact(
                    from, service, service.byteSize(), id, id.byteSize(), key, key.byteSize(), token, token.byteSize(), out,
                    out.asSlice(8));
            key.fill((byte) 0);
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new Signer(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.handle().leave();
        }
    }

    /**
     * Signs a request that will be sent now, with a new random nonce. Each attempt to send needs a signature of its own.
     *
     * @param request what will be sent
     * @return the headers to set, in order; the request is not changed
     * @throws SigningException where the request cannot be signed
     */
    public List<Header> sign(Request request) {
        return sign(request, Native.NOW, null);
    }

    /**
     * Signs a request at a time and with a nonce that the caller has made.
     *
     * @param request what will be sent
     * @param now Unix time in seconds
     * @param nonce what becomes the request id; null for a new random one
     * @return the headers to set, in order; the request is not changed
     * @throws SigningException where the request cannot be signed
     */
    public List<Header> sign(Request request, long now, String nonce) {
        Request.Flat flat = request.flat();
        byte[] id = nonce == null ? NOTHING : nonce.getBytes(StandardCharsets.UTF_8);
        byte[] body = request.body();
        if (body.length <= Native.CRITICAL_BYTES) {
            byte[] block = new byte[Native.SIGNED_BLOCK_SIZE];
            int[] lengths = new int[2 * Native.SIGNED_COUNT];
            long[] sizes = new long[3];
            MemorySegment out = MemorySegment.ofArray(sizes);
            boolean fits = sign(Native.SIGNER_SIGN, FlatSegments.onHeap(flat), MemorySegment.ofArray(body), now,
                    nonce == null ? MemorySegment.NULL : MemorySegment.ofArray(id), id.length,
                    MemorySegment.ofArray(block), MemorySegment.ofArray(lengths), out);
            return fits ? headers(block, lengths, (int) sizes[1]) : signLong(request, now, nonce);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Native.SIGNED_BLOCK_SIZE);
            MemorySegment lengths = arena.allocate(ValueLayout.JAVA_INT, 2L * Native.SIGNED_COUNT);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 3);
            boolean fits = sign(Native.SIGNER_SIGN_LONG, FlatSegments.in(arena, flat), arena.allocateFrom(ValueLayout.JAVA_BYTE, body), now,
                    nonce == null ? MemorySegment.NULL : arena.allocateFrom(ValueLayout.JAVA_BYTE, id), id.length,
                    block, lengths, out);
            return fits
                    ? headers(block.toArray(ValueLayout.JAVA_BYTE), lengths.toArray(ValueLayout.JAVA_INT),
                            (int) out.getAtIndex(ValueLayout.JAVA_LONG, 1))
                    : signLong(request, now, nonce);
        }
    }

    /**
     * Signs a request as a link from now on, where the configuration signs with {@code aws-sigv4}. Whoever has the link can use
     * it.
     *
     * @param head what will be sent; its header fields are signed, and its body is not looked at
     * @param seconds for how long the link is good, a week at most
     * @return the target of the link
     * @throws SigningException where the request cannot be signed
     */
    public String presign(Request head, long seconds) {
        return presign(head, seconds, Native.NOW);
    }

    /**
     * Signs a request as a link from a time on, where the configuration signs with {@code aws-sigv4}.
     *
     * @param head what will be sent; its header fields are signed, and its body is not looked at
     * @param seconds for how long the link is good, a week at most
     * @param now Unix time in seconds
     * @return the target of the link
     * @throws SigningException where the request cannot be signed
     */
    public String presign(Request head, long seconds, long now) {
        long signer = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments parts = FlatSegments.in(arena, head.flat());
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_PRESIGN.invokeExact(
                    signer, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, seconds, now, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new String(Native.take(out.getAtIndex(ValueLayout.JAVA_LONG, 0)), StandardCharsets.UTF_8);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Signs a response now, as {@link #signResponse(Response, Request, long)} does.
     *
     * @param response what will be sent
     * @param answered the request that it answers, as it was received
     * @return the headers to set in the response, in order
     * @throws SigningException where the response cannot be signed
     */
    public List<Header> signResponse(Response response, Request answered) {
        return signResponse(response, answered, Native.NOW);
    }

    /**
     * Signs a response by RFC 9421, together with the request that it answers, so that nobody can give it for the answer to
     * another one. Where that request asks for a signature by {@code Accept-Signature}, it gets that one.
     *
     * @param response what will be sent
     * @param answered the request that it answers, as it was received, with its signature
     * @param now Unix time in seconds
     * @return the headers to set in the response, in order
     * @throws SigningException where the response cannot be signed
     */
    public List<Header> signResponse(Response response, Request answered, long now) {
        long signer = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments fields = FlatSegments.in(arena, Response.flat(response.headers()));
            FlatSegments parts = FlatSegments.in(arena, answered.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, response.body());
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_SIGN_RESPONSE.invokeExact(
                    signer, (short) response.status(), fields.headers, fields.headers.byteSize(), fields.headerLengths,
                    fields.headerCount, body, body.byteSize(), parts.method, parts.method.byteSize(), parts.target,
                    parts.target.byteSize(), parts.authority, parts.authority.byteSize(), parts.headers,
                    parts.headers.byteSize(), parts.headerLengths, parts.headerCount, now, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return headers(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Signs a request once more now, with a new random nonce, as {@link #signAsAsked(List, Request, long, String)} does.
     *
     * @param responseHeaders the header fields of the response to the first attempt
     * @param request what will be sent again
     * @return the headers to set, in order; absent where the response asks for nothing
     * @throws SigningException where the request cannot be signed so
     */
    public Optional<List<Header>> signAsAsked(List<Header> responseHeaders, Request request) {
        return signAsAsked(responseHeaders, request, Native.NOW, null);
    }

    /**
     * Signs a request once more, as the response to its first attempt asks by {@code Accept-Signature} (RFC 9421).
     *
     * @param responseHeaders the header fields of that response
     * @param request what will be sent again
     * @param now Unix time in seconds
     * @param nonce what becomes the request id; null for a new random one
     * @return the headers to set, in order; absent where the response asks for nothing
     * @throws SigningException where the request cannot be signed so
     */
    public Optional<List<Header>> signAsAsked(List<Header> responseHeaders, Request request, long now, String nonce) {
        long signer = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments asking = FlatSegments.in(arena, Response.flat(responseHeaders));
            FlatSegments parts = FlatSegments.in(arena, request.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.body());
            MemorySegment id = Native.given(arena, nonce);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_SIGN_AS_ASKED.invokeExact(
                    signer, asking.headers, asking.headers.byteSize(), asking.headerLengths, asking.headerCount, parts.method,
                    parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, body, body.byteSize(), now, id, id.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            long signed = out.getAtIndex(ValueLayout.JAVA_LONG, 0);
            return signed == 0 ? Optional.empty() : Optional.of(headers(signed));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The bytes that a signature of this request covers, for finding out why two sides differ. They hold the body, and no
     * secret.
     *
     * @param request what would be sent
     * @param now Unix time in seconds
     * @param nonce what would become the request id; null for a new random one
     * @return the bytes
     * @throws SigningException where the request cannot be signed
     */
    public byte[] message(Request request, long now, String nonce) {
        long signer = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments parts = FlatSegments.in(arena, request.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.body());
            MemorySegment chosen = Native.given(arena, nonce);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_MESSAGE.invokeExact(
                    signer, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, body, body.byteSize(), now, chosen, chosen.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return Native.take(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** Frees the signer. Whoever calls it afterwards gets an {@link IllegalStateException}. */
    @Override
    public void close() {
        handle.close();
    }

    /** `out` gets the length of the block, the count of headers, and the error. False where the block is too small. */
    private boolean sign(
            MethodHandle function, FlatSegments parts, MemorySegment body, long now, MemorySegment nonce, long nonceLength,
            MemorySegment block, MemorySegment lengths, MemorySegment out) {
        long signer = handle.enter();
        try {
            int status = (int) function.invokeExact(
                    signer, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, body, body.byteSize(), now, nonce, nonceLength, block, block.byteSize(), out, lengths,
                    (long) Native.SIGNED_COUNT, out.asSlice(8), out.asSlice(16));
            long error = out.getAtIndex(ValueLayout.JAVA_LONG, 2);
            if (status == FailureCode.BUFFER_TOO_SMALL.number()) {
                Native.free(Native.ERROR_FREE, error);
                return false;
            }
            Failure.check(status, error);
            return true;
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** Signs once more into an object: the rare headers that are longer than the block. */
    private List<Header> signLong(Request request, long now, String nonce) {
        long signer = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments parts = FlatSegments.in(arena, request.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.body());
            MemorySegment id = Native.given(arena, nonce);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.SIGNER_SIGN_OBJECT.invokeExact(
                    signer, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, body, body.byteSize(), now, id, id.byteSize(), out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return headers(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** What a wiresign_signed holds, which is freed. */
    private static List<Header> headers(long signed) {
        try {
            return Native.headers(Native.SIGNED_HEADER_COUNT, Native.SIGNED_NAME, Native.SIGNED_VALUE, signed);
        } finally {
            Native.free(Native.SIGNED_FREE, signed);
        }
    }

    private static List<Header> headers(byte[] block, int[] lengths, int count) {
        List<Header> headers = new ArrayList<>(count);
        int at = 0;
        for (int index = 0; index < count; index++) {
            String name = new String(block, at, lengths[2 * index], StandardCharsets.UTF_8);
            at += lengths[2 * index];
            headers.add(new Header(name, new String(block, at, lengths[2 * index + 1], StandardCharsets.UTF_8)));
            at += lengths[2 * index + 1];
        }
        return headers;
    }
}
