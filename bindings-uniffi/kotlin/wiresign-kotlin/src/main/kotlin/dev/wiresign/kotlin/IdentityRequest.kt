package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.IdentityRequest as NativeIdentityRequest

/** A question to AWS: who made the proof of an IAM identity. Sent as it is, over TLS, without following redirects. */
public class IdentityRequest internal constructor(internal val native: NativeIdentityRequest) {
    /** Always POST. */
    public val method: String get() = native.method()

    /** The endpoint of STS in a region of the config. */
    public val url: String get() = native.url()

    /** The headers to send, Host among them. */
    public val headers: List<Header> get() = native.headers()

    /** Always the same. */
    public val body: String get() = native.body()

    override fun toString(): String = "IdentityRequest($url)"
}
