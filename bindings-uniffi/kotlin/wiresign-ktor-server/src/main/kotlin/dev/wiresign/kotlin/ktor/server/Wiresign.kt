package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.Header
import dev.wiresign.kotlin.Refusal
import dev.wiresign.kotlin.RefusalResponse
import dev.wiresign.kotlin.ReplayOutcome
import dev.wiresign.kotlin.Request
import dev.wiresign.kotlin.Verified
import dev.wiresign.kotlin.Verifier
import io.ktor.http.ContentType
import io.ktor.http.HttpHeaders
import io.ktor.http.HttpMethod
import io.ktor.http.HttpStatusCode
import io.ktor.http.content.ByteArrayContent
import io.ktor.server.application.ApplicationCall
import io.ktor.server.application.ApplicationCallPipeline
import io.ktor.server.application.BaseApplicationPlugin
import io.ktor.server.application.PipelineCall
import io.ktor.server.application.call
import io.ktor.server.plugins.origin
import io.ktor.server.request.ApplicationReceivePipeline
import io.ktor.server.request.httpMethod
import io.ktor.server.response.header
import io.ktor.server.response.respond
import io.ktor.util.AttributeKey
import io.ktor.util.pipeline.PipelinePhase
import io.ktor.utils.io.ByteReadChannel
import io.ktor.utils.io.InternalAPI
import kotlinx.coroutines.CancellationException
import java.time.Instant

private val CALLER = AttributeKey<Verified>("dev.wiresign.caller")
private val BODY = AttributeKey<ByteArray>("dev.wiresign.body")
private val NOTHING = ByteArray(0)
private val CLAIMS = listOf("X-Service-ID", "X-Service-Name")

/** Letters that are spelled in both ways to find a spelling of a name which nobody has sent. */
private const val SPELLED_LETTERS = 9

/** Who called; null where the request has passed no [Wiresign] plugin. */
public val ApplicationCall.caller: Verified? get() = attributes.getOrNull(CALLER)

/**
 * Lets some services through only, without any named every verified caller, and gives the caller. Everybody else gets the
 * [Refusal] that is thrown here, as the answer of the plugin and in its record.
 */
public fun ApplicationCall.requireService(vararg services: String): Verified =
    required("a service").also { it.requireService(*services) }

/**
 * As [requireService], for the callers that may do all that a pattern matches, such as `POST /invoices`: by the config and by the
 * request's token.
 */
public fun ApplicationCall.requirePermission(permission: String): Verified =
    required("a permission").also { it.requirePermission(permission) }

private fun ApplicationCall.required(what: String): Verified =
    checkNotNull(caller) { "wiresign: install(Wiresign) before whatever requires $what" }

/** What the plugin is told. */
public class WiresignConfiguration {
    /** Judges the requests. It must not be closed while the server runs. */
    public var verifier: Verifier? = null

    /** Asked where the config says that the replay store is external. Without one the config's word on an outage holds. */
    public var replayStore: ReplayStore? = null

    /** Further headers that the application takes for an identity, such as `X-User-ID`. They never reach it from outside. */
    public var identityHeaders: List<String> = emptyList()

    internal var hook: ((Decision) -> Unit)? = null

    /** Called with each decision. What it throws is logged, and changes nothing. */
    public fun onDecision(hook: (Decision) -> Unit) {
        this.hook = hook
    }
}

/**
 * Lets only verified requests, and those of public routes, through to what comes behind it. Whatever the head alone decides
 * is decided before a byte of the body is read; the body is read up to the limit, and given on unchanged. The challenges of
 * the senders of webhooks are answered here too.
 *
 * It runs before all other plugins that look at a call, but for logging and the like.
 */
public class Wiresign private constructor(
    private val verifier: Verifier,
    private val replayStore: ReplayStore?,
    private val identityHeaders: List<String>,
    private val observer: Observer,
) {
    private suspend fun judge(call: ApplicationCall): Outcome {
        val clock = Stopwatch()
        val target = call.request.local.uri
        val method = call.request.local.method.value
        checkNotOverridden(call)
        return try {
            val received = ReceivedBody(call, clock)
            val head = request(call, NOTHING)
            val handshake = handshake(call, head, received)
            if (handshake != null) {
                return handshake
            }
            val verified =
                if (received.mayBeThere) {
                    // Whether anybody vouches for the body the verification says: its config is not replaced before it ends.
                    verifier.begin(head).use { verification ->
                        if (verification.needsBody || received.isBegun) {
                            call.attributes.put(BODY, received.all(verification))
                        }
                        verification.finish()
                    }
                } else {
                    verifier.verify(head)
                }
            if (!verified.isPublic && !received.mayBeThere) {
                // Whatever the engine may still read was not signed.
                call.attributes.put(BODY, NOTHING)
            }
            settle(verified, clock)
            observer.tell(Decision(verified, null, method, target, client(call), clock.spentMicros))
            Outcome.Accepted(verified)
        } catch (refusal: Refusal) {
            observer.tell(Decision(null, refusal, method, target, client(call), clock.spentMicros))
            Outcome.Answered(refusal.response())
        }
    }

    /** A plugin such as `XHttpMethodOverride` takes the method from a header that nobody signs: the route taken was not judged then. */
    private fun checkNotOverridden(call: ApplicationCall) {
        val (sent, taken) = call.request.local.method to call.request.httpMethod
        check(taken == sent || sent == HttpMethod.Head && taken == HttpMethod.Get) {
            "wiresign: another plugin has made ${taken.value} of ${sent.value} before it was verified; take out what overrides methods"
        }
    }

    /** The answer to a request that is a handshake of a webhook. Only where there may be one, the body is read before the verdict. */
    private suspend fun handshake(call: ApplicationCall, head: Request, received: ReceivedBody): Outcome? {
        val webhooks = verifier.handshakesAt(head.method, head.target)
        val body = (if (webhooks.isEmpty()) null else received.ahead()) ?: return null
        val request = request(call, body)
        val answer = webhooks.firstNotNullOfOrNull { verifier.handshake(it, request) } ?: return null
        return Outcome.Answered(answer.status, answer.headers, answer.body)
    }

    /** Lets an external store have the last word. */
    private suspend fun settle(verified: Verified, clock: Stopwatch) {
        val seconds = verified.replaySeconds ?: return
        val key = checkNotNull(verified.replayKey) { "what must be remembered has a key" }
        val outcome =
            try {
                if (replayStore == null) {
                    observer.report("the config says that the replay store is external, but the plugin was given none", null)
                }
                clock.waiting { replayStore?.insert(key, seconds) } ?: ReplayOutcome.UNAVAILABLE
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (failure: Exception) {
                observer.report("the replay store gave no answer", failure)
                ReplayOutcome.UNAVAILABLE
            }
        verifier.settleReplay(verified, outcome)
    }

    /**
     * Takes out what a service might take for the name of its caller, unless it is that name: on a public route, or beside another
     * scheme's credential, anybody may have written it.
     */
    private fun withoutClaims(call: PipelineCall, verified: Verified) {
        val sent = call.request.headers
        val foreign = CLAIMS.filter { name -> sent.getAll(name)?.let { it != listOf(verified.service) } ?: false }
        (foreign + identityHeaders).distinctBy { it.lowercase() }.forEach { takeOut(call, it) }
    }

    /** Takes a header out. Ktor has no way but one of its own, which forgets that names have no case. */
    @OptIn(InternalAPI::class)
    private fun takeOut(call: PipelineCall, name: String) {
        val headers = call.request.headers
        val sent = headers.names().filter { it.equals(name, ignoreCase = true) }
        if (sent.all { headers.getAll(it).isNullOrEmpty() }) {
            return
        }
        // As it was sent, and as anybody would ask for it, it is not there.
        val usual = name.split("-").joinToString("-") { part -> part.lowercase().replaceFirstChar(Char::uppercase) }
        val spellings = sent + listOf(name, name.lowercase(), name.uppercase(), usual)
        spellings.forEach { call.request.setHeader(it, null) }
        // In any other spelling it has no value.
        val other = (0 until (1 shl SPELLED_LETTERS)).asSequence().map { spelled(name, it) }.firstOrNull { it !in spellings }
        other?.let { call.request.setHeader(it, emptyList()) }
    }

    /** A spelling of a name: in its end a letter is in upper case where the number has a bit. There are more than fields in a request. */
    private fun spelled(name: String, bits: Int): String {
        val (beginning, end) = name.lowercase().let { it.dropLast(SPELLED_LETTERS) to it.takeLast(SPELLED_LETTERS) }
        return beginning + end.mapIndexed { at, letter -> if (bits shr at and 1 == 1) letter.uppercaseChar() else letter }.joinToString("")
    }

    /** The refusal of code behind the plugin, as the plugin's own. */
    private suspend fun refuse(call: ApplicationCall, refusal: Refusal) {
        val sent = call.request.local
        observer.tell(Decision(null, refusal, sent.method.value, sent.uri, client(call), 0))
        Outcome.Answered(refusal.response()).send(call)
    }

    /** Installs the plugin: `install(Wiresign) { verifier = ... }`. */
    public companion object Plugin : BaseApplicationPlugin<ApplicationCallPipeline, WiresignConfiguration, Wiresign> {
        override val key: AttributeKey<Wiresign> = AttributeKey("Wiresign")

        override fun install(pipeline: ApplicationCallPipeline, configure: WiresignConfiguration.() -> Unit): Wiresign {
            val configuration = WiresignConfiguration().apply(configure)
            val verifier = requireNotNull(configuration.verifier) { "wiresign: install(Wiresign) { verifier = ... }" }
            val plugin = Wiresign(verifier, configuration.replayStore, configuration.identityHeaders.toList(), Observer(configuration.hook))
            val phase = PipelinePhase("Wiresign")
            pipeline.insertPhaseBefore(ApplicationCallPipeline.Plugins, phase)
            pipeline.intercept(phase) {
                when (val outcome = plugin.judge(call)) {
                    is Outcome.Answered -> {
                        outcome.send(call)
                        finish()
                    }
                    is Outcome.Accepted -> {
                        call.attributes.put(CALLER, outcome.verified)
                        plugin.withoutClaims(call, outcome.verified)
                        try {
                            proceed()
                        } catch (refusal: Refusal) {
                            // What has begun to be answered cannot be taken back: the engine breaks it off.
                            if (call.response.isCommitted) {
                                throw refusal
                            }
                            plugin.refuse(call, refusal)
                        }
                    }
                }
            }
            pipeline.receivePipeline.intercept(ApplicationReceivePipeline.Before) { subject ->
                val body = call.attributes.getOrNull(BODY)
                if (body != null && subject is ByteReadChannel) {
                    proceedWith(ByteReadChannel(body))
                }
            }
            return plugin
        }
    }
}

/** What comes of a request: it goes on, or it is answered. */
internal sealed interface Outcome {
    class Accepted(val verified: Verified) : Outcome

    class Answered(private val status: Int, private val headers: List<Header>, private val body: String) : Outcome {
        constructor(refused: RefusalResponse) : this(
            refused.status,
            listOfNotNull(
                Header("Content-Type", "application/json"),
                refused.wwwAuthenticate?.let { Header("WWW-Authenticate", it) },
                // Failures are counted by the minute of the clock.
                Header("Retry-After", "${60 - Instant.now().epochSecond % 60}").takeIf { refused.status == HttpStatusCode.TooManyRequests.value },
            ),
            refused.body,
        )

        /** Answers byte for byte. */
        suspend fun send(call: ApplicationCall) {
            val (types, others) = headers.partition { it.name.equals(HttpHeaders.ContentType, ignoreCase = true) }
            others.forEach { call.response.header(it.name, it.value) }
            val type = types.firstOrNull()?.let { ContentType.parse(it.value) }
            call.respond(ByteArrayContent(body.toByteArray(), type, HttpStatusCode.fromValue(status)))
        }
    }
}

/** The address that a request came from; a plugin for proxies may have named it. */
private fun client(call: ApplicationCall): String = call.request.origin.remoteAddress

/** The request as the client has sent it; Ktor keeps repeated fields, but not the order between different names. */
private fun request(call: ApplicationCall, body: ByteArray): Request {
    val received = call.request
    val headers = mutableListOf<Pair<String, String>>()
    for (name in received.headers.names().distinctBy(String::lowercase)) {
        received.headers.getAll(name)?.mapTo(headers) { name to it }
    }
    val connection = received.local
    return Request(
        connection.method.value, connection.uri, headers, body, received.headers.getAll(HttpHeaders.Host)?.singleOrNull(),
        client(call),
    )
}
