package dev.wiresign.servlet;

import dev.wiresign.HandshakeResponse;
import dev.wiresign.Refusal;
import dev.wiresign.Request;
import dev.wiresign.Verifier;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers the challenges of a webhook's sender, and passes everything else on. Map it to the path of the webhook, in front of
 * the {@link WiresignFilter}, which judges what is no handshake.
 */
public final class HandshakeFilter implements Filter {
    private final Verifier verifier;
    private final String webhook;
    private final Observer observer;

    /**
     * A filter for one webhook.
     *
     * @param verifier answers; it must not be closed while the filter is used
     * @param webhook the name of the webhook in the configuration
     */
    public HandshakeFilter(Verifier verifier, String webhook) {
        this(verifier, webhook, null);
    }

    /**
     * A filter for one webhook that tells of its refusals.
     *
     * @param verifier answers; it must not be closed while the filter is used
     * @param webhook the name of the webhook in the configuration
     * @param onDecision called with each refusal of a handshake; null for none
     */
    public HandshakeFilter(Verifier verifier, String webhook, Consumer<? super Decision> onDecision) {
        this.verifier = Objects.requireNonNull(verifier, "verifier");
        this.webhook = Objects.requireNonNull(webhook, "webhook");
        this.observer = new Observer(onDecision);
    }

    @Override
    public void doFilter(ServletRequest given, ServletResponse answered, FilterChain chain) throws IOException, ServletException {
        if (!(given instanceof HttpServletRequest request) || !(answered instanceof HttpServletResponse response)) {
            throw new ServletException("wiresign: only HTTP requests can be verified");
        }
        // A body over the limit is no handshake: the filter behind refuses it without reading it.
        long limit = verifier.bodyLimit();
        if (WiresignFilter.hasBody(request) && request.getContentLengthLong() > limit) {
            chain.doFilter(request, response);
            return;
        }
        String target = WiresignFilter.target(request);
        Stopwatch clock = new Stopwatch();
        byte[] body = {};
        if (WiresignFilter.hasBody(request)) {
            clock.startWaiting();
            body = request.getInputStream().readNBytes((int) Math.min(limit + 1, Integer.MAX_VALUE));
            clock.stopWaiting();
        }
        Optional<HandshakeResponse> answer;
        try {
            Request received = WiresignFilter.head(request, target).body(body);
            answer = body.length > limit ? Optional.empty() : verifier.handshake(webhook, received);
        } catch (Refusal refusal) {
            observer.tell(null, refusal, request.getMethod(), target, clock.spent());
            WiresignFilter.answer(response, refusal.response());
            return;
        }
        if (answer.isPresent()) {
            send(response, answer.get());
        } else {
            chain.doFilter(body.length == 0 ? request : new Replayed(request, body), response);
        }
    }

    private static void send(HttpServletResponse response, HandshakeResponse answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        response.setStatus(answer.status());
        answer.headers().forEach(header -> response.setHeader(header.name(), header.value()));
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }

    /** The request with its body as it was, for the filter behind. */
    private static final class Replayed extends HttpServletRequestWrapper {
        private final ServletInputStream stream;

        Replayed(HttpServletRequest request, byte[] body) {
            super(request);
            stream = new ReplayedStream(body, this);
        }

        @Override
        public ServletInputStream getInputStream() {
            return stream;
        }
    }
}
