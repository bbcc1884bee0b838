package dev.wiresign.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every vector, inside this process: what the runner asks the driver, and how it judges the answer. */
class VectorsTest {
    @TestFactory
    Stream<DynamicTest> vectors() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("wiresign.vectors")))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
                for (JsonNode group : Json.parse(Files.readString(file)).get("groups")) {
                    for (JsonNode test : group.get("tests")) {
                        if (isKnown(test)) {
                            tests.add(DynamicTest.dynamicTest(test.get("id").textValue(), () -> judge(group, test)));
                        }
                    }
                }
            }
        }
        assertTrue(tests.size() > 100, "only " + tests.size() + " vectors were found");
        return tests.stream();
    }

    private static boolean isKnown(JsonNode test) {
        for (JsonNode step : test.get("steps")) {
            if (!Driver.CAPABILITIES.contains(step.get("op").textValue())) {
                return false;
            }
        }
        return true;
    }

    private static void judge(JsonNode group, JsonNode test) {
        ObjectNode question = Json.object();
        for (String name : List.of("config", "config_text", "env")) {
            if (group.has(name)) {
                question.set(name, group.get(name));
            }
        }
        question.set("steps", test.get("steps"));
        ArrayNode results = Question.answer(question);
        assertEquals(test.get("steps").size(), results.size());
        for (int at = 0; at < results.size(); at++) {
            compare(test.get("steps").get(at).get("expect"), results.get(at));
        }
    }

    private static void compare(JsonNode expected, JsonNode result) {
        if (expected.has("refused")) {
            assertEquals(expected.get("refused"), result.path("refused").path("code"), result.toString());
        } else if (expected.has("failed")) {
            assertEquals(expected.get("failed"), result.path("failed").path("code"), result.toString());
        } else if (expected.has("config_errors")) {
            assertEquals(new TreeSet<>(texts(expected.get("config_errors"))), pointers(result.path("config_errors")));
        } else {
            assertTrue(result.has("ok"), result.toString());
            expected.get("ok").properties().forEach(field -> {
                JsonNode got = result.get("ok").path(field.getKey());
                switch (field.getKey()) {
                    case "warnings" -> assertEquals(new TreeSet<>(texts(field.getValue())), pointers(got));
                    case "message" -> assertEquals(base64(field.getValue()), got.path("base64").textValue());
                    // A whole number is one, however wide the type is that holds it.
                    default -> assertEquals(Json.text(field.getValue()), Json.text(got), field.getKey());
                }
            });
        }
    }

    private static String base64(JsonNode message) {
        return message.isTextual()
                ? java.util.Base64.getEncoder().encodeToString(message.textValue().getBytes(java.nio.charset.StandardCharsets.UTF_8))
                : message.get("base64").textValue();
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.textValue()));
        return texts;
    }

    private static TreeSet<String> pointers(JsonNode problems) {
        TreeSet<String> pointers = new TreeSet<>();
        problems.forEach(problem -> pointers.add(problem.get("pointer").textValue()));
        return pointers;
    }
}
