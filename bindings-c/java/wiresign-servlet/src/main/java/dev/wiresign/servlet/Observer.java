package dev.wiresign.servlet;

import dev.wiresign.Refusal;
import dev.wiresign.Verified;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Writes the audit record of each decision and calls the application's hook. Nothing that fails here changes a decision. */
final class Observer {
    private static final Logger AUDIT = LoggerFactory.getLogger("wiresign.audit");
    private static final Logger LOG = LoggerFactory.getLogger("wiresign");

    private final Consumer<? super Decision> hook;

    Observer(Consumer<? super Decision> hook) {
        this.hook = hook;
    }

    void tell(Verified verified, Refusal refusal, HttpServletRequest request, String target, long durationNanos) {
        boolean isLogged = refusal == null ? AUDIT.isInfoEnabled() : AUDIT.isWarnEnabled();
        if (hook == null && !isLogged) {
            return;
        }
        Decision decision = Decision.of(verified, refusal, request, target, durationNanos);
        try {
            if (isLogged) {
                record(decision);
            }
        } catch (Exception failure) {
            report("the audit record could not be written", failure);
        }
        if (hook == null) {
            return;
        }
        try {
            hook.accept(decision);
        } catch (Exception failure) { // other languages of the JVM throw what they like
            report("the onDecision hook failed; the decision stands", failure);
        }
    }

    private static void record(Decision decision) {
        Refusal refusal = decision.refusal().orElse(null);
        Verified verified = decision.verified().orElse(null);
        String service = refusal == null ? verified.service().orElse(null) : refusal.service().orElse(null);
        String code = refusal == null ? null : refusal.code().name();
        LoggingEventBuilder event = refusal == null ? AUDIT.atInfo() : AUDIT.atWarn();
        event.addKeyValue("event", decision.event())
                .addKeyValue("service", service)
                .addKeyValue("scheme", refusal == null ? verified.scheme().orElse(null) : null)
                .addKeyValue("key_id", refusal == null ? verified.keyId().orElse(null) : null)
                .addKeyValue("code", code)
                .addKeyValue("method", decision.method())
                .addKeyValue("path", decision.path())
                .addKeyValue("route", refusal == null ? verified.route().orElse(null) : null)
                .addKeyValue("client", decision.client().orElse(null))
                .addKeyValue("request_id", refusal == null ? verified.requestId().orElse(null) : refusal.requestId().orElse(null))
                .addKeyValue("age", refusal == null && verified.age().isPresent() ? verified.age().getAsLong() : null)
                .addKeyValue("duration_us", decision.durationMicros())
                .addKeyValue("detail", refusal == null ? null : refusal.detail())
                .log("{} {} {}", decision.event(), service, code == null ? "" : code);
    }

    /** Tells the operator of something that is no decision. */
    void report(String sentence, Exception failure) {
        try {
            LOG.error(sentence, failure);
        } catch (Exception loggingIsBroken) {
            // The decision must stand all the same.
            return;
        }
    }
}
