package dev.wiresign.kotlin.conformance

/** What this driver can be asked. */
internal val CAPABILITIES =
    listOf(
        "verify", "verify_stream", "sign", "check", "replace", "sign_context", "verify_context", "handshake", "explain",
        "ask_identity", "issue_token", "answer_token",
    )

/** Answers the questions of the conformance runner, one JSON object per line, until the input ends. */
public fun main() {
    say(
        mapOf(
            "protocol" to 1,
            "binding" to "kotlin",
            "version" to "0.1.0",
            "runtime" to "Kotlin ${KotlinVersion.CURRENT} on Java ${Runtime.version()}",
            "capabilities" to CAPABILITIES,
        ),
    )
    for (line in generateSequence(System.`in`.bufferedReader()::readLine)) {
        val question = parse(line)
        say(mapOf("id" to question["id"], "results" to answer(question)))
    }
}

private fun say(line: Map<String, Any?>) {
    println(json(line))
    System.out.flush()
}
