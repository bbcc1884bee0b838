package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.Refusal
import dev.wiresign.kotlin.Verified

private const val LONGEST_PATH = 1024

/** What was decided about one request: exactly one of [verified] and [refusal] is there. */
public class Decision internal constructor(
    /** Who called. */
    public val verified: Verified?,
    /** Why the request was refused. */
    public val refusal: Refusal?,
    method: String,
    target: String,
    /** The address that the request came from, as Ktor has it. */
    public val client: String?,
    /** What the verification took, in microseconds, without waiting for the body or a replay store. */
    public val durationMicros: Long,
) {
    /** The method, with whatever cannot be printed escaped. */
    public val method: String = printable(method)

    /** The raw path without its query, escaped likewise and cut at 1024 characters. */
    public val path: String = printable(target.substringBefore('?'))

    /** The name of the audit event: `accepted`, `public` or `refused`. */
    public val event: String
        get() =
            when {
                verified == null -> "refused"
                verified.isPublic -> "public"
                else -> "accepted"
            }
}

private fun printable(text: String): String =
    text.take(LONGEST_PATH).map { if (it in ' '..'~') it.toString() else "\\u%04x".format(it.code) }.joinToString("")
