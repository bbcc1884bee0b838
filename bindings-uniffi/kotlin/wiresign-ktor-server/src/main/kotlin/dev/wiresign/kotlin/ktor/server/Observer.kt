package dev.wiresign.kotlin.ktor.server

import org.slf4j.LoggerFactory

private val audit = LoggerFactory.getLogger("wiresign.audit")
private val log = LoggerFactory.getLogger("wiresign")

/** Writes the audit record of each decision and calls the application's hook. Nothing that fails here changes a decision. */
internal class Observer(private val hook: ((Decision) -> Unit)?) {
    fun tell(decision: Decision) {
        guarded("the audit record could not be written") { record(decision) }
        hook?.let { guarded("the onDecision hook failed; the decision stands") { it(decision) } }
    }

    /** Tells the operator of something that is no decision. */
    fun report(sentence: String, failure: Throwable?) {
        try {
            log.error(sentence, failure)
        } catch (_: Exception) {
            // Logging itself is broken, and there is nobody left to tell.
        }
    }

    private inline fun guarded(sentence: String, work: () -> Unit) {
        try {
            work()
        } catch (failure: Exception) {
            report(sentence, failure)
        }
    }

    private fun record(decision: Decision) {
        val (verified, refusal) = decision.verified to decision.refusal
        val service = verified?.service ?: refusal?.service
        val code = refusal?.code?.name
        val event = if (refusal == null) audit.atInfo() else audit.atWarn()
        event
            .addKeyValue("event", decision.event)
            .addKeyValue("service", service)
            .addKeyValue("scheme", verified?.scheme)
            .addKeyValue("key_id", verified?.keyId)
            .addKeyValue("code", code)
            .addKeyValue("method", decision.method)
            .addKeyValue("path", decision.path)
            .addKeyValue("route", verified?.route)
            .addKeyValue("client", decision.client)
            .addKeyValue("request_id", verified?.requestId ?: refusal?.requestId)
            .addKeyValue("age", verified?.age)
            .addKeyValue("duration_us", decision.durationMicros)
            .addKeyValue("detail", refusal?.detail)
            .log("{} {} {}", decision.event, service, code ?: "")
    }
}
