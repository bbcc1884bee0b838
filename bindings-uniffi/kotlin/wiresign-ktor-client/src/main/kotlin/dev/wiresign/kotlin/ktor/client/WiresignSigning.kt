package dev.wiresign.kotlin.ktor.client

import dev.wiresign.kotlin.Request
import dev.wiresign.kotlin.Signer
import dev.wiresign.kotlin.SigningException
import io.ktor.client.plugins.api.ClientPlugin
import io.ktor.client.plugins.api.SendingRequest
import io.ktor.client.plugins.api.createClientPlugin
import io.ktor.client.request.HttpRequestBuilder
import io.ktor.http.HttpHeaders
import io.ktor.http.Url
import io.ktor.http.content.OutgoingContent
import io.ktor.http.hostWithPortIfSpecified
import io.ktor.util.AttributeKey

/** What the plugin is told. */
public class WiresignSigningConfiguration {
    /** Signs what is sent. It must not be closed while the client is used. */
    public var signer: Signer? = null
}

/**
 * Signs each request that a client sends, just before it is sent: `install(WiresignSigning) { signer = ... }`. A retry and a
 * redirect within the same origin are signed anew; a redirect to another origin fails, since that is not whom the signature is for.
 *
 * The body must be known in full: a channel or a stream throws a [SigningException].
 */
public val WiresignSigning: ClientPlugin<WiresignSigningConfiguration> =
    createClientPlugin("WiresignSigning", ::WiresignSigningConfiguration) {
        val signer = requireNotNull(pluginConfig.signer) { "wiresign: install(WiresignSigning) { signer = ... }" }
        on(SendingRequest) { request, content -> sign(signer, request, content) }
    }

/** What was signed before, where a request is sent once more. */
private class Signed(val origin: String, val headers: List<String>)

private val SIGNED = AttributeKey<Signed>("dev.wiresign.signed")

private fun sign(signer: Signer, request: HttpRequestBuilder, content: OutgoingContent) {
    val url = request.url.build()
    request.attributes.getOrNull(SIGNED)?.let { before ->
        if (before.origin != url.origin) {
            throw SigningException("the server redirects from ${before.origin} to ${url.origin}, which the signature is not for")
        }
        before.headers.forEach { request.headers.remove(it) }
    }
    val body = bytes(content)
    val headers = fields(request, content)
    val target = url.encodedPath.ifEmpty { "/" } + url.encodedQuery.let { if (it.isEmpty()) it else "?$it" }
    val signed = signer.sign(Request(request.method.value, target, headers, body, authority(request, url)))
    signed.forEach { request.headers[it.name] = it.value }
    request.attributes.put(SIGNED, Signed(url.origin, signed.map { it.name }))
}

private val Url.origin: String get() = "${protocol.name}://$host:$port"

private fun authority(request: HttpRequestBuilder, url: Url): String =
    request.headers[HttpHeaders.Host] ?: url.hostWithPortIfSpecified

private fun bytes(content: OutgoingContent): ByteArray =
    when (content) {
        is OutgoingContent.ByteArrayContent -> content.bytes()
        is OutgoingContent.NoContent -> ByteArray(0)
        else -> throw SigningException("send the body as text or bytes: what is signed must be known before it is sent")
    }

/** The header fields of the request and, behind them, those that the content brings. */
private fun fields(request: HttpRequestBuilder, content: OutgoingContent): List<Pair<String, String>> {
    val ofRequest = request.headers.entries().flatMap { (name, values) -> values.map { name to it } }
    val ofContent = content.headers.entries().flatMap { (name, values) -> values.map { name to it } }
    val type = content.contentType?.let { HttpHeaders.ContentType to it.toString() }
    return ofRequest + (ofContent + listOfNotNull(type)).filterNot { (name) -> request.headers.contains(name) }
}
