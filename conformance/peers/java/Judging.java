import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the schemes have in common. */
final class Judging {
    private Judging() {}

    /** Whole seconds, in their only spelling. */
    static long time(String text) throws Refused {
        if (!text.matches("0|[1-9][0-9]{0,11}")) throw new Refused("INVALID_TIMESTAMP");
        return Long.parseLong(text);
    }

    /** 32 bytes in lower-case hex behind a prefix, or null. */
    static byte[] hex(String text, String prefix) {
        if (!text.startsWith(prefix)) return null;
        String digits = text.substring(prefix.length());
        return digits.matches("[0-9a-f]{64}") ? HexFormat.of().parseHex(digits) : null;
    }

    /** 32 bytes in padded base64, in its one spelling, or null. */
    static byte[] base64(String text) {
        try {
            byte[] bytes = Base64.getDecoder().decode(Wire.bytes(text));
            return bytes.length == 32 && Wire.base64(bytes).equals(text) ? bytes : null;
        } catch (IllegalArgumentException notBase64) {
            return null;
        }
    }

    /** The age, where it is inside of the window. */
    static long age(Config config, long now, long seconds) throws Refused {
        long age = now - seconds;
        if (age > config.past || -age > config.future) throw new Refused("TIMESTAMP_OUTSIDE_WINDOW");
        return age;
    }

    /** The id of the key that made one of the tags. */
    static String matching(Config config, String owner, long now, String message, List<byte[]> tags) throws Refused {
        String code = "INVALID_SIGNATURE";
        for (Config.Key key : config.keysOf(owner)) {
            byte[] expected = Wire.hmac("HmacSHA256", key.bytes(), message);
            if (tags.stream().noneMatch(tag -> MessageDigest.isEqual(expected, tag))) continue;
            if (key.isValid(now)) return key.id();
            code = "KEY_NOT_VALID_NOW";
        }
        throw new Refused(code);
    }

    static Map<String, Object> caller(String service, String key, String scheme, Long age) {
        Map<String, Object> caller = new LinkedHashMap<>();
        caller.put("service", service);
        caller.put("key", key);
        caller.put("scheme", scheme);
        caller.put("age", age);
        return caller;
    }

    /** The answer to a signing step; headers are names and values in turn. */
    static Map<String, Object> signed(String message, String... headers) {
        List<List<String>> pairs = new ArrayList<>();
        for (int at = 0; at < headers.length; at += 2) pairs.add(List.of(headers[at], headers[at + 1]));
        return Map.of("headers", pairs, "message", Map.of("base64", Wire.base64(Wire.bytes(message))));
    }
}
