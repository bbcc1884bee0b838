package dev.wiresign.servlet;

import dev.wiresign.BodyVerification;
import dev.wiresign.HandshakeResponse;
import dev.wiresign.Header;
import dev.wiresign.Refusal;
import dev.wiresign.RefusalCode;
import dev.wiresign.RefusalResponse;
import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import dev.wiresign.Request;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import dev.wiresign.http.KeySets;
import dev.wiresign.http.Sts;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Lets only verified requests, and those of public routes, through to what comes behind it. Whatever the head alone
 * decides is decided before anything waits for the body; the body is read up to the limit, and given on unchanged. The
 * challenges of the senders of webhooks are answered here too.
 *
 * <p>It must come before every filter that reads a parameter or the body of a request, and refuses to serve behind one. Mapped for
 * the dispatcher type ERROR too, it takes the names of callers that nobody has verified from the error pages of the application.
 */
public final class WiresignFilter implements Filter {
    private static final String CALLER = "dev.wiresign.caller";
    private static final String VERIFIER = "dev.wiresign.verifier";
    /** What a request has that proves an IAM identity. */
    private static final String PROOF = "X-Service-AWS-Identity";
    private static final String BEARER = "Bearer ";

    private final Verifier verifier;
    private final Observer observer;
    private final ReplayStore replayStore;
    private final Sts sts;
    private final KeySets keySets;
    private final Set<String> identityHeaders;

    /**
     * A filter.
     *
     * @param verifier judges the requests; it must not be closed while the filter is used
     */
    public WiresignFilter(Verifier verifier) {
        this(verifier, null);
    }

    /**
     * A filter that tells of its decisions.
     *
     * @param verifier judges the requests; it must not be closed while the filter is used
     * @param onDecision called with each decision; what it throws is logged and changes nothing; null for none
     */
    public WiresignFilter(Verifier verifier, Consumer<? super Decision> onDecision) {
        this(verifier, onDecision, null);
    }

    /**
     * A filter that asks a store of several processes whether a request came before.
     *
     * @param verifier judges the requests; it must not be closed while the filter is used
     * @param onDecision called with each decision; what it throws is logged and changes nothing; null for none
     * @param replayStore asked where the configuration says that the store is external; without one such a configuration gets
     *     what it says of a store that gives no answer
     */
    public WiresignFilter(Verifier verifier, Consumer<? super Decision> onDecision, ReplayStore replayStore) {
        this(verifier, onDecision, replayStore, null);
    }

    /**
     * A filter that asks AWS about IAM identities.
     *
     * @param verifier judges the requests; it must not be closed while the filter is used
     * @param onDecision called with each decision; what it throws is logged and changes nothing; null for none
     * @param replayStore as above; null for none
     * @param sts asked who made the proof of an IAM identity; null where the configuration accepts none, since without it such
     *     requests are refused. It must not be closed while the filter is used
     */
    public WiresignFilter(Verifier verifier, Consumer<? super Decision> onDecision, ReplayStore replayStore, Sts sts) {
        this(builder(verifier).onDecision(onDecision).replayStore(replayStore).sts(sts));
    }

    private WiresignFilter(Builder chosen) {
        this.verifier = chosen.verifier;
        this.observer = new Observer(chosen.onDecision);
        this.replayStore = chosen.replayStore;
        this.sts = chosen.sts;
        this.keySets = chosen.keySets;
        this.identityHeaders = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        this.identityHeaders.addAll(chosen.identityHeaders);
        if (keySets != null) {
            keySets.follow(verifier);
        }
    }

    /**
     * Begins to say what a filter does.
     *
     * @param verifier judges the requests; it must not be closed while the filter is used
     * @return what is to be told more, and then built
     */
    public static Builder builder(Verifier verifier) {
        return new Builder(verifier);
    }

    /**
     * Who called.
     *
     * @param request a request that has passed the filter
     * @return the caller; absent where the request has passed no filter
     */
    public static Optional<Verified> caller(ServletRequest request) {
        return Optional.ofNullable((Verified) request.getAttribute(CALLER));
    }

    /**
     * Lets some of the callers on only, and answers and records the refusal of others. It is for code behind the filter
     * that adds rules of its own.
     *
     * @param request a request that has passed the filter
     * @param response its response, which nothing was written to
     * @param services the ids of the services that may call; none for every verified caller
     * @return true where the request may go on; false where it was answered
     * @throws IOException where the answer cannot be written
     */
    public boolean admit(HttpServletRequest request, HttpServletResponse response, String... services) throws IOException {
        return keep(request, response, verified -> verified.requireService(services));
    }

    /**
     * Lets callers on only that may do all that a pattern matches, by the configuration and by the token of the request, and
     * answers and records the refusal of others. It is for code behind the filter that adds rules of its own.
     *
     * @param request a request that has passed the filter
     * @param response its response, which nothing was written to
     * @param permission a pattern such as {@code POST /invoices/**}
     * @return true where the request may go on; false where it was answered
     * @throws IOException where the answer cannot be written
     * @throws IllegalArgumentException for what is no pattern
     */
    public boolean admitPermitted(HttpServletRequest request, HttpServletResponse response, String permission) throws IOException {
        return keep(request, response, verified -> verified.requirePermission(permission));
    }

    private boolean keep(HttpServletRequest request, HttpServletResponse response, Consumer<Verified> rule) throws IOException {
        Verified verified = caller(request).orElseThrow(() -> new IllegalStateException(
                "wiresign: the request has passed no WiresignFilter; map it before whatever requires something of callers"));
        try {
            rule.accept(verified);
            return true;
        } catch (Refusal refusal) {
            refuse(request, response, refusal);
            return false;
        }
    }

    /**
     * Answers and records a refusal that code behind the filter has met: of {@link Verified#requireService} and
     * {@link Verified#requirePermission}.
     *
     * @param request a request that has passed the filter
     * @param response its response, which nothing was written to
     * @param refusal why it goes no further
     * @throws IOException where the answer cannot be written
     */
    public void refuse(HttpServletRequest request, HttpServletResponse response, Refusal refusal) throws IOException {
        observer.tell(null, refusal, request, target(request), 0);
        answer(response, refusal.response());
    }

    @Override
    public void doFilter(ServletRequest given, ServletResponse answered, FilterChain chain) throws IOException, ServletException {
        if (!(given instanceof HttpServletRequest request) || !(answered instanceof HttpServletResponse response)) {
            throw new ServletException("wiresign: only HTTP requests can be verified");
        }
        boolean isVerified = request.getAttribute(VERIFIER) == verifier;
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            // To an error page the container gives the request as it was received, which perhaps no filter has seen. The page is all
            // that is behind this; who is named in the header was verified, or is taken out.
            Verified verified = isVerified ? caller(request).orElse(null) : null;
            chain.doFilter(new VerifiedRequest(request, response, verified, null, identityHeaders), response);
            return;
        }
        // Mapped twice, or dispatched again: a second look would be a replay.
        if (isVerified) {
            VerifiedRequest.hideAlso(request, identityHeaders);
            chain.doFilter(request, response);
            return;
        }
        if (request.getDispatcherType() != DispatcherType.REQUEST) {
            throw new ServletException("wiresign: the filter sees this request for the first time in a dispatch of type "
                    + request.getDispatcherType() + ". Map it for the dispatcher type REQUEST, before everything that dispatches.");
        }
        String target = target(request);
        Stopwatch clock = new Stopwatch();
        Verified verified;
        byte[] body;
        try {
            Request head = head(request, target);
            // Asked first, since nearly no request brings a proof.
            if (sts != null && request.getHeader(PROOF) != null) {
                clock.startWaiting();
                sts.prepare(verifier, head);
                clock.stopWaiting();
            }
            ReceivedBody received = new ReceivedBody(request, clock);
            Optional<HandshakeResponse> handshake = handshake(head, target, received);
            if (handshake.isPresent()) {
                HandshakeResponse answer = handshake.get();
                write(response, answer.status(), answer.headers(), answer.body());
                return;
            }
            if (hasBody(request)) {
                // A hint only: whether anybody vouches for the body is said by whoever judges it, by one config.
                boolean isPublic = verifier.isPublic(request.getMethod(), target);
                Optional<byte[]> arrived = isPublic ? Optional.empty() : received.arrived(verifier.bodyLimit());
                if (arrived.isPresent()) {
                    body = arrived.get();
                    verified = verifier.verify(head.body(body));
                } else {
                    try (BodyVerification verification = verifier.begin(head)) {
                        boolean isLeft = !verification.needsBody() && received.isUntouched();
                        body = isLeft ? null : received.read(verification, verifier.bodyLimit());
                        verified = verification.finish();
                    }
                }
            } else {
                verified = verifier.verify(head);
                body = null;
            }
            settle(verified, clock);
        } catch (Refusal refusal) {
            if (keySets != null && mayBeOfANewKey(request, refusal.code())) {
                keySets.refresh();
            }
            observer.tell(null, refusal, request, target, clock.spent());
            answer(response, refusal.response());
            return;
        }
        observer.tell(verified, null, request, target, clock.spent());
        request.setAttribute(CALLER, verified);
        request.setAttribute(VERIFIER, verifier);
        chain.doFilter(new VerifiedRequest(request, response, verified, body, identityHeaders), response);
    }

    /** The answer to a request that is a handshake of a webhook. Only where there may be one, the body is read before the verdict. */
    private Optional<HandshakeResponse> handshake(Request head, String target, ReceivedBody received)
            throws IOException, ServletException {
        List<String> webhooks = verifier.handshakesAt(received.method(), target);
        Optional<byte[]> body = webhooks.isEmpty() ? Optional.empty() : received.readAhead();
        if (body.isEmpty()) {
            return Optional.empty();
        }
        head.body(body.get());
        return webhooks.stream().flatMap(webhook -> verifier.handshake(webhook, head).stream()).findFirst();
    }

    /** Whether a request may have been refused since a key is missing. It is not kept waiting for that: anybody can name keys. */
    private static boolean mayBeOfANewKey(HttpServletRequest request, RefusalCode code) {
        if (code != RefusalCode.INVALID_SIGNATURE && code != RefusalCode.ALGORITHM_NOT_ALLOWED) {
            return code == RefusalCode.UNKNOWN_KEY;
        }
        // A token that names no key was tried with those at hand.
        return Collections.list(request.getHeaders("Authorization")).stream()
                .anyMatch(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()));
    }

    /** Lets an external store have the last word. */
    private void settle(Verified verified, Stopwatch clock) {
        if (verified.replaySeconds().isEmpty()) {
            return;
        }
        ReplayOutcome outcome = ReplayOutcome.UNAVAILABLE;
        clock.startWaiting();
        try {
            if (replayStore == null) {
                observer.report("the config says that the replay store is external, but the filter was given none", null);
            } else {
                outcome = replayStore.insert(verified.replayKey().orElseThrow(), verified.replaySeconds().getAsLong());
            }
        } catch (Exception failure) { // other languages of the JVM throw what they like
            observer.report("the replay store gave no answer", failure);
        } finally {
            clock.stopWaiting();
        }
        verifier.settleReplay(verified, outcome == null ? ReplayOutcome.UNAVAILABLE : outcome);
    }

    /**
     * Path and query exactly as the caller sent them. A container tells no empty query from none; the schemes sign the query
     * itself and not its question mark, so both are the same request to them too.
     */
    private static String target(HttpServletRequest request) {
        String query = request.getQueryString();
        return query == null || query.isEmpty() ? request.getRequestURI() : request.getRequestURI() + "?" + query;
    }

    private static Request head(HttpServletRequest request, String target) {
        Request head = Request.of(request.getMethod(), target).client(request.getRemoteAddr()).authority(request.getHeader("Host"));
        Enumeration<String> names = request.getHeaderNames();
        if (names == null) {
            throw new IllegalStateException("wiresign: this container shows no headers, so no request can be verified");
        }
        while (names.hasMoreElements()) {
            String name = names.nextElement();
            Enumeration<String> values = request.getHeaders(name);
            while (values.hasMoreElements()) {
                head.header(name, values.nextElement());
            }
        }
        return head;
    }

    static boolean hasBody(HttpServletRequest request) {
        // HTTP/2 has neither field where a body of unknown length follows; a body is looked for wherever one may be.
        boolean isDeclared = request.getContentLengthLong() >= 0 || request.getHeader("Transfer-Encoding") != null;
        return isDeclared ? request.getContentLengthLong() != 0 : !request.getProtocol().startsWith("HTTP/1");
    }

    private static void answer(HttpServletResponse response, RefusalResponse refusal) throws IOException {
        write(response, refusal.status(), refusal.headers(), refusal.body());
    }

    /** Answers byte for byte. */
    static void write(HttpServletResponse response, int status, List<Header> headers, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        headers.forEach(header -> response.setHeader(header.name(), header.value()));
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }

    /** What a filter does. */
    public static final class Builder {
        private final Verifier verifier;
        private final Set<String> identityHeaders = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        private Consumer<? super Decision> onDecision;
        private ReplayStore replayStore;
        private Sts sts;
        private KeySets keySets;

        private Builder(Verifier verifier) {
            this.verifier = Objects.requireNonNull(verifier, "verifier");
        }

        /**
         * Who is told of each decision.
         *
         * @param hook what it throws is logged and changes nothing; null for none
         * @return this
         */
        public Builder onDecision(Consumer<? super Decision> hook) {
            onDecision = hook;
            return this;
        }

        /**
         * What is asked whether a request came before, where the configuration says that the store is external. Without one such a
         * configuration gets what it says of a store that gives no answer.
         *
         * @param store the store of several processes; null for none
         * @return this
         */
        public Builder replayStore(ReplayStore store) {
            replayStore = store;
            return this;
        }

        /**
         * What asks AWS who made the proof of an IAM identity. Without it such requests are refused.
         *
         * @param asking must not be closed while the filter is used; null for none
         * @return this
         */
        public Builder sts(Sts asking) {
            sts = asking;
            return this;
        }

        /**
         * What fetches the keys that issuers of tokens publish: the filter has it fetch anew where a token comes that no key at hand
         * has signed, in the background, and once within the cool-down. That request is refused, and the next one with this key is
         * not. The sets follow {@link Verifier#replace}, where they serve the configuration that the verifier has now. They follow
         * one verifier: the filter of a second one is not built with them.
         *
         * @param sets must not be closed while the filter is used; null for none
         * @return this
         */
        public Builder keySets(KeySets sets) {
            keySets = sets;
            return this;
        }

        /**
         * Further headers that the application takes for an identity, such as {@code X-User-ID}. They never reach it from outside.
         *
         * @param names the names, in any case
         * @return this
         */
        public Builder identityHeaders(Collection<String> names) {
            identityHeaders.addAll(names);
            return this;
        }

        /**
         * The filter.
         *
         * @return a filter of its own
         */
        public WiresignFilter build() {
            return new WiresignFilter(this);
        }
    }
}
