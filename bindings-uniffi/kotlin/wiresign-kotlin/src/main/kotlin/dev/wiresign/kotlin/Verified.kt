package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Verified as NativeVerified

/** Who called, from verified material only. Only a verification makes one. */
public class Verified internal constructor(internal val native: NativeVerified) {
    /** Asked once, where somebody wants to know. */
    private val facts by lazy(LazyThreadSafetyMode.PUBLICATION) { native.facts() }

    /** The calling service; absent only on a public route. */
    public val service: String? get() = facts.service

    /** Which key of the caller matched. */
    public val keyId: String? get() = facts.keyId

    /** Whether that key is on its way out. */
    public val keyIsRetiring: Boolean get() = facts.keyIsRetiring

    /** The wire format of the signature. */
    public val scheme: String? get() = facts.scheme

    /** The wire formats of all credentials that were verified. */
    public val schemes: List<String> get() = facts.schemes

    /** Seconds since the request was signed; negative when it comes from the future. */
    public val age: Long? get() = facts.age

    /** When the request was signed, in Unix seconds. */
    public val timestamp: Long? get() = facts.timestamp?.toLong()

    /** The request id, where it has the form of one. */
    public val requestId: String? get() = facts.requestId

    /** Whether the signature covers the request id. */
    public val requestIdIsSigned: Boolean get() = facts.requestIdIsSigned

    /** The pattern of the route that matched. */
    public val route: String? get() = facts.route

    /** What the signature covers. */
    public val covered: List<String> get() = facts.covered

    /** The subject of the request's token, or the ARN of its IAM identity. */
    public val subject: String? get() = facts.subject

    /** The tenant that the request's token names, in the claim that the config says. */
    public val tenant: String? get() = facts.tenant

    /** When the request's token expires, in Unix seconds. */
    public val tokenExpires: Long? get() = facts.tokenExpires?.toLong()

    /** All claims of the request's token, as JSON text. */
    public val claims: String? get() = facts.claims

    /** What a store shared by several verifiers keeps to see the same request again. */
    public val replayKey: String? get() = facts.replayKey

    /** For how many seconds such a store must remember the request; absent where it need not. */
    public val replaySeconds: Long? get() = facts.replaySeconds?.toLong()

    /** Whether a public route let the request in without a look at its credentials. */
    public val isPublic: Boolean get() = facts.isPublic

    /** Throws the [Refusal] of a request that none of these services made; without any named there must be a caller. */
    public fun requireService(vararg services: String): Unit = calling { native.requireService(services.asList()) }

    /**
     * Throws the [Refusal] of a request whose caller may not do all that this pattern matches, as in `POST /invoices`: by the config,
     * or by the request's token. Throws an [IllegalArgumentException] for what is no pattern.
     */
    public fun requirePermission(permission: String): Unit = calling { native.requirePermission(permission) }

    override fun toString(): String =
        if (isPublic) "Verified(public)" else "Verified(service=$service, keyId=$keyId, scheme=$scheme, requestId=$requestId)"
}
