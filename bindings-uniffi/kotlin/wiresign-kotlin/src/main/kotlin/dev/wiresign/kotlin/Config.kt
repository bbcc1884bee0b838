package dev.wiresign.kotlin

import java.nio.file.Path
import kotlin.io.path.readText
import dev.wiresign.kotlin.ffi.Config as NativeConfig

/** One finding about a config document: a JSON pointer, and a sentence that says what to do. */
public typealias Problem = dev.wiresign.kotlin.ffi.Problem

/** One checked config document. Immutable, safe to share between threads, and shows no secret. */
public class Config private constructor(internal val native: NativeConfig) : AutoCloseable {
    /** What is allowed but unwise, each with a JSON pointer. */
    public val warnings: List<Problem> get() = native.warnings()

    /** The id of the service itself. */
    public val service: String get() = native.service()

    /** The environment that this service runs in. */
    public val environment: String? get() = native.environment()

    /** The ids of the registry. */
    public val serviceIds: List<String> get() = native.serviceIds()

    /** Where issuers of tokens publish their keys: pairs of an issuer and the URL of its JWK Set. */
    public val jwksUrls: List<Pair<String, String>> get() = native.jwksUrls().map { it.issuer to it.url }

    /** The longest body that is accepted, in bytes. */
    public val bodyLimit: Long get() = native.bodyLimit().toLong()

    /** Where a service of the registry is reached. */
    public fun url(service: String): String? = native.url(service)

    /** Takes the JWK Set that an issuer publishes now; throws a [ConfigException] where it is wrong, and changes nothing then. */
    public fun publishKeys(issuer: String, jwks: String): Unit = calling { native.publishKeys(issuer, jwks) }

    /** Frees the config. What was made from it stays usable. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Reads a config document. `env:` finds the given variables, or those of the process. */
        public fun parse(json: String, env: Map<String, String>? = null): Config =
            calling { Config(NativeConfig.parse(json, env)) }

        /** Reads a config document from a file. */
        public fun fromFile(path: Path, env: Map<String, String>? = null): Config = parse(path.readText(), env)

        /** Makes the config of a small service from environment variables alone. */
        public fun fromEnv(env: Map<String, String>? = null): Config = calling { Config(NativeConfig.fromEnv(env)) }
    }
}
