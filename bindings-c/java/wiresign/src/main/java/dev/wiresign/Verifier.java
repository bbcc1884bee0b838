package dev.wiresign;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Judges requests by one configuration, and remembers which ones it accepted. May be used by all threads; a service has one
 * for its whole life, because a second one would not know the requests that the first has seen.
 */
public final class Verifier implements AutoCloseable {
    private final Handle handle;
    private final Facts.Table facts = new Facts.Table();
    private final List<Consumer<Config>> watchers = new CopyOnWriteArrayList<>();
    private volatile Terms terms;
    /** The one in force, to know it by: it may be closed. */
    private volatile Config config;

    /**
     * A verifier that has seen nothing yet.
     *
     * @param config the configuration, which may be closed afterwards
     */
    public Verifier(Config config) {
        Native.require();
        this.config = config;
        terms = Terms.of(config);
        handle = new Handle("this Verifier", make(config), Native.VERIFIER_FREE);
    }

    /**
     * Judges a request with its whole body, now.
     *
     * @param request what was received
     * @return who called
     * @throws Refusal where the request is not accepted
     */
    public Verified verify(Request request) {
        return verify(request, Native.NOW);
    }

    /**
     * Judges a request with its whole body at a time: for tests, and for the replay of logs.
     *
     * @param request what was received
     * @param now Unix time in seconds
     * @return who called
     * @throws Refusal where the request is not accepted
     */
    public Verified verify(Request request, long now) {
        byte[] body = request.body();
        if (body.length > Native.CRITICAL_BYTES) {
            try (BodyVerification verification = begin(request, now)) {
                verification.declareLength(body.length);
                verification.update(body);
                return verification.finish();
            }
        }
        Terms inForce = terms;
        Request.Flat flat = request.flat(inForce.headers());
        byte[] outcome = new byte[Outcome.CAPACITY];
        long verifier = handle.enter();
        try {
            int status = (int) Native.VERIFIER_VERIFY.invokeExact(
                    verifier, MemorySegment.ofArray(flat.block()), (long) flat.block().length,
                    MemorySegment.ofArray(flat.lengths()), (long) flat.count(), MemorySegment.ofArray(body),
                    (long) body.length, now, MemorySegment.ofArray(outcome), (long) Outcome.CAPACITY);
            return verdict(verifier, status, outcome, inForce);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    private Verified verdict(long verifier, int status, byte[] outcome, Terms inForce) {
        long object = Outcome.object(outcome);
        if (status == 0) {
            return object == 0
                    ? new Verified(facts.of(verifier, Outcome.facts(outcome)), new Outcome(outcome), inForce)
                    : Verified.of(object, inForce);
        }
        RefusalCode code = RefusalCode.of(status);
        if (code == null || object != 0) {
            throw Failure.of(status, object);
        }
        throw new Refusal(code, new Outcome(outcome));
    }

    /**
     * Judges the head of a request now, and gives what takes the body piece by piece.
     *
     * @param head what was received; its body is not looked at
     * @return the rest of the verification, which is to be closed
     * @throws Refusal where the head alone decides that the request is not accepted
     */
    public BodyVerification begin(Request head) {
        return begin(head, Native.NOW);
    }

    /**
     * Judges the head of a request at a time, and gives what takes the body piece by piece.
     *
     * @param head what was received; its body is not looked at
     * @param now Unix time in seconds
     * @return the rest of the verification, which is to be closed
     * @throws Refusal where the head alone decides that the request is not accepted
     */
    public BodyVerification begin(Request head, long now) {
        FlatSegments parts = FlatSegments.onHeap(head.flat());
        byte[] client = head.clientAddress();
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        Terms inForce = terms;
        long verifier = handle.enter();
        try {
            int status = (int) Native.VERIFIER_BEGIN.invokeExact(
                    verifier, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, MemorySegment.ofArray(client), (long) client.length, now, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
        return new BodyVerification(out[0], inForce);
    }

    /**
     * Takes what an external replay store says of a request that was accepted, and counts it. Where the configuration names
     * such a store, nothing is remembered here: insert {@link Verified#replayKey} into it if it is absent, to live for
     * {@link Verified#replaySeconds}, and tell the outcome.
     *
     * @param verified a request that this verifier has accepted
     * @param outcome what the store says
     * @throws Refusal where the request was seen before, or the store gave no answer and the configuration says to refuse then
     */
    public void settleReplay(Verified verified, ReplayOutcome outcome) {
        Handle accepted = verified.handle().orElse(null);
        if (accepted == null) {
            return;
        }
        long[] error = new long[1];
        long verifier = handle.enter();
        try {
            long object = accepted.enter();
            try {
                int status = (int) Native.VERIFIER_SETTLE_REPLAY.invokeExact(
                        verifier, object, outcome.ordinal(), MemorySegment.ofArray(error));
                Failure.check(status, error[0]);
            } finally {
                accepted.leave();
            }
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Answers a request that is a handshake of a webhook now: the challenge of its sender. Ask this before {@link #verify},
     * and where there is an answer, send it and nothing else.
     *
     * @param webhook the name of the webhook in the configuration
     * @param request what was received
     * @return the answer; absent where the request is no handshake, which is to be verified then
     * @throws Refusal where the request is a handshake that must be signed, and is not
     */
    public Optional<HandshakeResponse> handshake(String webhook, Request request) {
        return handshake(webhook, request, Native.NOW);
    }

    /**
     * Answers a request that is a handshake of a webhook at a time.
     *
     * @param webhook the name of the webhook in the configuration
     * @param request what was received
     * @param now Unix time in seconds
     * @return the answer; absent where the request is no handshake, which is to be verified then
     * @throws Refusal where the request is a handshake that must be signed, and is not
     */
    public Optional<HandshakeResponse> handshake(String webhook, Request request, long now) {
        long verifier = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments parts = FlatSegments.in(arena, request.flat());
            MemorySegment name = arena.allocateFrom(ValueLayout.JAVA_BYTE, webhook.getBytes(StandardCharsets.UTF_8));
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.body());
            MemorySegment client = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.clientAddress());
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.VERIFIER_HANDSHAKE.invokeExact(
                    verifier, name, name.byteSize(), parts.method, parts.method.byteSize(), parts.target,
                    parts.target.byteSize(), parts.authority, parts.authority.byteSize(), parts.headers,
                    parts.headers.byteSize(), parts.headerLengths, parts.headerCount, body, body.byteSize(), client,
                    client.byteSize(), now, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            long response = out.getAtIndex(ValueLayout.JAVA_LONG, 0);
            return response == 0 ? Optional.empty() : Optional.of(HandshakeResponse.of(response));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The webhooks that are accepted where a request goes, and whose senders make handshakes: those to ask {@link #handshake}
     * about, one after the other, before the request is verified.
     *
     * @param method the method
     * @param target the path and the query, exactly as they were sent
     * @return the names of the webhooks; none for nearly all requests
     */
    public List<String> handshakesAt(String method, String target) {
        long verifier = handle.enter();
        try {
            // A call costs more than what it finds out for nearly all configurations.
            return terms.hasHandshakes() ? handshakesAt(verifier, method, target) : List.of();
        } finally {
            handle.leave();
        }
    }

    private static List<String> handshakesAt(long verifier, String method, String target) {
        byte[] verb = Request.bytes(method);
        byte[] path = Request.bytes(target);
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        try {
            int status = (int) Native.VERIFIER_HANDSHAKES_AT.invokeExact(
                    verifier, MemorySegment.ofArray(verb), (long) verb.length, MemorySegment.ofArray(path), (long) path.length,
                    outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
        if (out[0] == 0) {
            return List.of();
        }
        try {
            return Native.texts(Native.TEXTS_COUNT, Native.TEXTS_TEXT, out[0]);
        } finally {
            Native.free(Native.TEXTS_FREE, out[0]);
        }
    }

    /**
     * The question that AWS has to answer before a request with the proof of an IAM identity can be verified, now. Ask this
     * before {@link #verify} and {@link #begin}; {@link dev.wiresign.http.Sts} sends what it gives.
     *
     * @param head what was received; its body is not looked at
     * @return the question; absent where there is nothing to ask, since the request is refused or let in without
     */
    public Optional<IdentityRequest> identityRequest(Request head) {
        return identityRequest(head, Native.NOW);
    }

    /**
     * The question that AWS has to answer before a request with the proof of an IAM identity can be verified at a time.
     *
     * @param head what was received; its body is not looked at
     * @param now Unix time in seconds
     * @return the question; absent where there is nothing to ask, since the request is refused or let in without
     */
    public Optional<IdentityRequest> identityRequest(Request head, long now) {
        FlatSegments parts = FlatSegments.onHeap(head.flat(terms.headers()));
        byte[] client = head.clientAddress();
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        long verifier = handle.enter();
        try {
            int status = (int) Native.VERIFIER_IDENTITY_REQUEST.invokeExact(
                    verifier, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(), parts.authority,
                    parts.authority.byteSize(), parts.headers, parts.headers.byteSize(), parts.headerLengths,
                    parts.headerCount, MemorySegment.ofArray(client), (long) client.length, now, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
        return out[0] == 0 ? Optional.empty() : Optional.of(new IdentityRequest(out[0]));
    }

    /**
     * Takes that AWS gave no answer to a question, or none in time: the request will be refused.
     *
     * @param question what was asked
     */
    public void identityAnswer(IdentityRequest question) {
        identityAnswer(question, null);
    }

    /**
     * Takes what AWS answers to a question now.
     *
     * @param question what was asked
     * @param answer the answer, of which the header fields are not looked at; null where none came
     */
    public void identityAnswer(IdentityRequest question, Response answer) {
        identityAnswer(question, answer, Native.NOW);
    }

    /**
     * Takes what AWS answers to a question at a time.
     *
     * @param question what was asked
     * @param answer the answer, of which the header fields are not looked at; null where none came
     * @param now Unix time in seconds
     */
    public void identityAnswer(IdentityRequest question, Response answer, long now) {
        short answered = answer == null ? 0 : (short) answer.status();
        long verifier = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment body = answer == null ? MemorySegment.NULL : arena.allocateFrom(ValueLayout.JAVA_BYTE, answer.body());
            MemorySegment error = arena.allocate(ValueLayout.JAVA_LONG);
            long asked = question.handle().enter();
            try {
                int status = (int) Native.VERIFIER_IDENTITY_ANSWER.invokeExact(
                        verifier, asked, answered, body, body.byteSize(), now, error);
                Failure.check(status, error.get(ValueLayout.JAVA_LONG, 0));
            } finally {
                question.handle().leave();
            }
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Judges a response now, as {@link #verifyResponse(String, Response, Request, long)} does.
     *
     * @param service the id of the service that was called
     * @param response what was received
     * @param answered the request that it answers, as it was sent
     * @return who answered
     * @throws Refusal where the response is not accepted
     */
    public Verified verifyResponse(String service, Response response, Request answered) {
        return verifyResponse(service, response, answered, Native.NOW);
    }

    /**
     * Judges the response that a service gave, by a signature of RFC 9421 that covers it and the request that it answers.
     *
     * @param service the id of the service that was called
     * @param response what was received
     * @param answered the request that it answers, as it was sent, with its signature
     * @param now Unix time in seconds
     * @return who answered
     * @throws Refusal where the response is not accepted
     */
    public Verified verifyResponse(String service, Response response, Request answered, long now) {
        Terms inForce = terms;
        long verifier = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment id = arena.allocateFrom(ValueLayout.JAVA_BYTE, service.getBytes(StandardCharsets.UTF_8));
            FlatSegments fields = FlatSegments.in(arena, Response.flat(response.headers()));
            FlatSegments parts = FlatSegments.in(arena, answered.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, response.body());
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.VERIFIER_VERIFY_RESPONSE.invokeExact(
                    verifier, id, id.byteSize(), (short) response.status(), fields.headers, fields.headers.byteSize(),
                    fields.headerLengths, fields.headerCount, body, body.byteSize(), parts.method, parts.method.byteSize(),
                    parts.target, parts.target.byteSize(), parts.authority, parts.authority.byteSize(), parts.headers,
                    parts.headers.byteSize(), parts.headerLengths, parts.headerCount, now, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return Verified.of(out.getAtIndex(ValueLayout.JAVA_LONG, 0), inForce);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Asks a caller for the signature that is accepted here: for the answer to a request that was not signed so.
     *
     * @return the value of an {@code Accept-Signature} header (RFC 9421)
     */
    public String acceptSignature() {
        return text(Native.VERIFIER_ACCEPT_SIGNATURE);
    }

    /**
     * Says how a request is judged now and, where it is refused, what the cause may be. Nothing is remembered or counted. Takes
     * up to some thousand times as long as a verification: not for every refusal.
     *
     * @param request what was received
     * @return the explanation
     */
    public Explanation explain(Request request) {
        return explain(request, Native.NOW);
    }

    /**
     * Says how a request is judged at a time and, where it is refused, what the cause may be. Nothing is remembered or counted.
     *
     * @param request what was received
     * @param now Unix time in seconds
     * @return the explanation
     */
    public Explanation explain(Request request, long now) {
        long verifier = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            FlatSegments parts = FlatSegments.in(arena, request.flat());
            MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.body());
            MemorySegment client = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.clientAddress());
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.VERIFIER_EXPLAIN.invokeExact(
                    verifier, parts.method, parts.method.byteSize(), parts.target, parts.target.byteSize(),
                    parts.authority, parts.authority.byteSize(), parts.headers, parts.headers.byteSize(),
                    parts.headerLengths, parts.headerCount, body, body.byteSize(), client, client.byteSize(), now, out,
                    out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return Explanation.of(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Puts another configuration in force, at once for all threads. Requests that are being judged finish on the old one;
     * what was seen before and the counters are kept.
     *
     * @param config the configuration, which may be closed afterwards
     */
    public synchronized void replace(Config config) {
        // Entered before anybody is told: if it were closed meanwhile, it would come into force for the watchers alone.
        long from = config.handle().enter();
        try {
            replace(config, from);
        } finally {
            config.handle().leave();
        }
    }

    private void replace(Config config, long from) {
        long verifier = handle.enter();
        Terms next = null;
        Terms before = terms;
        try (Arena arena = Arena.ofConfined()) {
            next = Terms.of(config);
            watchers.forEach(watcher -> watcher.accept(config));
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
            // Which configuration a request meets is not known for a moment: so all of its fields are passed, and it may be a
            // handshake.
            terms = new Terms(next.realm(), next.revealsCodes(), null, before.permissions(), next.bodyLimit(), true);
            int status = (int) Native.VERIFIER_REPLACE.invokeExact(verifier, from, out);
            Failure.check(status, out.get(ValueLayout.JAVA_LONG, 0));
            terms = next;
            this.config = config;
        } catch (Throwable failure) {
            terms = before;
            if (next != null) {
                next.permissions().close();
            }
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** See {@link dev.wiresign.internal.Access#onReplacement}. */
    synchronized Optional<Runnable> onReplacement(Config expected, Consumer<Config> watcher) {
        if (config != expected) {
            return Optional.empty();
        }
        // One of its own, so that it is this one that is removed.
        Consumer<Config> added = watcher::accept;
        watchers.add(added);
        return Optional.of(() -> watchers.remove(added));
    }

    /**
     * The counters as they stand.
     *
     * @return the counters
     */
    public Metrics metrics() {
        return new Metrics(text(Native.VERIFIER_METRICS));
    }

    /**
     * Whether a public route answers this method and target, so that nobody looks at the body.
     *
     * @param method the method
     * @param target the path and the query, exactly as they were sent
     * @return true on a public route
     */
    public boolean isPublic(String method, String target) {
        byte[] verb = Request.bytes(method);
        byte[] path = Request.bytes(target);
        long verifier = handle.enter();
        try {
            return (boolean) Native.VERIFIER_IS_PUBLIC.invokeExact(
                    verifier, MemorySegment.ofArray(verb), (long) verb.length, MemorySegment.ofArray(path),
                    (long) path.length);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The longest body that is accepted now, in bytes.
     *
     * @return the limit
     */
    public long bodyLimit() {
        handle.enter();
        try {
            return terms.bodyLimit();
        } finally {
            handle.leave();
        }
    }

    /**
     * Frees the verifier when the calls that are under way have ended. Whoever calls it afterwards gets an
     * {@link IllegalStateException}; bodies that were begun can be finished. Of callers that it has accepted, no permission can
     * be required then.
     */
    @Override
    public void close() {
        handle.close();
        terms.permissions().close();
    }

    /** The text that a function makes of the verifier. */
    private String text(MethodHandle function) {
        long verifier = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) function.invokeExact(verifier, out, out.asSlice(8));
            Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
            return new String(Native.take(out.getAtIndex(ValueLayout.JAVA_LONG, 0)), StandardCharsets.UTF_8);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    private static long make(Config config) {
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        long from = config.handle().enter();
        try {
            int status = (int) Native.VERIFIER_NEW.invokeExact(from, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
            return out[0];
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            config.handle().leave();
        }
    }

    /**
     * What Java knows of the configuration in force.
     *
     * @param realm the id of the service itself
     * @param revealsCodes whether the answer tells refusals of one status apart
     * @param headers the header fields that it reads; null for all
     * @param permissions what its callers may do; when another configuration takes its place, requests that it has accepted may
     *     still be served, so that these are freed as garbage
     * @param bodyLimit the longest body that it accepts
     * @param hasHandshakes whether requests may be handshakes
     */
    record Terms(
            String realm, boolean revealsCodes, HeaderNames headers, HeldPermissions permissions, long bodyLimit,
            boolean hasHandshakes) {
        static Terms of(Config config) {
            // A request without a method is always refused, and the answer shows its code, or another one.
            long verifier = make(config);
            byte[] outcome = new byte[Outcome.CAPACITY];
            try {
                int status = (int) Native.VERIFIER_VERIFY.invokeExact(
                        verifier, MemorySegment.NULL, 0L, MemorySegment.ofArray(new int[Request.LINE_TEXTS]),
                        (long) Request.LINE_TEXTS, MemorySegment.NULL, 0L, 0L, MemorySegment.ofArray(outcome),
                        (long) Outcome.CAPACITY);
                return new Terms(
                        config.service(), new Outcome(outcome).responseCode() == status, config.headerNames(),
                        HeldPermissions.of(config), config.bodyLimit(), config.hasHandshakes());
            } catch (Throwable failure) {
                throw Native.unforeseen(failure);
            } finally {
                Native.free(Native.VERIFIER_FREE, verifier);
            }
        }
    }
}
