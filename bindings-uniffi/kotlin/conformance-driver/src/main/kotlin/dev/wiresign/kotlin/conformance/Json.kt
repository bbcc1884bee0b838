package dev.wiresign.kotlin.conformance

import com.fasterxml.jackson.core.json.JsonWriteFeature
import com.fasterxml.jackson.databind.DeserializationFeature
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature
import com.fasterxml.jackson.databind.json.JsonMapper

/** JSON that comes out as it went in: no number is rounded, and what is not ASCII is escaped. */
private val mapper: JsonMapper =
    JsonMapper
        .builder()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
        .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
        .build()

internal fun parse(text: String): JsonNode = mapper.readTree(text)

/** The text of maps, lists, texts, numbers and nodes. */
internal fun json(value: Any?): String = mapper.writeValueAsString(value)
