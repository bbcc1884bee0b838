import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The three schemes between services. */
final class Services {
    static final List<String> SCHEMES = List.of("service-hmac-v2", "service-hmac", "cross-service");

    private Services() {}

    static Map<String, Object> verify(Config config, long now, Wire.Request request) throws Refused {
        boolean isSecond = config.scheme.equals("service-hmac-v2");
        boolean isCross = config.scheme.equals("cross-service");
        String named = isCross ? "x-service-name" : "x-service-id";
        String foreign = isCross ? "x-service-id" : "x-service-name";
        List<String> read = new ArrayList<>(List.of(named, "x-signature", "x-timestamp", "x-request-id"));
        if (isSecond) read.add("x-target-service");
        Map<String, String> values = new HashMap<>();
        for (String name : read) {
            List<String> all = request.all(name);
            if (all.size() > 1) throw new Refused("DUPLICATE_HEADER");
            for (String value : all) {
                boolean isList = name.equals("x-signature") && value.startsWith("v2=");
                if (value.contains(isList ? ", " : ",")) throw new Refused("DUPLICATE_HEADER");
                values.put(name, value);
            }
        }
        String service = values.get(named);
        String signature = values.get("x-signature");
        String timestamp = values.get("x-timestamp");
        String nonce = values.get("x-request-id");
        String called = values.get("x-target-service");
        if (service == null) {
            if (signature == null) throw new Refused("AUTHENTICATION_REQUIRED");
            throw new Refused(request.one(foreign) == null ? "MISSING_SERVICE_ID" : "SCHEME_NOT_ACCEPTED");
        }
        if (signature == null) throw new Refused("MISSING_SIGNATURE");
        if (!isCross && signature.startsWith("v2=") != isSecond) throw new Refused("SCHEME_NOT_ACCEPTED");
        if (timestamp == null) throw new Refused("MISSING_TIMESTAMP");
        if (isSecond && nonce == null) throw new Refused("MISSING_NONCE");
        if (isSecond && called == null) throw new Refused("MISSING_TARGET");

        long seconds = Judging.time(timestamp);
        // A limit of -1 keeps empty texts at the end.
        String[] texts = isSecond ? signature.split(",", -1) : new String[] {signature};
        if (texts.length > 8) throw new Refused("MALFORMED_SIGNATURE");
        List<byte[]> tags = new ArrayList<>();
        for (String text : texts) {
            byte[] tag = Judging.hex(text, isSecond ? "v2=" : "");
            if (tag == null) throw new Refused("MALFORMED_SIGNATURE");
            tags.add(tag);
        }
        if (isSecond && !nonce.matches("[A-Za-z0-9_-]{16,64}")) throw new Refused("INVALID_NONCE");
        long age = Judging.age(config, now, seconds);
        if (config.keysOf(service).isEmpty()) throw new Refused("UNKNOWN_SERVICE");
        String message = message(config.scheme, request, timestamp, service, called, nonce);
        String key = Judging.matching(config, service, now, message, tags);
        if (isSecond && !config.id.equals(called) || !isAllowed(config, service, isSecond)) {
            throw new Refused("TARGET_NOT_ALLOWED");
        }
        return Judging.caller(service, key, config.scheme, age);
    }

    private static boolean isAllowed(Config config, String service, boolean isTargetSigned) {
        Object allowed = ((Map<?, ?>) config.registry.get(service)).get("allowed_targets");
        // What a service sends under a scheme that names no target could be sent back to it.
        if (allowed == null) return isTargetSigned || !service.equals(config.id);
        return ((List<?>) allowed).contains(config.id);
    }

    private static String message(
            String scheme, Wire.Request request, String timestamp, String service, String called, String nonce) {
        String method = request.method();
        String path = request.path();
        return switch (scheme) {
            case "service-hmac-v2" -> String.join(
                    "\n", "wiresign-v2", method, path, request.query(), timestamp, service, called, nonce, request.body());
            case "service-hmac" -> String.join("\n", method, path, timestamp, request.body(), service);
            default -> String.join("\n", method, path, timestamp, request.body());
        };
    }

    static Map<String, Object> sign(Config config, Map<?, ?> step, Wire.Request request, Config.Key active, List<Config.Key> valid) {
        String timestamp = step.get("now").toString();
        String nonce = (String) step.get("nonce");
        String called = (String) step.get("target");
        boolean isSecond = config.signWith.equals("service-hmac-v2");
        if (isSecond && called == null) throw new Unsupported("no target");
        if (!SCHEMES.contains(config.signWith)) throw new Unsupported("signing with " + config.signWith);
        String message = message(config.signWith, request, timestamp, config.id, called, nonce);
        if (isSecond) {
            List<String> tags = valid.stream().map(key -> "v2=" + tag(key, message)).toList();
            return Judging.signed(message, "X-Service-ID", config.id, "X-Target-Service", called, "X-Timestamp", timestamp,
                    "X-Request-ID", nonce, "X-Signature", String.join(",", tags));
        }
        String named = config.signWith.equals("cross-service") ? "X-Service-Name" : "X-Service-ID";
        return Judging.signed(message, named, config.id, "X-Timestamp", timestamp, "X-Signature", tag(active, message),
                "X-Request-ID", nonce);
    }

    static String tag(Config.Key key, String message) {
        return Wire.hex(Wire.hmac("HmacSHA256", key.bytes(), message));
    }
}
