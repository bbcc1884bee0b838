package dev.wiresign.kotlin.conformance

import com.fasterxml.jackson.databind.JsonNode
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.util.Base64

/** Every vector, inside this process: what the runner asks the driver, and how it judges the answer. */
class VectorsTest {
    @TestFactory
    fun vectors(): List<DynamicTest> {
        val files = checkNotNull(File(System.getProperty("wiresign.vectors")).listFiles { file -> file.extension == "json" })
        val tests =
            files.sorted().flatMap { file ->
                parse(file.readText())["groups"].flatMap { group ->
                    group["tests"]
                        .filter { test -> test["steps"].all { it["op"].textValue() in CAPABILITIES } }
                        .map { test -> DynamicTest.dynamicTest(test["id"].textValue()) { judge(group, test) } }
                }
            }
        assertTrue(tests.size > 100, "only ${tests.size} vectors were found")
        return tests
    }

    private fun judge(group: JsonNode, test: JsonNode) {
        val parts = listOf("config", "config_text", "env").filter(group::has).associateWith(group::get)
        val results = answer(again(parts + ("steps" to test["steps"]))).map(::again)
        assertEquals(test["steps"].size(), results.size)
        test["steps"].zip(results).forEach { (step, result) -> compare(step["expect"], result) }
    }

    /** As the runner reads it. */
    private fun again(value: Any): JsonNode = parse(json(value))

    private fun compare(expected: JsonNode, result: JsonNode) {
        val refusal = listOf("refused", "failed").firstOrNull(expected::has)
        when {
            refusal != null -> assertEquals(expected[refusal], result.path(refusal).path("code"), "$result")
            expected.has("config_errors") -> assertEquals(texts(expected["config_errors"]), pointers(result.path("config_errors")))
            else -> {
                assertTrue(result.has("ok"), "$result")
                expected["ok"].properties().forEach { (name, value) -> compareField(name, value, result["ok"].path(name)) }
            }
        }
    }

    private fun compareField(name: String, expected: JsonNode, given: JsonNode) {
        when (name) {
            "warnings" -> assertEquals(texts(expected), pointers(given))
            "message" -> assertEquals(base64(expected), base64(given))
            else -> assertEquals(json(expected), json(given), name)
        }
    }

    private fun base64(text: JsonNode): String =
        text["base64"]?.textValue() ?: Base64.getEncoder().encodeToString(text.textValue().toByteArray())

    private fun texts(list: JsonNode): Set<String> = list.map { it.textValue() }.toSet()

    private fun pointers(problems: JsonNode): Set<String> = problems.map { it["pointer"].textValue() }.toSet()
}
