import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Escapes of a URI (RFC 3986, 2.1). */
final class Percent {
    private static final Pattern ESCAPE = Pattern.compile("%([0-9A-Fa-f]{2})");
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private Percent() {}

    /** Writes everything but unreserved characters as an escape. */
    static String encode(String wire) {
        return encode(wire, UNRESERVED);
    }

    /** Writes a part of a form with escapes alone (RFC 9421, 2.2.8, by the URL standard). */
    static String encodeForm(String wire) {
        return encode(wire, UNRESERVED.replace('~', '*'));
    }

    /** Reads a part of a form. */
    static String decodeForm(String wire) {
        String decoded = decodeLoosely(wire.replace('+', ' '));
        String read = new String(Wire.bytes(decoded), StandardCharsets.UTF_8);
        if (read.indexOf('\ufffd') >= 0) throw new Unsupported("a parameter that is no UTF-8");
        return decoded;
    }

    private static String encode(String wire, String plain) {
        StringBuilder written = new StringBuilder();
        for (char letter : wire.toCharArray()) {
            if (plain.indexOf(letter) >= 0) written.append(letter);
            else written.append(String.format("%%%02X", (int) letter));
        }
        return written.toString();
    }

    /** Undoes the escapes. A percent sign without two digits and a plus sign have no one meaning, and are refused. */
    static String decode(String wire) throws Refused {
        if (wire.contains("+") || ESCAPE.matcher(wire).replaceAll("").contains("%")) throw new Refused("MALFORMED_REQUEST");
        return decodeLoosely(wire);
    }

    /** Undoes the escapes that are some. */
    static String decodeLoosely(String wire) {
        return ESCAPE.matcher(wire).replaceAll(found ->
                Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(found.group(1), 16))));
    }
}
