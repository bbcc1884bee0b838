package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What the package exports, compared with the contract of all languages, in both directions. */
class ContractTest {
    /** What Java offers beyond the contract, because its users expect it. */
    private static final Map<String, Set<String>> ADDITIONS = Map.of(
            "Config", Set.of("fromFile", "close"),
            "Signer", Set.of("close"),
            "Verifier", Set.of("close"),
            "Contexts", Set.of("close"),
            "TokenIssuer", Set.of("close"),
            "BodyVerification", Set.of("close"),
            "RefusalResponse", Set.of("headers"));
    /** Types of the contract under the names that Java gives such things. */
    private static final Map<String, String> TYPES = Map.of("ConfigError", "ConfigException", "SigningError", "SigningException");
    /** What every object has, and every exception and record. */
    private static final Set<String> OF_ALL_OBJECTS = Set.of("toString", "equals", "hashCode", "getMessage");

    private final JsonNode api = read("api.toml");

    private static JsonNode read(String file) {
        try {
            return new TomlMapper().readTree(Path.of(System.getProperty("wiresign.contract"), file).toFile());
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    /** Whether Java must have it: everybody must, or Java is named. */
    private static boolean isForJava(JsonNode entry) {
        return !entry.has("languages") || isNamed(entry, "java");
    }

    /** Whether Java may have it: what the C library has, Java can have through it. */
    private static boolean isWithinReach(JsonNode entry) {
        return isForJava(entry) || isNamed(entry, "c");
    }

    private static boolean isNamed(JsonNode entry, String wanted) {
        for (JsonNode language : entry.path("languages")) {
            if (language.textValue().equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName("dev.wiresign." + TYPES.getOrDefault(name, name));
    }

    private static String camelCase(String name) {
        StringBuilder out = new StringBuilder();
        for (String word : name.split("_")) {
            out.append(out.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return out.toString();
    }

    private static Set<String> publicNames(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (Method method : type.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
                names.add(method.getName());
            }
        }
        return names;
    }

    @Test
    void everyTypeHasItsMembersAndNoOthers() throws Exception {
        int members = 0;
        for (JsonNode entry : api.get("type")) {
            if (!isWithinReach(entry) || !isForJava(entry) && !exists(entry.get("name").textValue())) {
                continue;
            }
            String name = entry.get("name").textValue();
            Class<?> type = type(name);
            Set<String> present = publicNames(type);
            present.removeAll(OF_ALL_OBJECTS);
            present.removeAll(ADDITIONS.getOrDefault(name, Set.of()));
            for (JsonNode member : entry.get("member")) {
                boolean isConstructor = member.get("name").textValue().equals("new");
                String method = camelCase(member.get("name").textValue());
                Executable[] found = isConstructor
                        ? type.getConstructors()
                        : Arrays.stream(type.getDeclaredMethods()).filter(one -> one.getName().equals(method)).toArray(Executable[]::new);
                if (isForJava(member) || isWithinReach(member) && found.length > 0) {
                    members++;
                    assertTrue(takes(found, member), name + "." + method + " takes what the contract says");
                    present.remove(method);
                }
            }
            assertEquals(Set.of(), present, name + " offers what the contract does not have");
        }
        assertTrue(members > 70, "only " + members + " members were compared");
    }

    private static boolean exists(String name) {
        try {
            type(name);
            return true;
        } catch (ClassNotFoundException missing) {
            return false;
        }
    }

    /** One overload takes all arguments, and where some may be left out, one takes the others alone. */
    private static boolean takes(Executable[] overloads, JsonNode member) {
        int most = 0;
        int least = 0;
        for (JsonNode argument : member.path("arguments")) {
            most++;
            boolean isOptional = argument.get("type").textValue().endsWith("?") || argument.has("default");
            least += isOptional ? 0 : 1;
        }
        Set<Integer> counts = new TreeSet<>();
        for (Executable overload : overloads) {
            if (Modifier.isPublic(overload.getModifiers())) {
                counts.add(overload.getParameterCount());
            }
        }
        boolean isDiagnosis = member.get("name").textValue().equals("message") && most > 0;
        return counts.contains(most) && (isDiagnosis || counts.contains(least));
    }

    @Test
    void everyCodeHasItsNumberStatusAndSentence() {
        JsonNode codes = read("refusals.toml");
        assertEquals(codes.get("refusal").size(), RefusalCode.values().length);
        for (JsonNode row : codes.get("refusal")) {
            RefusalCode code = RefusalCode.valueOf(row.get("name").textValue());
            assertEquals(row.get("number").intValue(), code.number());
            assertEquals(row.get("status").intValue(), code.status());
            assertEquals(row.get("message").textValue(), code.message());
            assertEquals(code, RefusalCode.of(code.number()));
        }
        assertEquals(codes.get("failure").size(), FailureCode.values().length);
        for (JsonNode row : codes.get("failure")) {
            assertEquals(row.get("number").intValue(), FailureCode.valueOf(row.get("name").textValue()).number());
        }
    }

    @Test
    void functionsOfTheContractAreThere() throws Exception {
        for (JsonNode function : api.get("function")) {
            if (isForJava(function)) {
                String name = camelCase(function.get("name").textValue());
                assertTrue(publicNames(Secrets.class).contains(name), name);
            }
        }
    }

    @Test
    void nobodyMakesAVerdict() {
        for (Class<?> type : List.of(Verified.class, Refusal.class, VerifiedContext.class, BodyVerification.class)) {
            Constructor<?>[] constructors = type.getConstructors();
            assertEquals(0, constructors.length, type.getName());
        }
    }
}
