import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON (RFC 8259) as maps, lists, texts, numbers, truth values and null. The library of the JDK has none. */
final class Json {
    /** A number that is no whole one of up to 18 digits, as it was written. */
    record Number(String text) {}

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value(0);
        json.skipSpace();
        if (json.at != text.length()) throw json.wrong("more than one value");
        return value;
    }

    private Object value(int depth) {
        if (depth > 64) throw wrong("too deep");
        skipSpace();
        switch (peek()) {
            case '{' -> {
                Map<String, Object> members = new LinkedHashMap<>();
                for (boolean isFirst = true; hasMore('}', isFirst); isFirst = false) {
                    skipSpace();
                    String name = string();
                    skipSpace();
                    take(":");
                    if (members.containsKey(name)) throw wrong("a member twice");
                    members.put(name, value(depth + 1));
                }
                return members;
            }
            case '[' -> {
                List<Object> items = new ArrayList<>();
                for (boolean isFirst = true; hasMore(']', isFirst); isFirst = false) items.add(value(depth + 1));
                return items;
            }
            case '"' -> {
                return string();
            }
            case 't' -> {
                take("true");
                return true;
            }
            case 'f' -> {
                take("false");
                return false;
            }
            case 'n' -> {
                take("null");
                return null;
            }
            default -> {
                return number();
            }
        }
    }

    /** Whether a list or an object goes on; takes what stands between its members, or its end. */
    private boolean hasMore(char end, boolean isFirst) {
        if (isFirst) at++;
        skipSpace();
        if (peek() == end) {
            at++;
            return false;
        }
        if (!isFirst) take(",");
        return true;
    }

    private String string() {
        take("\"");
        StringBuilder read = new StringBuilder();
        while (peek() != '"') {
            char letter = text.charAt(at++);
            if (letter < ' ') throw wrong("a control character");
            if (letter != '\\') {
                read.append(letter);
                continue;
            }
            char escaped = peek();
            at++;
            switch (escaped) {
                case '"', '\\', '/' -> read.append(escaped);
                case 'b' -> read.append('\b');
                case 'f' -> read.append('\f');
                case 'n' -> read.append('\n');
                case 'r' -> read.append('\r');
                case 't' -> read.append('\t');
                case 'u' -> {
                    String digits = text.substring(at, Math.min(at + 4, text.length()));
                    if (!digits.matches("[0-9A-Fa-f]{4}")) throw wrong("half an escape");
                    read.append((char) Integer.parseInt(digits, 16));
                    at += 4;
                }
                default -> throw wrong("an unknown escape");
            }
        }
        at++;
        return read.toString();
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
        String written = text.substring(start, at);
        if (written.matches("0|-?[1-9][0-9]{0,17}")) return Long.parseLong(written);
        if (!written.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) throw wrong("no number");
        return new Number(written);
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private char peek() {
        if (at >= text.length()) throw wrong("the end");
        return text.charAt(at);
    }

    private void take(String expected) {
        if (!text.startsWith(expected, at)) throw wrong("no " + expected);
        at += expected.length();
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("JSON: " + what + " at " + at);
    }

    static String write(Object value) {
        return switch (value) {
            case null -> "null";
            case String text -> quoted(text);
            case Map<?, ?> members -> {
                List<String> parts = new ArrayList<>();
                members.forEach((name, member) -> parts.add(quoted((String) name) + ":" + write(member)));
                yield "{" + String.join(",", parts) + "}";
            }
            case List<?> items -> "[" + String.join(",", items.stream().map(Json::write).toList()) + "]";
            default -> value.toString();
        };
    }

    private static String quoted(String text) {
        StringBuilder written = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') written.append('\\').append(letter);
            else if (letter < ' ' || letter > '~') written.append(String.format("\\u%04x", (int) letter));
            else written.append(letter);
        }
        return written.append('"').toString();
    }
}
