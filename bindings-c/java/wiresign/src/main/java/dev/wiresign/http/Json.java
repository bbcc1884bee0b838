package dev.wiresign.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a JSON object: what the answer of a token endpoint takes, without a library that others would have to have too. */
final class Json {
    private static final int DEEPEST = 16;

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** The members of an object; none where the bytes are not one. A whole number is a Long, any other a Double. */
    static Map<String, Object> object(byte[] bytes) {
        try {
            Json json = new Json(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
            Object value = json.value(0);
            json.space();
            return json.at == json.text.length() && value instanceof Members members ? members.byName() : Map.of();
        } catch (CharacterCodingException | IllegalArgumentException malformed) {
            return Map.of();
        }
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw malformed();
        }
        space();
        return switch (peek()) {
            case '{' -> members(depth);
            case '[' -> elements(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Members members(int depth) {
        Map<String, Object> members = new HashMap<>();
        take('{');
        if (!isNext('}')) {
            do {
                space();
                String name = string();
                space();
                take(':');
                if (members.containsKey(name)) {
                    // Two readers could take one of them each.
                    throw malformed();
                }
                members.put(name, value(depth + 1));
            } while (isNext(','));
            take('}');
        }
        return new Members(members);
    }

    private List<Object> elements(int depth) {
        List<Object> elements = new ArrayList<>();
        take('[');
        if (!isNext(']')) {
            do {
                elements.add(value(depth + 1));
            } while (isNext(','));
            take(']');
        }
        return elements;
    }

    private String string() {
        take('"');
        StringBuilder string = new StringBuilder();
        while (peek() != '"') {
            char unit = text.charAt(at++);
            if (unit < ' ') {
                throw malformed();
            }
            string.append(unit == '\\' ? escaped() : unit);
        }
        at++;
        return string.toString();
    }

    private char escaped() {
        char unit = peek();
        at++;
        return switch (unit) {
            case '"', '\\', '/' -> unit;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                String digits = text.substring(at, Math.min(at + 4, text.length()));
                if (!digits.matches("[0-9A-Fa-f]{4}")) {
                    throw malformed();
                }
                at += 4;
                yield (char) Integer.parseInt(digits, 16);
            }
            default -> throw malformed();
        };
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw malformed();
        }
        boolean isWhole = digits.length() <= 18 && digits.matches("-?[0-9]+");
        return isWhole ? (Object) Long.valueOf(digits) : (Object) Double.valueOf(digits);
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    /** Whether this comes next, behind spaces; then it is taken. */
    private boolean isNext(char wanted) {
        space();
        if (peek() != wanted) {
            return false;
        }
        at++;
        return true;
    }

    private void take(char wanted) {
        if (!isNext(wanted)) {
            throw malformed();
        }
    }

    private void space() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException("not JSON");
    }

    private record Members(Map<String, Object> byName) {}
}
