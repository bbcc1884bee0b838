package dev.wiresign.kotlin

import dev.wiresign.kotlin.Fleet.NONCE
import dev.wiresign.kotlin.Fleet.NOW
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class VerifierTest {
    private val orders = Fleet.config("orders")
    private val signer = Signer(Fleet.config("billing"), "orders")
    private val request = Request("POST", "/invoices?draft=1", body = "{\"invoice\":7}".toByteArray(), client = "192.0.2.7")
    private val verifier = Verifier(orders)

    private fun refused(code: RefusalCode, work: () -> Unit): Refusal =
        assertThrows(Refusal::class.java, work).also { assertEquals(code, it.code) }

    @Test
    fun `what billing signs is from billing, and only once`() {
        val signed = Fleet.signed(signer, request)
        val verified = verifier.verify(signed, NOW + 5)
        assertEquals(listOf("billing", "2026", "service-hmac-v2", 5L), with(verified) { listOf(service, keyId, scheme, age) })
        assertEquals(NOW, verified.timestamp)
        assertTrue("body" in verified.covered)
        val refusal = refused(RefusalCode.REPLAYED_REQUEST) { verifier.verify(signed, NOW + 6) }
        assertEquals(401, refusal.status)
        assertEquals(refusal.code.message, refusal.message)
        assertEquals("Wiresign realm=\"orders\"", refusal.response().wwwAuthenticate)
        assertTrue(refusal.response().body.contains("\"code\":\"REPLAYED_REQUEST\""))
        assertEquals("billing", refusal.service)
        assertEquals(0, refusal.stackTrace.size)
    }

    @Test
    fun `what was changed on the way is refused, and the explanation says what`() {
        val signed = Fleet.signed(signer, request)
        val changed = Request("POST", signed.target, signed.headers, "{\"invoice\":8}".toByteArray())
        refused(RefusalCode.INVALID_SIGNATURE) { verifier.verify(changed, NOW) }
        val explanation = verifier.explain(changed, NOW)
        assertEquals("INVALID_SIGNATURE", explanation.verdict)
        assertTrue(explanation.json().startsWith("{"))
        assertEquals("OK", verifier.explain(signed, NOW).verdict)
        assertEquals("billing", verifier.verify(signed, NOW).service)
    }

    @Test
    fun `a body may come in pieces`() {
        val signed = Fleet.signed(signer, request)
        val verification = verifier.begin(signed, NOW)
        assertTrue(verification.needsBody)
        verification.declareLength(signed.body.size.toLong())
        signed.body.forEach { verification.update(byteArrayOf(it)) }
        assertEquals("billing", verification.finish().service)
        assertThrows(IllegalStateException::class.java) { verification.finish() }
        val short = verifier.begin(Fleet.signed(signer, request, nonce = "another-nonce-of-this-test"), NOW)
        short.update("{".toByteArray())
        refused(RefusalCode.INVALID_SIGNATURE) { short.finish() }
        val limited = Verifier(Fleet.config("orders", "\"limits\": {\"body_bytes\": 4}"))
        refused(RefusalCode.BODY_TOO_LARGE) { limited.begin(signed, NOW).use { it.declareLength(5) } }
        refused(RefusalCode.BODY_TOO_LARGE) { limited.begin(signed, NOW).use { it.update(ByteArray(5)) } }
    }

    @Test
    fun `a config that is replaced counts for the next request`() {
        val signed = Fleet.signed(signer, request)
        verifier.replace(Fleet.config("orders", "\"routes\": [{\"match\": \"/**\", \"services\": [\"shipping\"]}]"))
        refused(RefusalCode.SERVICE_NOT_ALLOWED) { verifier.verify(signed, NOW) }
        verifier.replace(orders)
        assertEquals("billing", verifier.verify(signed, NOW).service)
    }

    @Test
    fun `a service may be required behind the verification`() {
        val verified = verifier.verify(Fleet.signed(signer, request), NOW)
        verified.requireService()
        verified.requireService("shipping", "billing")
        refused(RefusalCode.SERVICE_NOT_ALLOWED) { verified.requireService("shipping") }
    }

    @Test
    fun `a permission may be required behind the verification`() {
        val verifier = Verifier(Fleet.configWithPermissions())
        verifier.verify(Fleet.signed(signer, request), NOW).requirePermission("GET /audit")
        val shipping = Signer(Fleet.config("shipping"), "orders")
        val verified = verifier.verify(Fleet.signed(shipping, request, nonce = "another-nonce-of-this-test"), NOW)
        verified.requirePermission("POST /invoices/**")
        refused(RefusalCode.PERMISSION_DENIED) { verified.requirePermission("GET /audit") }
        assertThrows(IllegalArgumentException::class.java) { verified.requirePermission("invoices:read") }
    }

    @Test
    fun `an external store has the last word`() {
        val shared = Verifier(Fleet.config("orders", "\"replay\": {\"store\": \"external\"}"))
        val verified = shared.verify(Fleet.signed(signer, request), NOW)
        assertTrue(checkNotNull(verified.replaySeconds) > 0)
        assertNotEquals("", verified.replayKey)
        shared.settleReplay(verified, ReplayOutcome.FIRST)
        refused(RefusalCode.REPLAYED_REQUEST) { shared.settleReplay(verified, ReplayOutcome.REPEATED) }
        refused(RefusalCode.REPLAY_STORE_UNAVAILABLE) { shared.settleReplay(verified, ReplayOutcome.UNAVAILABLE) }
        assertNull(verifier.verify(Fleet.signed(signer, request), NOW).replaySeconds)
    }

    @Test
    fun `a signature has the same bytes each time, and a link needs another scheme`() {
        assertEquals(signer.sign(request, NOW, NONCE), signer.sign(request, NOW, NONCE))
        assertArrayEquals(signer.message(request, NOW, NONCE), signer.message(request, NOW, NONCE))
        assertNotEquals(signer.sign(request, NOW), signer.sign(request, NOW + 1))
        val failure = assertThrows(SigningException::class.java) { signer.presign(request, 60) }
        assertEquals(FailureCode.SIGNING_FAILED, failure.code)
        assertThrows(IllegalArgumentException::class.java) { signer.sign(request, -1) }
    }

    @Test
    fun `all problems of a document come at once`() {
        val document = Fleet.document("orders", "\"reveal\": 7", "\"nothing\": 1")
        val problems = assertThrows(ConfigException::class.java) { Config.parse(document, Fleet.env) }.problems
        assertEquals(setOf("/reveal", "/nothing"), problems.map { it.pointer }.toSet())
        assertEquals(listOf("billing", "orders", "shipping"), orders.serviceIds.sorted())
        assertFalse(orders.toString().contains("d4f1"))
        assertThrows(ConfigException::class.java) { Config.parse(document, emptyMap()) }
    }

    @Test
    fun `a tenant and roles are signed and verified`() {
        val contexts = Contexts(Fleet.config("orders", "\"contexts\": {\"keys\": [{\"secret\": \"env:CONTEXT_SECRET\"}]}"))
        val tenant = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
        val signature = contexts.sign(tenant, listOf("reader", "admin"))
        val verified = contexts.verify(tenant, listOf("admin", "reader"), signature)
        assertEquals(listOf("admin", "reader"), verified.roles)
        assertTrue(verified.hasRole("admin"))
        refused(RefusalCode.INVALID_SIGNATURE) { contexts.verify(tenant, listOf("owner"), signature) }
        assertThrows(SigningException::class.java) { Contexts(orders) }
    }

    @Test
    fun `a token lets its subject in`() {
        val more = arrayOf("\"accept\": [\"jwt\"]", "\"sign_with\": \"jwt\"")
        val document = Fleet.document("billing", *more).replace("\"secret\": \"env:", "\"algorithm\": \"hmac-sha256\", \"secret\": \"env:")
        val issuer = TokenIssuer(Config.parse(document, Fleet.env))
        val token = issuer.issue("billing", "orders", now = NOW)
        assertEquals(NOW + token.lifetime, token.expires)
        assertFalse(token.toString().contains(token.text))
        assertThrows(SigningException::class.java) { issuer.issue("nobody", "orders") }
        val answer = issuer.answer(null, "grant_type=client_credentials".toByteArray())
        assertEquals(401, answer.status)
    }

    @Test
    fun `what was counted can be read`() {
        verifier.verify(Fleet.signed(signer, request), NOW)
        val counters = verifier.metrics().counters().filter { it.value > 0 }
        assertEquals(1, counters.sumOf { it.value })
        assertTrue(verifier.metrics().prometheus().contains("# TYPE "))
    }

    @Test
    fun `secrets are fresh`() {
        assertEquals(64, generateSecret().length)
        assertEquals(44, generateSecret(SecretEncoding.BASE64).length)
        assertNotEquals(generateSecret(), generateSecret())
    }
}
