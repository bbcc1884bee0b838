import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Structured fields (RFC 9651, which obsoletes RFC 8941). Texts have one character for each byte. */
final class Structured {
    enum Kind { INTEGER, DECIMAL, STRING, TOKEN, BYTES, BOOLEAN, DATE, DISPLAY }

    /** A value: the text or the bytes that it means; of a number its one spelling, of a boolean its digit. */
    record Bare(Kind kind, String text) {
        static final Bare TRUE = new Bare(Kind.BOOLEAN, "1");

        /** The value as it is written (4.1). */
        String written() {
            return switch (kind) {
                case INTEGER, DECIMAL, TOKEN -> text;
                case STRING -> '"' + text.replaceAll("[\"\\\\]", "\\\\$0") + '"';
                case BYTES -> ":" + Wire.base64(Wire.bytes(text)) + ":";
                case BOOLEAN -> "?" + text;
                case DATE -> "@" + text;
                case DISPLAY -> "%\"" + text.chars()
                        .mapToObj(letter -> letter >= ' ' && letter <= '~' && letter != '%' && letter != '"'
                                ? String.valueOf((char) letter) : String.format("%%%02x", letter))
                        .collect(Collectors.joining()) + '"';
            };
        }
    }

    /** Names and values in their order; whether one was there again, where the last value counts. */
    record Parameters(Map<String, Bare> values, boolean isRepeated) {
        String written() {
            return values.entrySet().stream()
                    .map(one -> ";" + one.getKey() + (one.getValue().equals(Bare.TRUE) ? "" : "=" + one.getValue().written()))
                    .collect(Collectors.joining());
        }
    }

    /** An item, or an inner list; then `bare` is null, and the items inside have no lists. */
    record Member(Bare bare, List<Member> items, Parameters parameters) {
        boolean isList() {
            return bare == null;
        }

        String written() {
            String value = isList()
                    ? items.stream().map(Member::written).collect(Collectors.joining(" ", "(", ")")) : bare.written();
            return value + parameters.written();
        }
    }

    /** Members in their order; whether a key was there again, where the last member counts. */
    record Dictionary(Map<String, Member> members, boolean isRepeated) {
        String written() {
            return members.entrySet().stream().map(one -> {
                Member member = one.getValue();
                boolean isFlag = Bare.TRUE.equals(member.bare);
                return one.getKey() + (isFlag ? member.parameters.written() : "=" + member.written());
            }).collect(Collectors.joining(", "));
        }
    }

    /** The text is not of this format. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed() {
            super(null, null, false, false);
        }
    }

    private static final Pattern KEY = Pattern.compile("[a-z*][a-z0-9_.*-]*");
    private static final Pattern NUMBER = Pattern.compile("(-?)0*([0-9]*)(?:\\.([0-9]*))?");
    private static final Pattern STRING = Pattern.compile("\"([ !#-\\[\\]-~]*(?:\\\\[\"\\\\][ !#-\\[\\]-~]*)*)\"");
    private static final Pattern DISPLAY = Pattern.compile("%\"([ !#$&-~]*(?:%[0-9a-f]{2}[ !#$&-~]*)*)\"");
    private static final Pattern BYTES = Pattern.compile(":([A-Za-z0-9+/=]*):");
    private static final Pattern BOOLEAN = Pattern.compile("\\?([01])");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*");

    private final String text;
    private int at;

    private Structured(String text) {
        this.text = text;
    }

    /** The lines of a field as one text (RFC 9421, 2.1). */
    static String joined(List<String> lines) {
        return lines.stream().map(Structured::trimmed).collect(Collectors.joining(", "));
    }

    static String trimmed(String line) {
        return line.replaceAll("^[ \\t]+|[ \\t]+$", "");
    }

    /** The lines of a field as one dictionary (4.2.2). */
    static Dictionary dictionary(List<String> lines) throws Malformed {
        Structured reader = new Structured(joined(lines).replaceAll("^ +| +$", ""));
        Map<String, Member> members = new LinkedHashMap<>();
        boolean isRepeated = false;
        while (!reader.isAtEnd()) {
            String key = reader.take(KEY).group();
            isRepeated |= members.containsKey(key);
            members.put(key, reader.takes('=') ? reader.member() : new Member(Bare.TRUE, null, reader.parameters()));
            reader.skip(" \t");
            if (reader.isAtEnd()) break;
            reader.expect(',');
            reader.skip(" \t");
            if (reader.isAtEnd()) throw new Malformed();
        }
        return new Dictionary(members, isRepeated);
    }

    /** One item and nothing behind it. */
    static Member item(String text) throws Malformed {
        Structured reader = new Structured(text);
        Member item = reader.item();
        if (!reader.isAtEnd()) throw new Malformed();
        return item;
    }

    private Member member() throws Malformed {
        if (!takes('(')) return item();
        List<Member> items = new ArrayList<>();
        skip(" ");
        while (!takes(')')) {
            items.add(item());
            if (!isAt(" ") && !isAt(")")) throw new Malformed();
            skip(" ");
        }
        return new Member(null, items, parameters());
    }

    private Member item() throws Malformed {
        return new Member(bare(), null, parameters());
    }

    private Parameters parameters() throws Malformed {
        Map<String, Bare> values = new LinkedHashMap<>();
        boolean isRepeated = false;
        while (takes(';')) {
            skip(" ");
            String name = take(KEY).group();
            isRepeated |= values.put(name, takes('=') ? bare() : Bare.TRUE) != null;
        }
        return new Parameters(values, isRepeated);
    }

    private Bare bare() throws Malformed {
        if (isAtEnd()) throw new Malformed();
        char first = text.charAt(at);
        if (first >= '0' && first <= '9') return number();
        return switch (first) {
            case '-' -> number();
            case '"' -> new Bare(Kind.STRING, take(STRING).group(1).replaceAll("\\\\(.)", "$1"));
            case ':' -> new Bare(Kind.BYTES, Wire.text(base64(take(BYTES).group(1))));
            case '?' -> new Bare(Kind.BOOLEAN, take(BOOLEAN).group(1));
            case '%' -> new Bare(Kind.DISPLAY, utf8(Percent.decodeLoosely(take(DISPLAY).group(1))));
            case '@' -> {
                at++;
                Bare number = number();
                if (number.kind != Kind.INTEGER) throw new Malformed();
                yield new Bare(Kind.DATE, number.text);
            }
            default -> new Bare(Kind.TOKEN, take(TOKEN).group());
        };
    }

    /** Up to 15 digits, or up to 12 before a point and up to 3 behind it; written without needless zeros. */
    private Bare number() throws Malformed {
        int start = at;
        Matcher found = take(NUMBER);
        String digits = text.substring(start, at);
        String whole = found.group(2).isEmpty() ? "0" : found.group(2);
        boolean isWhole = digits.matches("-?[0-9]{1,15}");
        if (!isWhole && !digits.matches("-?[0-9]{1,12}\\.[0-9]{1,3}")) throw new Malformed();
        String fraction = isWhole ? "" : found.group(3).replaceAll("(?<=.)0+$", "");
        String amount = isWhole ? whole : whole + "." + fraction;
        String sign = amount.matches("[0.]+") ? "" : found.group(1);
        return new Bare(isWhole ? Kind.INTEGER : Kind.DECIMAL, sign + amount);
    }

    /** In its one spelling. A reader may be lenient here (4.2.7); a signature has one text in our profile. */
    private static byte[] base64(String text) throws Malformed {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (Wire.base64(bytes).equals(text)) return bytes;
        } catch (IllegalArgumentException notBase64) {
            // It is refused as every other spelling.
        }
        throw new Malformed();
    }

    private static String utf8(String wire) throws Malformed {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Wire.bytes(wire)));
            return wire;
        } catch (CharacterCodingException another) {
            throw new Malformed();
        }
    }

    private boolean isAtEnd() {
        return at == text.length();
    }

    private boolean isAt(String expected) {
        return text.startsWith(expected, at);
    }

    private boolean takes(char expected) {
        boolean isThere = isAt(String.valueOf(expected));
        if (isThere) at++;
        return isThere;
    }

    private void expect(char expected) throws Malformed {
        if (!takes(expected)) throw new Malformed();
    }

    private void skip(String blanks) {
        while (!isAtEnd() && blanks.indexOf(text.charAt(at)) >= 0) at++;
    }

    private Matcher take(Pattern pattern) throws Malformed {
        Matcher found = pattern.matcher(text).region(at, text.length());
        if (!found.lookingAt()) throw new Malformed();
        at = found.end();
        return found;
    }
}
