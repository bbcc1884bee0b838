package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Contexts as NativeContexts
import dev.wiresign.kotlin.ffi.VerifiedContext as NativeVerifiedContext

/** Signs and verifies who acts for whom: a tenant and roles. Threads may share it. */
public class Contexts(config: Config) : AutoCloseable {
    private val native = calling { config.lend { NativeContexts(it) } }

    /** The signature, as hex. The order of the roles and repeated ones make no difference. */
    public fun sign(tenant: String, roles: List<String>, now: Long? = null): String =
        calling { native.sign(tenant, roles, unixSeconds(now)) }

    /** The canonical bytes that [sign] signs. They hold no secret. */
    public fun message(tenant: String, roles: List<String>): ByteArray = calling { native.message(tenant, roles) }

    /** Judges a signature, and throws a [Refusal] where it does not hold; [payload] is what an older system signed. */
    public fun verify(
        tenant: String,
        roles: List<String>,
        signature: String,
        now: Long? = null,
        payload: ByteArray? = null,
    ): VerifiedContext = calling { VerifiedContext(native.verify(tenant, roles, signature, unixSeconds(now), payload)) }

    /** Takes new keys for all later calls. The counters are kept. */
    public fun replace(config: Config): Unit = calling { config.lend { native.replace(it) } }

    /** The counters as they stand. */
    public fun metrics(): Metrics = Metrics(native.metrics())

    /** Frees the keys as soon as no call uses them any more. */
    override fun close(): Unit = native.close()
}

/** A tenant and roles that were signed. Only a verification makes one. */
public class VerifiedContext internal constructor(private val native: NativeVerifiedContext) {
    /** The tenant. */
    public val tenant: String get() = native.tenant

    /** The roles, sorted and each once. */
    public val roles: List<String> get() = native.roles

    /** Which key matched. */
    public val keyId: String get() = native.keyId

    /** Whether that key is on its way out. */
    public val keyIsRetiring: Boolean get() = native.keyIsRetiring

    /** Which form of signature matched. */
    public val matched: String get() = native.matched

    /** Whether one of the roles is this one. */
    public fun hasRole(role: String): Boolean = role in native.roles

    override fun toString(): String = "VerifiedContext(keyId=$keyId, matched=$matched)"
}
