package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Field
import dev.wiresign.kotlin.ffi.Request as NativeRequest
import dev.wiresign.kotlin.ffi.Response as NativeResponse

/** One header to set. */
public typealias Header = dev.wiresign.kotlin.ffi.Header

private val NOTHING = ByteArray(0)

/**
 * One request as it is on the wire: what a framework decoded, sorted or printed again is not what was signed.
 *
 * A text stands for the bytes of its ISO-8859-1 form, which is what servers and clients make of header fields and request
 * lines. A text with characters beyond that stands for its UTF-8 form.
 */
public class Request(
    /** The method, such as `GET`. */
    public val method: String,
    /** The path and the query, exactly as they are sent. */
    public val target: String,
    /** Names and values, in the order in which they are sent, repeats included. */
    public val headers: List<Pair<String, String>> = emptyList(),
    /** The body. It is not copied before it is used. */
    public val body: ByteArray = NOTHING,
    /** The `Host` or `:authority`, where it is known. */
    public val authority: String? = null,
    /** The IP address of the client; any other text stands for one that is not known. */
    public val client: String? = null,
) {
    internal fun withBody(): NativeRequest = native(body)

    internal fun head(): NativeRequest = native(NOTHING)

    private fun native(body: ByteArray) =
        NativeRequest(bytes(method), bytes(target), fields(headers), body, authority?.let(::bytes), client)

    override fun toString(): String = "$method $target"
}

/** One response as it is on the wire. Texts stand for bytes as in [Request]. */
public class Response(
    /** The HTTP status. */
    public val status: Int,
    /** Names and values, in the order in which they are sent, repeats included. */
    public val headers: List<Pair<String, String>> = emptyList(),
    /** The body. It is not copied before it is used. */
    public val body: ByteArray = NOTHING,
) {
    internal fun native(): NativeResponse {
        require(status in 100..999) { "an HTTP status has three digits" }
        return NativeResponse(status.toUShort(), fields(headers), body)
    }
}

internal fun fields(headers: List<Pair<String, String>>): List<Field> =
    headers.map { (name, value) -> Field(bytes(name), bytes(value)) }

/** The bytes that a text stands for. */
internal fun bytes(text: String): ByteArray =
    text.toByteArray(if (text.all { it <= '\u00ff' }) Charsets.ISO_8859_1 else Charsets.UTF_8)

/** Unix seconds; the clock's where none are given. */
internal fun unixSeconds(now: Long?): ULong? {
    require(now == null || now >= 0) { "the time is in whole seconds since 1970" }
    return now?.toULong()
}
