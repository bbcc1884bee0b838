package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Answer

/** What a handshake is answered with, byte for byte. */
public class HandshakeResponse internal constructor(private val native: Answer) {
    /** The HTTP status. */
    public val status: Int get() = native.status.toInt()

    /** The headers to set, in order. */
    public val headers: List<Header> get() = native.headers

    /** The body, which may be empty. */
    public val body: String get() = native.body

    override fun toString(): String = "HandshakeResponse($status)"
}
