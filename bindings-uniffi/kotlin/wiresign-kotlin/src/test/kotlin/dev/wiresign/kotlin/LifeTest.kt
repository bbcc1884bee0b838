package dev.wiresign.kotlin

import dev.wiresign.kotlin.Fleet.NOW
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean

/** Closed twice, used when closed, closed while others use it: an exception at most, and never a crash. */
class LifeTest {
    private val signer = Signer(Fleet.config("billing"), "orders")

    private fun request(number: Int) = Fleet.signed(signer, Request("GET", "/invoices/$number"), nonce = "request-of-life-$number")

    @Test
    fun `whatever is closed may be closed again, and not be used`() {
        val config = Fleet.config("orders")
        val verifier = Verifier(config)
        val verified = verifier.verify(request(1), NOW)
        val verification = verifier.begin(request(2), NOW)
        listOf(config, verifier, verification).forEach { repeat(2) { _ -> it.close() } }
        assertThrows(IllegalStateException::class.java) { verifier.verify(request(3), NOW) }
        assertThrows(IllegalStateException::class.java) { config.service }
        val another = Verifier(Fleet.config("orders"))
        val takers = listOf<(Config) -> Any>(::Verifier, { Signer(it, "billing") }, ::Contexts, ::TokenIssuer, another::replace)
        takers.forEach { take -> assertThrows(IllegalStateException::class.java) { take(config) } }
        assertThrows(IllegalStateException::class.java) { verification.finish() }
        // A verdict outlives the verifier that gave it.
        assertEquals("billing", verified.service)
    }

    @Test
    fun `use closes`() {
        val verifier = Fleet.config("orders").use(::Verifier)
        assertEquals("billing", verifier.use { it.verify(request(4), NOW) }.service)
        assertThrows(IllegalStateException::class.java) { verifier.bodyLimit }
    }

    @Test
    fun `an interrupted thread gets its verdict and stays interrupted`() {
        val verifier = Verifier(Fleet.config("orders"))
        val signed = request(5)
        Thread.currentThread().interrupt()
        assertEquals("billing", verifier.verify(signed, NOW).service)
        assertTrue(Thread.interrupted())
    }

    @Test
    fun `threads share a verifier, and of equal requests one is the first`() {
        val verifier = Verifier(Fleet.config("orders"))
        val threads = Executors.newFixedThreadPool(8)
        val tasks = (0 until 400).map { Callable { runCatching { verifier.verify(request(it % 100), NOW) } } }
        val outcomes = threads.invokeAll(tasks).map { it.get() }
        threads.shutdown()
        assertEquals(100, outcomes.count { it.isSuccess })
        val refusals = outcomes.mapNotNull { it.exceptionOrNull() as Refusal? }
        assertEquals(List(300) { RefusalCode.REPLAYED_REQUEST }, refusals.map { it.code })
    }

    @Test
    fun `a verifier that is closed and replaced under load ends every call in order`() {
        repeat(20) { round ->
            val verifier = Verifier(Fleet.config("orders"))
            val going = AtomicBoolean(true)
            val threads = Executors.newFixedThreadPool(4)
            val callers =
                (0 until 3).map { caller ->
                    threads.submit<Throwable?> {
                        var number = 0
                        val ended = runCatching { while (going.get()) verifier.explain(request(1000 * round + 100 * caller + number++ % 50), NOW) }
                        ended.exceptionOrNull()
                    }
                }
            repeat(10) { verifier.replace(Fleet.config("orders")) }
            verifier.close()
            going.set(false)
            threads.shutdown()
            callers.mapNotNull { it.get() }.forEach { assertTrue(it is IllegalStateException, it.toString()) }
        }
    }
}
