import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Bytes are kept as texts with one character for each byte, so that they can be cut and compared as texts are. */
final class Wire {
    private Wire() {}

    /** The bytes that the runner means: a text, or base64 in an object. */
    static String of(Object value) {
        return value instanceof Map<?, ?> object
                ? text(Base64.getDecoder().decode((String) object.get("base64")))
                : text(((String) value).getBytes(StandardCharsets.UTF_8));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] bytes(String wire) {
        return wire.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Letters of other alphabets have no lower case here. */
    static String lower(String wire) {
        StringBuilder lowered = new StringBuilder(wire);
        for (int at = 0; at < lowered.length(); at++) {
            char letter = lowered.charAt(at);
            if ('A' <= letter && letter <= 'Z') lowered.setCharAt(at, (char) (letter + 'a' - 'A'));
        }
        return lowered.toString();
    }

    static String upper(String wire) {
        StringBuilder raised = new StringBuilder(wire);
        for (int at = 0; at < raised.length(); at++) {
            char letter = raised.charAt(at);
            if ('a' <= letter && letter <= 'z') raised.setCharAt(at, (char) (letter + 'A' - 'a'));
        }
        return raised.toString();
    }

    static byte[] hmac(String algorithm, byte[] key, String message) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            // Zeros fill up a short key (RFC 2104, 2), and the library takes no empty one.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, algorithm));
            return mac.doFinal(bytes(message));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static byte[] hash(String algorithm, String message) {
        try {
            return MessageDigest.getInstance(algorithm).digest(bytes(message));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    record Header(String name, String value) {}

    /** A request as bytes; the names of its headers are in lower case. */
    record Request(String method, String target, String authority, List<Header> headers, String body) {
        static Request of(Map<?, ?> sent) {
            List<Header> headers = ((List<?>) sent.get("headers"))
                    .stream().map(pair -> (List<?>) pair)
                    .map(pair -> new Header(lower(Wire.of(pair.get(0))), Wire.of(pair.get(1)))).toList();
            Object authority = sent.get("authority");
            return new Request(Wire.of(sent.get("method")), Wire.of(sent.get("target")),
                    authority == null ? null : Wire.of(authority), headers, Wire.of(sent.get("body")));
        }

        Request withMethod(String other) {
            return new Request(other, target, authority, headers, body);
        }

        String path() {
            int mark = target.indexOf('?');
            return mark < 0 ? target : target.substring(0, mark);
        }

        String query() {
            int mark = target.indexOf('?');
            return mark < 0 ? "" : target.substring(mark + 1);
        }

        List<String> all(String name) {
            return headers.stream().filter(header -> header.name.equals(name)).map(Header::value).toList();
        }

        /** The first value of a header, or null. */
        String one(String name) {
            List<String> values = all(name);
            return values.isEmpty() ? null : values.get(0);
        }
    }

    /** Refuses what nobody can judge. */
    static void checkBounds(Request request) throws Refused {
        String target = request.target;
        boolean isPath = target.startsWith("/") || target.equals("*") && request.method.equals("OPTIONS");
        int size = request.headers.stream().mapToInt(header -> header.name.length() + header.value.length()).sum();
        if (!request.method.matches("[A-Z0-9_-]{1,32}") || !isPath || !target.matches("[!\"$-~]{1,8192}")
                || request.headers.size() > 256 || size > 65536) {
            throw new Refused("MALFORMED_REQUEST");
        }
    }
}
