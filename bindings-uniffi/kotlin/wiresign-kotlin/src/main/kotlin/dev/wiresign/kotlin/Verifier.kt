package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Verifier as NativeVerifier

/** What a store that several verifiers share says of a request. */
public typealias ReplayOutcome = dev.wiresign.kotlin.ffi.ReplayOutcome

/** Judges requests by one config. Threads may share it; whoever uses it after [close] gets an [IllegalStateException]. */
public class Verifier(config: Config) : AutoCloseable {
    private val native = calling { config.lend { NativeVerifier(it) } }

    /** The longest body that is accepted now, in bytes. */
    public val bodyLimit: Long get() = native.bodyLimit().toLong()

    /** Judges a whole request, and throws a [Refusal] where it does not hold. */
    public fun verify(request: Request, now: Long? = null): Verified =
        calling { Verified(native.verify(request.withBody(), unixSeconds(now))) }

    /** Judges the head of a request, and gives the object that takes the body piece by piece. */
    public fun begin(head: Request, now: Long? = null): BodyVerification =
        calling { BodyVerification(native.begin(head.head(), unixSeconds(now))) }

    /** Swaps the config for all later requests. Replay store and counters are kept. */
    public fun replace(config: Config): Unit = config.lend { native.replace(it) }

    /** Takes what a store that several verifiers share says of an accepted request. */
    public fun settleReplay(verified: Verified, outcome: ReplayOutcome): Unit =
        calling { keeping(verified) { native.settleReplay(verified.native, outcome) } }

    /** Says how a request is judged and, where it is refused, what the cause may be. Nothing is remembered or counted. */
    public fun explain(request: Request, now: Long? = null): Explanation =
        Explanation(native.explain(request.withBody(), unixSeconds(now)))

    /** Answers the challenge of a webhook's sender; null where the request is none. */
    public fun handshake(webhook: String, request: Request, now: Long? = null): HandshakeResponse? =
        calling { native.handshake(webhook, request.withBody(), unixSeconds(now))?.let(::HandshakeResponse) }

    /** The webhooks to ask [handshake] about before a request is verified. */
    public fun handshakesAt(method: String, target: String): List<String> = native.handshakesAt(bytes(method), bytes(target))

    /** Judges the response of a service by a signature that covers it and the request, as that was sent. */
    public fun verifyResponse(service: String, response: Response, answered: Request, now: Long? = null): Verified =
        calling { Verified(native.verifyResponse(service, response.native(), answered.head(), unixSeconds(now))) }

    /** The value of an `Accept-Signature` header that asks a caller for the signature that is accepted here. */
    public fun acceptSignature(): String = native.acceptSignature()

    /** The question that AWS has to answer before a request with the proof of an IAM identity can be verified; null: none. */
    public fun identityRequest(head: Request, now: Long? = null): IdentityRequest? =
        native.identityRequest(head.head(), unixSeconds(now))?.let(::IdentityRequest)

    /** Takes what AWS answers to a question; null where no answer came. */
    public fun identityAnswer(question: IdentityRequest, answer: Response?, now: Long? = null): Unit =
        keeping(question) { native.identityAnswer(question.native, answer?.native(), unixSeconds(now)) }

    /** The counters as they stand. */
    public fun metrics(): Metrics = Metrics(native.metrics())

    /** Whether a public route answers this method and target. */
    public fun isPublic(method: String, target: String): Boolean = native.isPublic(bytes(method), bytes(target))

    /** Frees the verifier as soon as no call uses it any more. */
    override fun close(): Unit = native.close()
}
