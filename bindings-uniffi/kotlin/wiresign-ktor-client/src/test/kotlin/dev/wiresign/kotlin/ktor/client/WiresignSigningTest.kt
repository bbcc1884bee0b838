package dev.wiresign.kotlin.ktor.client

import dev.wiresign.kotlin.Fleet
import dev.wiresign.kotlin.Signer
import dev.wiresign.kotlin.SigningException
import dev.wiresign.kotlin.Verifier
import dev.wiresign.kotlin.ktor.server.Wiresign
import dev.wiresign.kotlin.ktor.server.caller
import io.ktor.client.HttpClient
import io.ktor.client.engine.HttpClientEngineFactory
import io.ktor.client.engine.java.Java
import io.ktor.client.request.forms.submitForm
import io.ktor.client.request.get
import io.ktor.client.request.post
import io.ktor.client.request.setBody
import io.ktor.client.statement.bodyAsText
import io.ktor.http.content.ChannelWriterContent
import io.ktor.http.parameters
import io.ktor.server.application.install
import io.ktor.server.engine.embeddedServer
import io.ktor.server.request.receiveText
import io.ktor.server.response.respondRedirect
import io.ktor.server.response.respondText
import io.ktor.server.routing.get
import io.ktor.server.routing.post
import io.ktor.server.routing.routing
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import io.ktor.client.engine.cio.CIO as ClientCIO
import io.ktor.server.cio.CIO as ServerCIO

/** What a client sends, judged by a protected server over real HTTP. */
class WiresignSigningTest {
    enum class Engine(val factory: HttpClientEngineFactory<*>) { CIO(ClientCIO), JAVA(Java) }

    private val server =
        embeddedServer(ServerCIO, port = 0, host = "127.0.0.1") {
            install(Wiresign) { verifier = Verifier(Fleet.config("orders", "\"accept\": [\"service-hmac-v2\"]")) }
            routing {
                get("/moved") { call.respondRedirect("/here?moved=%20") }
                get("/elsewhere") { call.respondRedirect("http://localhost:${call.request.local.localPort}/here") }
                get("/{path...}") { call.respondText("${call.caller?.service} reads ${call.request.local.uri}") }
                post("/{path...}") { call.respondText("${call.caller?.service} sent ${call.receiveText()}") }
            }
        }.start()
    private val base = "http://127.0.0.1:${runBlocking { server.engine.resolvedConnectors().first().port }}"

    private fun client(engine: Engine, service: String = "billing") =
        HttpClient(engine.factory) {
            install(WiresignSigning) { signer = Signer(Fleet.config(service, "\"sign_with\": \"service-hmac-v2\""), "orders") }
        }

    @AfterEach
    fun stop() {
        server.stop(0, 0)
    }

    @ParameterizedTest
    @EnumSource
    fun `what is sent is what was signed`(engine: Engine): Unit =
        runBlocking {
            client(engine).use { client ->
                assertEquals("billing reads /a%20b?c=d%26e", client.get("$base/a%20b?c=d%26e").bodyAsText())
                assertEquals("billing reads /", client.get(base).bodyAsText())
                assertEquals("billing sent seven", client.post("$base/invoices?draft=1") { setBody("seven") }.bodyAsText())
                assertEquals("billing sent a=b+c", client.submitForm("$base/form", parameters { append("a", "b c") }).bodyAsText())
            }
            HttpClient(engine.factory).use { unsigned ->
                assertEquals(401, unsigned.post("$base/invoices") { setBody("seven") }.status.value)
            }
        }

    @ParameterizedTest
    @EnumSource
    fun `a redirect is signed anew on the same origin and refused to another`(engine: Engine): Unit =
        runBlocking {
            client(engine).use { client ->
                assertEquals("billing reads /here?moved=%20", client.get("$base/moved").bodyAsText())
                val failure = assertThrows(SigningException::class.java) { runBlocking { client.get("$base/elsewhere") } }
                assertTrue(failure.message.contains("localhost"), failure.message)
            }
        }

    @ParameterizedTest
    @EnumSource
    fun `a stream is not sent unsigned`(engine: Engine): Unit =
        runBlocking {
            client(engine).use { client ->
                val stream = ChannelWriterContent({ error("nobody writes") }, null)
                assertThrows(SigningException::class.java) { runBlocking { client.post("$base/a") { setBody(stream) } } }
            }
        }
}
