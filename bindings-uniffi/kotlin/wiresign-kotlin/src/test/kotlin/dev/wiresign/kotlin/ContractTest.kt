package dev.wiresign.kotlin

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.dataformat.toml.TomlMapper
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.lang.reflect.Executable
import java.lang.reflect.Modifier

/** What the package exports, compared with the contract of all languages, in both directions. */
class ContractTest {
    private val api = read("api.toml")

    private fun read(file: String): JsonNode = TomlMapper().readTree(File(System.getProperty("wiresign.contract"), file))

    private fun isForKotlin(entry: JsonNode) = entry["languages"]?.any { it.textValue() == "kotlin" } ?: true

    private fun type(name: String): Class<*> = Class.forName("dev.wiresign.kotlin." + (TYPES[name] ?: name))

    private fun camelCase(name: String) =
        name.split("_").withIndex().joinToString("") { (at, word) -> if (at == 0) word else word.replaceFirstChar(Char::uppercase) }

    /** A property is known to the JVM by its getter. */
    private fun spelled(method: String) =
        if (method.startsWith("get") && method.length > 3) method.removePrefix("get").replaceFirstChar(Char::lowercase) else method

    private fun isPublic(one: Executable) = Modifier.isPublic(one.modifiers) && !one.isSynthetic && '$' !in one.name

    private fun methods(type: Class<*>) = (type.declaredMethods.toList() + companion(type)).filter(::isPublic)

    private fun companion(type: Class<*>) =
        type.declaredClasses.filter { it.simpleName == "Companion" }.flatMap { it.declaredMethods.toList() }

    @Test
    fun `every type has its members and no others`() {
        var members = 0
        for (entry in api["type"].filter(::isForKotlin)) {
            val name = entry["name"].textValue()
            val type = type(name)
            val present = methods(type).map { spelled(it.name) }.toMutableSet()
            present -= OF_ALL_OBJECTS + (ADDITIONS[name] ?: emptySet())
            for (member in entry["member"].filter(::isForKotlin)) {
                val spelled = camelCase(member["name"].textValue())
                val found = if (spelled == "new") type.constructors.filter(::isPublic) else methods(type).filter { spelled(it.name) == spelled }
                val most = member["arguments"]?.size() ?: 0
                assertTrue(found.any { it.parameterCount == most }, "$name.$spelled takes what the contract says")
                present -= spelled
                members++
            }
            assertEquals(emptySet<String>(), present, "$name offers what the contract does not have")
        }
        assertTrue(members > 90, "only $members members were compared")
    }

    @Test
    fun `functions of the contract are there`() {
        val present = Class.forName("dev.wiresign.kotlin.SecretsKt").declaredMethods.map { it.name }
        api["function"].filter(::isForKotlin).forEach { assertTrue(camelCase(it["name"].textValue()) in present) }
    }

    @Test
    fun `every code has its number, status and sentence`() {
        val codes = read("refusals.toml")
        val refusals = codes["refusal"].map { listOf(it["name"].textValue(), it["number"].intValue(), it["status"].intValue(), it["message"].textValue()) }
        assertEquals(refusals, RefusalCode.entries.map { listOf(it.name, it.number, it.status, it.message) })
        val failures = codes["failure"].map { it["name"].textValue() to it["number"].intValue() }
        assertEquals(failures, FailureCode.entries.map { it.name to it.number })
    }

    @Test
    fun `nobody makes a verdict`() {
        for (type in listOf(Verified::class, Refusal::class, VerifiedContext::class, BodyVerification::class)) {
            // What is internal to this module has a public constructor for the JVM, but asks for a native object.
            val asked = type.java.constructors.filterNot { it.isSynthetic }.flatMap { it.parameterTypes.toList() }
            assertTrue(asked.all { it.name.startsWith("dev.wiresign.kotlin.ffi.") }, "$type")
        }
    }

    private companion object {
        /** What Kotlin offers beyond the contract, because its users expect it. */
        val ADDITIONS =
            mapOf(
                "Config" to setOf("fromFile", "close"),
                "Signer" to setOf("close"),
                "Verifier" to setOf("close"),
                "Contexts" to setOf("close"),
                "TokenIssuer" to setOf("close"),
                "BodyVerification" to setOf("close"),
            )

        /** Types of the contract under the names that Kotlin gives such things, or that UniFFI has written. */
        val TYPES =
            mapOf(
                "ConfigError" to "ConfigException",
                "SigningError" to "SigningException",
                "Problem" to "ffi.Problem",
                "Hint" to "ffi.Hint",
            )

        /** What every object has, and every record. */
        val OF_ALL_OBJECTS = setOf("toString", "equals", "hashCode", "copy", "component1", "component2", "component3", "component4")
    }
}
