package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Signer as NativeSigner

/** Holds the credential of one caller and a scheme. Threads may share it. */
public class Signer private constructor(private val native: NativeSigner) : AutoCloseable {
    /** A signer for calls to the target service; schemes that sign no target need none. */
    public constructor(config: Config, target: String? = null) : this(calling { config.lend { NativeSigner(it, target) } })

    /** The headers to set, in order. The time and the nonce are the clock's and a fresh one where they are left out. */
    public fun sign(request: Request, now: Long? = null, nonce: String? = null): List<Header> =
        calling { native.sign(request.withBody(), unixSeconds(now), nonce) }

    /** The canonical bytes that [sign] would sign. They hold no secret. */
    public fun message(request: Request, now: Long? = null, nonce: String? = null): ByteArray =
        calling { native.message(request.withBody(), unixSeconds(now), nonce) }

    /** The target of a link that is signed for so many seconds. Only where the config signs with `aws-sigv4`. */
    public fun presign(head: Request, seconds: Long, now: Long? = null): String {
        require(seconds >= 0) { "a link lives for some seconds" }
        return calling { native.presign(head.head(), seconds.toULong(), unixSeconds(now)) }
    }

    /** The headers that sign a response, and bind it to the request that it answers, as that was received. */
    public fun signResponse(response: Response, answered: Request, now: Long? = null): List<Header> =
        calling { native.signResponse(response.native(), answered.head(), unixSeconds(now)) }

    /** The headers that sign a request once more, as `Accept-Signature` among these asks; null where that asks for nothing. */
    public fun signAsAsked(
        responseHeaders: List<Pair<String, String>>,
        request: Request,
        now: Long? = null,
        nonce: String? = null,
    ): List<Header>? = calling { native.signAsAsked(fields(responseHeaders), request.withBody(), unixSeconds(now), nonce) }

    /** Frees the signer as soon as no call uses it any more. */
    override fun close(): Unit = native.close()

    public companion object {
        /** A signer with credentials of AWS that were given out for a while. */
        public fun withAwsCredentials(
            config: Config,
            accessKeyId: String,
            secret: String,
            sessionToken: String? = null,
            target: String? = null,
        ): Signer =
            Signer(calling { config.lend { NativeSigner.withAwsCredentials(it, accessKeyId, secret, sessionToken, target) } })
    }
}
