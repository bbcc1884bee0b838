package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Answer
import dev.wiresign.kotlin.ffi.IssuedToken as NativeIssuedToken
import dev.wiresign.kotlin.ffi.TokenIssuer as NativeTokenIssuer

/** Issues tokens about the services of the registry, for a token endpoint. Threads may share it. */
public class TokenIssuer(config: Config) : AutoCloseable {
    private val native = calling { config.lend { NativeTokenIssuer(it) } }

    /** A token about a service of the registry for one of its targets, for so many seconds, with some of its permissions. */
    public fun issue(
        subject: String,
        audience: String,
        lifetime: Long? = null,
        permissions: List<String>? = null,
        tenant: String? = null,
        now: Long? = null,
        id: String? = null,
    ): IssuedToken {
        require(lifetime == null || lifetime >= 0) { "a token lives for some seconds" }
        return calling {
            IssuedToken(native.issue(subject, audience, lifetime?.toULong(), permissions, tenant, unixSeconds(now), id))
        }
    }

    /** The whole answer of a token endpoint to the form of a caller that a verification named. */
    public fun answer(
        caller: String?,
        form: ByteArray,
        tenant: String? = null,
        now: Long? = null,
        id: String? = null,
    ): TokenResponse = calling { TokenResponse(native.answer(caller, form, tenant, unixSeconds(now), id)) }

    /** Swaps the config for all later tokens. Where the new one cannot sign any, the config stays. */
    public fun replace(config: Config): Unit = calling { config.lend { native.replace(it) } }

    /** Frees the keys as soon as no call uses them any more. */
    override fun close(): Unit = native.close()
}

/** A token that was issued. Whoever has its text can use it. */
public class IssuedToken internal constructor(private val native: NativeIssuedToken) {
    /** The token in compact form. */
    public val text: String get() = native.text

    /** The first Unix second at which it has ended. */
    public val expires: Long get() = native.expires.toLong()

    /** For how many seconds it lives. */
    public val lifetime: Long get() = native.lifetime.toLong()

    /** What it allows, as patterns. */
    public val permissions: List<String> get() = native.permissions

    override fun toString(): String = "IssuedToken(expires=$expires)"
}

/** What a request for a token is answered with, byte for byte. */
public class TokenResponse internal constructor(private val native: Answer) {
    /** The HTTP status. */
    public val status: Int get() = native.status.toInt()

    /** The headers to set, in order. */
    public val headers: List<Header> get() = native.headers

    /** The body, which holds the token. */
    public val body: String get() = native.body

    override fun toString(): String = "TokenResponse($status)"
}
