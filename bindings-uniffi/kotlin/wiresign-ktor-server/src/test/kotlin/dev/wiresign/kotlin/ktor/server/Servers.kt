package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.Fleet
import dev.wiresign.kotlin.Request
import dev.wiresign.kotlin.Signer
import dev.wiresign.kotlin.Verifier
import io.ktor.http.HttpMethod
import io.ktor.server.application.ApplicationCallPipeline
import io.ktor.server.application.call
import io.ktor.server.application.install
import io.ktor.server.cio.CIO
import io.ktor.server.engine.EmbeddedServer
import io.ktor.server.engine.embeddedServer
import io.ktor.server.netty.Netty
import io.ktor.server.plugins.mutableOriginConnectionPoint
import io.ktor.server.request.receive
import io.ktor.server.request.receiveText
import io.ktor.server.response.respondText
import io.ktor.server.routing.get
import io.ktor.server.routing.post
import io.ktor.server.routing.put
import io.ktor.server.routing.routing
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.runBlocking

/** A protected server on a free port, and a client that signs, or not. */
public class Running(
    engine: Engine,
    verifier: Verifier,
    configure: WiresignConfiguration.() -> Unit = {},
) : AutoCloseable {
    enum class Engine { NETTY, CIO }

    private val server: EmbeddedServer<*, *> =
        if (engine == Engine.NETTY) {
            embeddedServer(Netty, port = 0, host = "127.0.0.1") { protect(verifier, configure) }
        } else {
            embeddedServer(CIO, port = 0, host = "127.0.0.1") { protect(verifier, configure) }
        }
    val port: Int

    /** How many requests have come to what is behind the plugin. */
    val served = AtomicInteger()
    private val client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    init {
        server.start()
        port = runBlocking { server.engine.resolvedConnectors().first().port }
    }

    private fun io.ktor.server.application.Application.protect(verifier: Verifier, configure: WiresignConfiguration.() -> Unit) {
        // As the plugin XHttpMethodOverride does.
        intercept(ApplicationCallPipeline.Setup) {
            call.request.headers["X-Http-Method-Override"]?.let { call.mutableOriginConnectionPoint.method = HttpMethod.parse(it) }
        }
        install(Wiresign) {
            this.verifier = verifier
            configure()
        }
        intercept(ApplicationCallPipeline.Plugins) { served.incrementAndGet() }
        routing {
            get("/health") { call.respondText("up") }
            for (names in listOf("/names", "/open/names")) {
                get(names) {
                    val headers = call.request.headers
                    check(headers.entries().none { "admin" in it.value }) { "found among all" }
                    check(listOf("x-service-id", "X-SERVICE-NAME", "x-service-name").none { headers[it] == "admin" }) { "found by another spelling" }
                    for (name in listOf("X-Service-Name", "X-Other")) {
                        val isThere = headers[name] != null
                        check(listOf(name, name.lowercase(), name.uppercase()).all { (it in headers) == isThere }) { "half there" }
                    }
                    call.respondText(listOf("X-Service-ID", "X-Service-Name", "X-Other").map { headers.getAll(it).orEmpty() }.toString())
                }
            }
            get("/{path...}") { call.respondText("${call.caller?.service} reads") }
            post("/length") { call.respondText("${call.caller?.service} sent ${call.receive<ByteArray>().size}") }
            post("/shipping") { call.respondText("${call.requireService("shipping").service} ships") }
            post("/audit") { call.respondText("${call.requirePermission("GET /audit").service} audits") }
            post("/hooks/meta") { call.respondText("${call.caller?.service} hooked ${call.receiveText()}") }
            post("/{path...}") { call.respondText("${call.caller?.service} sent ${call.receiveText()}") }
            put("/broken") { error("the handler is broken") }
        }
    }

    /** The answer to a request that billing signs. */
    fun call(method: String, target: String, body: String = "", signer: Signer = billing, sent: String = body): HttpResponse<String> {
        val headers = signer.sign(Request(method, target, body = body.toByteArray(), authority = "127.0.0.1:$port"))
        return send(method, target, sent, headers.map { it.name to it.value })
    }

    /** The answer to a request as it is. */
    fun send(method: String, target: String, body: String = "", headers: List<Pair<String, String>> = emptyList()): HttpResponse<String> {
        val request = HttpRequest.newBuilder(URI("http://127.0.0.1:$port$target"))
        headers.forEach { (name, value) -> request.header(name, value) }
        val bytes = if (body.isEmpty()) HttpRequest.BodyPublishers.noBody() else HttpRequest.BodyPublishers.ofString(body)
        return client.send(request.method(method, bytes).build(), HttpResponse.BodyHandlers.ofString())
    }

    override fun close() {
        server.stop(50, 1000)
    }

    companion object {
        val billing = Signer(Fleet.config("billing"), "orders")
    }
}
