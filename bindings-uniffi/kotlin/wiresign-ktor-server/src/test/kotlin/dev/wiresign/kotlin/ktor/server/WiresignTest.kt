package dev.wiresign.kotlin.ktor.server

import ch.qos.logback.classic.Level
import ch.qos.logback.classic.Logger
import ch.qos.logback.classic.spi.ILoggingEvent
import ch.qos.logback.core.read.ListAppender
import dev.wiresign.kotlin.Fleet
import dev.wiresign.kotlin.RefusalCode
import dev.wiresign.kotlin.ReplayOutcome
import dev.wiresign.kotlin.Verifier
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import org.slf4j.LoggerFactory
import java.io.IOException
import java.net.Socket
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** The plugin on real engines over real HTTP: each refusal beside its success. */
class WiresignTest {
    private val decisions = ConcurrentLinkedQueue<Decision>()
    private var running: Running? = null

    private fun start(engine: Running.Engine, vararg more: String, configure: WiresignConfiguration.() -> Unit = {}): Running {
        val routes = "\"routes\": [{\"match\": \"GET /health\", \"public\": true}, {\"match\": \"POST /public\", \"public\": true}]"
        val verifier = Verifier(Fleet.config("orders", *(if (more.any { "routes" in it }) more else arrayOf(routes, *more))))
        return Running(engine, verifier) {
            onDecision(decisions::add)
            configure()
        }.also { running = it }
    }

    @AfterEach
    fun stop() {
        running?.close()
    }

    private fun assertRefused(answer: java.net.http.HttpResponse<String>, code: RefusalCode) {
        assertEquals(code.status, answer.statusCode(), answer.body())
        assertTrue(answer.body().startsWith("{\"error\":\"${code.message}\",\"code\":\"$code\",\"requestId\":"), answer.body())
        assertEquals("application/json", answer.headers().firstValue("Content-Type").orElse(null))
        assertEquals(code.status == 401, answer.headers().firstValue("WWW-Authenticate").isPresent)
    }

    @ParameterizedTest
    @EnumSource
    fun `a signed request goes through with its body, and any other does not`(engine: Running.Engine) {
        val server = start(engine)
        assertEquals("billing sent seven", server.call("POST", "/invoices?draft=1&a=%2F", "seven").body())
        assertEquals("billing reads", server.call("GET", "/invoices/%41?b=%20").body())
        assertEquals("billing sent 300000", server.call("POST", "/length", "x".repeat(300_000)).body())
        assertRefused(server.call("POST", "/invoices", "seven", sent = "eight"), RefusalCode.INVALID_SIGNATURE)
        assertRefused(server.send("POST", "/invoices", "seven"), RefusalCode.AUTHENTICATION_REQUIRED)
        assertRefused(server.send("GET", "/nowhere/at/all"), RefusalCode.AUTHENTICATION_REQUIRED)
        assertEquals(3, server.served.get(), "nothing behind the plugin has seen what was refused")
        assertEquals(listOf("accepted", "accepted", "accepted", "refused", "refused", "refused"), decisions.map { it.event })
        assertEquals("/invoices", decisions.first().path)
        assertEquals("127.0.0.1", decisions.first().client)
    }

    @ParameterizedTest
    @EnumSource
    fun `a public route needs no signature and keeps its body`(engine: Running.Engine) {
        val server = start(engine)
        assertEquals("up", server.send("GET", "/health").body())
        assertEquals("null sent open", server.send("POST", "/public", "open").body())
        assertRefused(server.send("POST", "/private", "open"), RefusalCode.AUTHENTICATION_REQUIRED)
        assertEquals("public", decisions.first().event)
    }

    @ParameterizedTest
    @EnumSource
    fun `the same request is accepted once`(engine: Running.Engine) {
        val server = start(engine)
        val signed = Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/a", body = "b".toByteArray())).map { it.name to it.value }
        assertEquals("billing sent b", server.send("POST", "/a", "b", signed).body())
        assertRefused(server.send("POST", "/a", "b", signed), RefusalCode.REPLAYED_REQUEST)
    }

    @ParameterizedTest
    @EnumSource
    fun `a body is read up to the limit`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"body_bytes\": 1000}")
        assertEquals("billing sent 1000", server.call("POST", "/length", "x".repeat(1000)).body())
        assertRefused(server.call("POST", "/length", "x".repeat(1001)), RefusalCode.BODY_TOO_LARGE)
    }

    @ParameterizedTest
    @EnumSource
    fun `a body without a length is read too`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"body_bytes\": 1000}")
        val headers = { body: String -> Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length", body = body.toByteArray())) }
        assertTrue(chunked(server.port, headers("y".repeat(900)), "y".repeat(900)).contains("billing sent 900"))
        assertTrue(chunked(server.port, headers("y".repeat(1100)), "y".repeat(1100)).contains("BODY_TOO_LARGE"))
    }

    @ParameterizedTest
    @EnumSource
    fun `an optional route keeps no body of nobody`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"body_bytes\": 1000}", "\"routes\": [{\"match\": \"/length\", \"optional\": true}]")
        assertEquals("null sent 1100", server.send("POST", "/length", "y".repeat(1100)).body())
        assertTrue(chunked(server.port, emptyList(), "y".repeat(1100)).contains("null sent 1100"))
        assertEquals("billing sent 1000", server.call("POST", "/length", "y".repeat(1000)).body())
        assertRefused(server.call("POST", "/length", "y".repeat(1001)), RefusalCode.BODY_TOO_LARGE)
    }

    @ParameterizedTest
    @EnumSource
    fun `a body that is hidden behind a length of nothing is not let in`(engine: Running.Engine) {
        val server = start(engine)
        val headers = Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length")).map { it.name to it.value }
        assertEquals("billing sent 0", server.send("POST", "/length", "", headers).body())
        val again = Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length"))
        val answer = chunked(server.port, again + dev.wiresign.kotlin.Header("Content-Length", "0"), "hidden")
        assertTrue("billing" !in answer || "billing sent 0" in answer, answer)
    }

    private fun chunked(port: Int, headers: List<dev.wiresign.kotlin.Header>, body: String): String {
        val pieces = body.chunked(100).joinToString("") { "${it.length.toString(16)}\r\n$it\r\n" }
        val head = lines(headers) + "Host: localhost\r\nTransfer-Encoding: chunked\r\n"
        return raw(port, "POST /length HTTP/1.1\r\n$head\r\n${pieces}0\r\n\r\n").substringAfter("\r\n\r\n")
    }

    private fun lines(headers: List<dev.wiresign.kotlin.Header>): String =
        headers.joinToString("", prefix = "Connection: close\r\n") { "${it.name}: ${it.value}\r\n" }

    /** The answer to a request that is sent as it stands. */
    private fun raw(port: Int, text: String): String =
        Socket("127.0.0.1", port).use { socket ->
            socket.soTimeout = 60_000
            socket.getOutputStream().write(text.toByteArray())
            socket.getInputStream().readBytes().decodeToString()
        }

    @ParameterizedTest
    @EnumSource
    fun `no method is taken that was not judged`(engine: Running.Engine) {
        val server = start(engine)
        val headers = { Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length")).map { it.name to it.value } }
        assertEquals("billing sent 0", server.send("POST", "/length", "", headers()).body())
        assertEquals(500, server.send("POST", "/length", "", headers() + ("X-Http-Method-Override" to "GET")).statusCode())
        assertEquals(500, server.send("POST", "/public", "open", listOf("X-Http-Method-Override" to "GET")).statusCode())
    }

    @ParameterizedTest
    @EnumSource
    fun `a body over the limit is refused before it is sent`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"body_bytes\": 1000}")
        val headers = lines(Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length", body = ByteArray(1001))))
        val answer =
            Socket("127.0.0.1", server.port).use { socket ->
                socket.soTimeout = 60_000
                socket.getOutputStream().write("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n$headers\r\n".toByteArray())
                socket.getInputStream().bufferedReader().readLine()
            }
        assertTrue("413" in answer, answer)
    }

    @ParameterizedTest
    @EnumSource
    fun `a header that is there twice is seen twice`(engine: Running.Engine) {
        val server = start(engine)
        val headers = { lines(Running.billing.sign(dev.wiresign.kotlin.Request("GET", "/a"))) }
        assertTrue("billing reads" in raw(server.port, "GET /a HTTP/1.1\r\nHost: x\r\n${headers()}\r\n"))
        val twice = raw(server.port, "GET /a HTTP/1.1\r\nHost: x\r\n${headers()}X-Timestamp: 1\r\n\r\n")
        assertTrue("DUPLICATE_HEADER" in twice, twice)
    }

    @ParameterizedTest
    @EnumSource
    fun `a host is looked at where it is signed`(engine: Running.Engine) {
        val standard = "\"rfc9421\": {\"url_scheme\": \"http\"}"
        val server = start(engine, "\"accept\": [\"rfc9421\"]", standard)
        val signer = dev.wiresign.kotlin.Signer(Fleet.config("billing", "\"sign_with\": \"rfc9421\"", standard), "orders")
        assertEquals("billing reads", server.call("GET", "/a", signer = signer).body())
        val headers = { lines(signer.sign(dev.wiresign.kotlin.Request("GET", "/a", authority = "here"))) }
        assertTrue("billing reads" in raw(server.port, "GET /a HTTP/1.1\r\nHost: here\r\n${headers()}\r\n"))
        assertTrue("INVALID_SIGNATURE" in raw(server.port, "GET /a HTTP/1.1\r\nHost: there\r\n${headers()}\r\n"))
        val two = raw(server.port, "GET /a HTTP/1.1\r\nHost: here\r\nHost: there\r\n${headers()}\r\n")
        assertTrue("billing" !in two, two)
    }

    @ParameterizedTest
    @EnumSource
    fun `who fails too often has to wait`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"failures_per_minute\": 2}")
        // The minute of the clock may end in between, once.
        val statuses = (0 until 6).map { server.call("POST", "/a", "one", sent = "two").statusCode() }
        assertTrue(429 in statuses, "$statuses")
    }

    @ParameterizedTest
    @EnumSource
    fun `what is no challenge of a webhook is judged behind it, with all of its body`(engine: Running.Engine) {
        val webhook = "\"webhooks\": {\"meta\": {\"scheme\": \"whatsapp\", \"keys\": [{\"secret\": \"env:META_SECRET\"}], \"verify_token\": \"env:META_TOKEN\"}}"
        val route = "\"routes\": [{\"match\": \"/hooks/meta\", \"accept\": [\"webhook:meta\"], \"optional\": true}]"
        val server = start(engine, webhook, route)
        // As many bytes as a handshake may have are read ahead; what is longer goes on from there.
        for (length in listOf(2, 16_384, 16_385, 50_000)) {
            val body = "z".repeat(length)
            assertEquals("webhook:meta hooked $body", server.send("POST", "/hooks/meta", body, listOf(hookSignature(body))).body())
            assertRefused(server.send("POST", "/hooks/meta", "y$body", listOf(hookSignature(body))), RefusalCode.INVALID_SIGNATURE)
        }
        assertEquals("null hooked open", server.send("POST", "/hooks/meta", "open").body())
    }

    /** What the sender of the webhook sets: the scheme is published, and made here without Wiresign. */
    private fun hookSignature(body: String): Pair<String, String> {
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(SecretKeySpec(Fleet.env.getValue("META_SECRET").toByteArray(), "HmacSHA256"))
        return "X-Hub-Signature-256" to "sha256=" + mac.doFinal(body.toByteArray()).joinToString("") { "%02x".format(it) }
    }

    @ParameterizedTest
    @EnumSource
    fun `a handler may require a service`(engine: Running.Engine) {
        val server = start(engine)
        val shipping = dev.wiresign.kotlin.Signer(Fleet.config("shipping"), "orders")
        assertEquals("shipping ships", server.call("POST", "/shipping", "a", shipping).body())
        assertRefused(server.call("POST", "/shipping", "a"), RefusalCode.SERVICE_NOT_ALLOWED)
        assertEquals(RefusalCode.SERVICE_NOT_ALLOWED, decisions.last().refusal?.code)
        assertEquals(500, server.call("PUT", "/broken", "a").statusCode())
    }

    @ParameterizedTest
    @EnumSource
    fun `a route that asks for a permission refuses who has it not`(engine: Running.Engine) {
        val server = Running(engine, Verifier(Fleet.configWithPermissions())) { onDecision(decisions::add) }.also { running = it }
        val shipping = dev.wiresign.kotlin.Signer(Fleet.config("shipping"), "orders")
        assertEquals("billing audits", server.call("POST", "/audit", "a").body())
        assertEquals("shipping sent a", server.call("POST", "/a", "a", shipping).body())
        assertRefused(server.call("POST", "/audit", "a", shipping), RefusalCode.PERMISSION_DENIED)
        assertEquals(RefusalCode.PERMISSION_DENIED, decisions.last().refusal?.code)
        assertRefused(server.send("POST", "/audit", "a"), RefusalCode.AUTHENTICATION_REQUIRED)
    }

    @ParameterizedTest
    @EnumSource
    fun `who fails too often is told when to come again`(engine: Running.Engine) {
        val server = start(engine, "\"limits\": {\"failures_per_minute\": 1}")
        // The minute may end in between, but not twice.
        val answer = generateSequence { server.call("POST", "/a", "seven", sent = "eight") }.take(5).first { it.statusCode() == 429 }
        assertRefused(answer, RefusalCode.RATE_LIMITED)
        assertTrue(answer.headers().firstValue("Retry-After").orElse("").toInt() in 1..60)
    }

    @ParameterizedTest
    @EnumSource
    fun `a hook that fails changes nothing`(engine: Running.Engine) {
        for (failure in listOf(IllegalStateException("the hook is broken"), IOException("the disk is full"))) {
            val server = start(engine) { onDecision { throw failure } }
            assertEquals("billing sent a", server.call("POST", "/a", "a").body())
            assertRefused(server.send("POST", "/a", "a"), RefusalCode.AUTHENTICATION_REQUIRED)
            stop()
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a store that processes share decides about replays`(engine: Running.Engine) {
        val seen = ConcurrentHashMap.newKeySet<String>()
        val external = "\"replay\": {\"store\": \"external\"}"
        val server = start(engine, external) { replayStore = ReplayStore { key, _ -> if (seen.add(key)) ReplayOutcome.FIRST else ReplayOutcome.REPEATED } }
        val signed = Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/a")).map { it.name to it.value }
        assertEquals("billing sent ", server.send("POST", "/a", "", signed).body())
        assertRefused(server.send("POST", "/a", "", signed), RefusalCode.REPLAYED_REQUEST)
        stop()
        assertRefused(start(engine, external) { replayStore = ReplayStore { _, _ -> error("away") } }.call("POST", "/a"), RefusalCode.REPLAY_STORE_UNAVAILABLE)
        stop()
        assertRefused(start(engine, external).call("POST", "/a"), RefusalCode.REPLAY_STORE_UNAVAILABLE)
    }

    @ParameterizedTest
    @EnumSource
    fun `the challenge of a sender of webhooks is answered`(engine: Running.Engine) {
        val webhook = "\"webhooks\": {\"meta\": {\"scheme\": \"whatsapp\", \"keys\": [{\"secret\": \"env:META_SECRET\"}], \"verify_token\": \"env:META_TOKEN\"}}"
        val route = "\"routes\": [{\"match\": \"/hooks/meta\", \"accept\": [\"webhook:meta\"]}]"
        val server = start(engine, webhook, route)
        val asked = "/hooks/meta?hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
        assertEquals("4711", server.send("GET", asked + "a%20token%20to%20verify").body())
        assertRefused(server.send("GET", asked + "guessed"), RefusalCode.PERMISSION_DENIED)
        assertEquals(401, server.send("POST", "/hooks/meta", "{}").statusCode())
    }

    @ParameterizedTest
    @EnumSource
    fun `names of callers that nobody verified are taken away`(engine: Running.Engine) {
        val server = start(engine, "\"routes\": [{\"match\": \"GET /open/**\", \"public\": true}]")
        val others = listOf("x-service-name" to "admin", "X-Other" to "stays")
        assertEquals("[[], [], [stays]]", server.send("GET", "/open/names", headers = others + ("X-SERVICE-ID" to "admin")).body())
        val signed = Running.billing.sign(dev.wiresign.kotlin.Request("GET", "/names")).map { it.name to it.value }
        assertEquals("[[billing], [], [stays]]", server.send("GET", "/names", headers = signed + others).body())
        stop()
        val strict = start(engine, "\"routes\": [{\"match\": \"GET /open/**\", \"public\": true}]") {
            identityHeaders = listOf("x-other", "X-Service-Name", "X-OTHER", "x-service-id")
        }
        for (id in listOf("x-service-id", "X-Service-ID", "X-SERVICE-ID", "X-service-id", "X-Service-Id")) {
            assertEquals("[[], [], []]", strict.send("GET", "/open/names", headers = others + (id to "admin")).body())
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `the audit record is that of every language`(engine: Running.Engine) {
        val appender = ListAppender<ILoggingEvent>().apply { start() }
        val audit = LoggerFactory.getLogger("wiresign.audit") as Logger
        audit.level = Level.INFO
        audit.addAppender(appender)
        try {
            val server = start(engine)
            server.call("POST", "/a?secret=1", "seven")
            server.send("POST", "/a?secret=1", "seven")
            server.send("GET", "/health")
        } finally {
            audit.detachAppender(appender)
            audit.level = null
        }
        assertEquals(listOf(Level.INFO, Level.WARN, Level.INFO), appender.list.map { it.level })
        val records = appender.list.map { event -> event.keyValuePairs.associate { it.key to it.value } }
        val fields = "age client code detail duration_us event key_id method path request_id route scheme service".split(" ")
        records.forEach { assertEquals(fields, it.keys.sorted()) }
        assertEquals(listOf("accepted", "refused", "public"), records.map { it["event"] })
        assertEquals(listOf("127.0.0.1"), records.map { it["client"] }.distinct())
        assertEquals(listOf(null, null, "GET /health"), records.map { it["route"] })
        assertTrue(records.none { record -> record.values.any { "secret" in "$it" } }, "$records")
    }

    /** Sends a head that promises more of a body than comes, and gives the open connection. */
    private fun beginToSend(port: Int): Socket {
        val body = "x".repeat(40_000)
        val headers = Running.billing.sign(dev.wiresign.kotlin.Request("POST", "/length", body = body.toByteArray()))
        val head = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${lines(headers)}\r\n"
        return Socket("127.0.0.1", port).apply {
            soTimeout = 20_000
            getOutputStream().write((head + body.take(20_000)).toByteArray())
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a client that leaves in the middle of its body is no caller`(engine: Running.Engine) {
        val server = start(engine)
        repeat(8) { beginToSend(server.port).close() }
        assertEquals("billing sent seven", server.call("POST", "/a", "seven").body())
        assertEquals(1, server.served.get())
        assertEquals(1, decisions.count { it.event == "accepted" })
    }

    @ParameterizedTest
    @EnumSource
    fun `a server that stops serves nothing of what had not all come`(engine: Running.Engine) {
        val server = start(engine)
        val waiting = List(4) { beginToSend(server.port) }
        assertEquals("billing sent seven", server.call("POST", "/a", "seven").body())
        server.close()
        // A connection that is cut is an answer, too.
        val answers = waiting.map { socket -> socket.use { runCatching { it.getInputStream().readBytes().decodeToString() }.getOrDefault("") } }
        answers.forEach { assertTrue("billing" !in it, it) }
        assertEquals(1, server.served.get())
        assertEquals(1, decisions.count { it.event == "accepted" })
    }

    @ParameterizedTest
    @EnumSource
    fun `a config is replaced while requests come`(engine: Running.Engine) {
        val verifier = Verifier(Fleet.config("orders"))
        val server = Running(engine, verifier).also { running = it }
        val others = "\"routes\": [{\"match\": \"/**\", \"services\": [\"shipping\"]}]"
        val threads = Executors.newFixedThreadPool(5)
        val replacing =
            threads.submit {
                repeat(50) { number ->
                    (if (number % 2 == 0) Fleet.config("orders", others) else Fleet.config("orders")).use(verifier::replace)
                    Thread.sleep(2)
                }
            }
        val answers = (0 until 200).map { number -> threads.submit<java.net.http.HttpResponse<String>> { server.call("POST", "/n", "$number") } }
        answers.forEachIndexed { number, answer ->
            if (answer.get().statusCode() == 200) {
                assertEquals("billing sent $number", answer.get().body())
            } else {
                assertRefused(answer.get(), RefusalCode.SERVICE_NOT_ALLOWED)
            }
        }
        replacing.get()
        threads.shutdown()
        assertEquals("billing sent last", server.call("POST", "/n", "last").body())
    }

    @ParameterizedTest
    @EnumSource
    fun `many clients at once each get their own answer`(engine: Running.Engine) {
        val server = start(engine)
        val threads = Executors.newFixedThreadPool(8)
        val answers = (0 until 200).map { number -> threads.submit<String> { server.call("POST", "/n", "$number").body() } }
        assertEquals((0 until 200).map { "billing sent $it" }, answers.map { it.get() })
        threads.shutdown()
    }

    @ParameterizedTest
    @EnumSource
    fun `Python calls it`(engine: Running.Engine) {
        val server = start(engine)
        val script = checkNotNull(javaClass.getResource("/call.py")).path
        val python = ProcessBuilder(System.getProperty("wiresign.python"), script, "${server.port}", Fleet.document("billing"))
        python.environment().putAll(Fleet.env)
        val process = python.redirectErrorStream(true).start()
        val output = process.inputStream.readBytes().decodeToString()
        assertTrue(process.waitFor(300, TimeUnit.SECONDS))
        assertEquals("200 billing sent {\"invoice\": 7}\n401 INVALID_SIGNATURE\n401 AUTHENTICATION_REQUIRED\n", output)
    }
}
