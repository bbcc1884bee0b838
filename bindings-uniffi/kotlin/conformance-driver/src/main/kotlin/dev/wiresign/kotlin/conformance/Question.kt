package dev.wiresign.kotlin.conformance

import com.fasterxml.jackson.databind.JsonNode
import dev.wiresign.kotlin.Config
import dev.wiresign.kotlin.ConfigException
import dev.wiresign.kotlin.Contexts
import dev.wiresign.kotlin.Header
import dev.wiresign.kotlin.Problem
import dev.wiresign.kotlin.Refusal
import dev.wiresign.kotlin.Request
import dev.wiresign.kotlin.Response
import dev.wiresign.kotlin.Signer
import dev.wiresign.kotlin.SigningException
import dev.wiresign.kotlin.TokenIssuer
import dev.wiresign.kotlin.Verified
import dev.wiresign.kotlin.Verifier
import java.util.Base64

internal typealias Answer = Map<String, Any?>

/** The results of all steps of a question, in order. */
internal fun answer(question: JsonNode): List<Answer> {
    val env = question.path("env").properties().associate { (name, value) -> name to value.textValue() }
    val document = question["config_text"]?.textValue() ?: json(question["config"])
    return try {
        Config.parse(document, env).use { config ->
            Verifier(config).use { verifier -> question["steps"].map { Question(env, config, verifier).answer(it) } }
        }
    } catch (invalid: ConfigException) {
        question["steps"].map { configErrors(invalid) }
    }
}

/** A configuration, and a verifier that the steps of one question share. */
private class Question(
    private val env: Map<String, String>,
    private val config: Config,
    private val verifier: Verifier,
) {
    fun answer(step: JsonNode): Answer =
        try {
            when (val operation = step["op"].textValue()) {
                "verify" -> ok(shown(verifier.verify(request(step), now(step))))
                "verify_stream" -> ok(shown(stream(step)))
                "sign" -> ok(sign(step))
                "check" -> ok(mapOf("warnings" to problems(config.warnings)))
                "replace" -> replace(step)
                "handshake" -> ok(handshake(step))
                "explain" -> ok(explain(step))
                "ask_identity" -> ok(askIdentity(step))
                "issue_token" -> ok(issueToken(step))
                "answer_token" -> ok(answerToken(step))
                "sign_context" -> ok(signContext(step))
                "verify_context" -> ok(verifyContext(step))
                else -> mapOf("crashed" to "this driver does not declare $operation")
            }
        } catch (refusal: Refusal) {
            refused(refusal)
        } catch (invalid: ConfigException) {
            configErrors(invalid)
        } catch (failure: SigningException) {
            mapOf("failed" to mapOf("code" to failure.code.name, "message" to failure.message))
        } catch (unforeseen: RuntimeException) {
            mapOf("crashed" to unforeseen.toString())
        }

    private fun stream(step: JsonNode): Verified {
        val body = bytes(step["request"].path("body"))
        return verifier.begin(request(step), now(step)).use { verification ->
            if (verification.needsBody) {
                var at = 0
                for (chunk in step["chunks"].map { it.intValue() }) {
                    verification.update(body.copyOfRange(at, at + chunk))
                    at += chunk
                }
                verification.update(body.copyOfRange(at, body.size))
            }
            verification.finish()
        }
    }

    private fun sign(step: JsonNode): Answer =
        Signer(config, step["target"].textValue()).use { signer ->
            val nonce = step["nonce"].textValue()
            val headers = signer.sign(request(step), now(step), nonce)
            mapOf("headers" to pairs(headers), "message" to base64(signer.message(request(step), now(step), nonce)))
        }

    private fun replace(step: JsonNode): Answer {
        Config.parse(json(step["config"]), env).use(verifier::replace)
        return ok(emptyMap())
    }

    private fun handshake(step: JsonNode): Answer {
        val answer = verifier.handshake(step["webhook"].textValue(), request(step), now(step))
        return mapOf("handshake" to answer?.let { answered(it.status, it.headers, it.body) })
    }

    private fun explain(step: JsonNode): Answer {
        val explanation = verifier.explain(request(step), now(step))
        return mapOf("verdict" to explanation.verdict, "hints" to explanation.hints.map { it.id })
    }

    private fun askIdentity(step: JsonNode): Answer {
        val question = verifier.identityRequest(request(step), now(step)) ?: return mapOf("question" to null)
        val given = step["answer"].takeUnless(JsonNode::isNull)
        val answer = given?.let { Response(it["status"].intValue(), body = bytes(it["body"])) }
        verifier.identityAnswer(question, answer, now(step))
        val shown =
            mapOf(
                "method" to question.method,
                "url" to question.url,
                "headers" to pairs(question.headers),
                "body" to question.body,
            )
        return mapOf("question" to shown)
    }

    private fun issueToken(step: JsonNode): Answer =
        TokenIssuer(config).use { issuer ->
            val token =
                issuer.issue(
                    step["subject"].textValue(),
                    step["audience"].textValue(),
                    step["lifetime"]?.longValue(),
                    step["permissions"]?.let(::texts),
                    step["tenant"]?.textValue(),
                    now(step),
                    step["nonce"].textValue(),
                )
            mapOf(
                "text" to token.text,
                "expires" to token.expires,
                "lifetime" to token.lifetime,
                "permissions" to token.permissions,
            )
        }

    private fun answerToken(step: JsonNode): Answer =
        TokenIssuer(config).use { issuer ->
            val caller = step["caller"].textValue()
            val answer =
                issuer.answer(caller, bytes(step["form"]), step["tenant"]?.textValue(), now(step), step["nonce"].textValue())
            answered(answer.status, answer.headers, answer.body)
        }

    private fun signContext(step: JsonNode): Answer =
        Contexts(config).use { contexts ->
            val (tenant, roles) = step["tenant"].textValue() to texts(step["roles"])
            mapOf(
                "signature" to contexts.sign(tenant, roles, now(step)),
                "message" to base64(contexts.message(tenant, roles)),
            )
        }

    private fun verifyContext(step: JsonNode): Answer =
        Contexts(config).use { contexts ->
            val verified =
                contexts.verify(
                    step["tenant"].textValue(),
                    texts(step["roles"]),
                    step["signature"].textValue(),
                    now(step),
                    step["payload"]?.let(::bytes),
                )
            mapOf(
                "key" to verified.keyId,
                "matched" to verified.matched,
                "retiring" to verified.keyIsRetiring,
                "roles" to verified.roles,
            )
        }
}

private fun now(step: JsonNode): Long = step["now"].longValue()

private fun request(step: JsonNode): Request {
    val received = step["request"]
    return Request(
        text(received["method"]),
        text(received["target"]),
        received["headers"].map { text(it[0]) to text(it[1]) },
        bytes(received.path("body")),
        received["authority"]?.let(::text),
    )
}

private fun texts(list: JsonNode): List<String> = list.map { it.textValue() }

private fun bytes(value: JsonNode): ByteArray =
    when {
        value.isMissingNode -> ByteArray(0)
        value.isTextual -> value.textValue().toByteArray()
        else -> Base64.getDecoder().decode(value["base64"].textValue())
    }

/** The text that stands for bytes: one character for each. */
private fun text(value: JsonNode): String = String(bytes(value), Charsets.ISO_8859_1)

private fun base64(bytes: ByteArray): Answer = mapOf("base64" to Base64.getEncoder().encodeToString(bytes))

private fun pairs(headers: List<Header>): List<List<String>> = headers.map { listOf(it.name, it.value) }

private fun answered(status: Int, headers: List<Header>, body: String): Answer =
    mapOf("status" to status, "headers" to pairs(headers), "body" to body)

private fun ok(content: Answer): Answer = mapOf("ok" to content)

private fun problems(problems: List<Problem>): List<Answer> =
    problems.map { mapOf("pointer" to it.pointer, "message" to it.message) }

private fun configErrors(invalid: ConfigException): Answer = mapOf("config_errors" to problems(invalid.problems))

private fun shown(verified: Verified): Answer =
    mapOf(
        "service" to verified.service,
        "key" to verified.keyId,
        "scheme" to verified.scheme,
        "age" to verified.age,
        "request_id" to verified.requestId,
        "route" to verified.route,
        "retiring" to verified.keyIsRetiring,
        "public" to verified.isPublic,
        "covered" to verified.covered,
        "replay_key" to verified.replayKey,
    )

private fun refused(refusal: Refusal): Answer {
    val answer = refusal.response()
    val response =
        mapOf("status" to answer.status, "body" to answer.body, "www_authenticate" to answer.wwwAuthenticate)
    return mapOf(
        "refused" to
            mapOf(
                "code" to refusal.code.name,
                "status" to refusal.status,
                "response" to response,
                "request_id" to refusal.requestId,
            ),
    )
}
