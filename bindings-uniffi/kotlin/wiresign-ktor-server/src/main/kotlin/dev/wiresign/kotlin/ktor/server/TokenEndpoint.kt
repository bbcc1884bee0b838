package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.TokenIssuer
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.ApplicationCall
import io.ktor.server.request.receive
import io.ktor.server.response.respond

/** No form for a token is longer. */
private const val MOST_BYTES = 64 * 1024

/**
 * Answers a request for a token about its caller: `post("/oauth2/token") { call.answerToken(issuer) }`. The tenant is the caller's as
 * the application knows it, whatever the request says; null for none.
 */
public suspend fun ApplicationCall.answerToken(issuer: TokenIssuer, tenant: String? = null) {
    val form = receive<ByteArray>()
    if (form.size > MOST_BYTES) {
        return respond(HttpStatusCode.PayloadTooLarge)
    }
    val answer = issuer.answer(caller?.service, form, tenant)
    Outcome.Answered(answer.status, answer.headers, answer.body).send(this)
}
