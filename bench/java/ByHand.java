import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The same work as it would be written in Java: header lookup, window, registry, signature, policy, replay. It knows one
 * scheme and simple prefixes, and judges no hostile spelling of anything.
 */
final class ByHand {
    private static final int WINDOW_SECONDS = 300;
    private static final int SHORTEST_NONCE = 16;
    private static final int LONGEST_NONCE = 64;
    private static final String PREFIX = "v2=";

    private final String own;
    private final boolean keepsMac;
    private final Map<String, SecretKeySpec> keys = new HashMap<>();
    /** The tuned form keeps a Mac with its key for each service, one set per thread. */
    private final ThreadLocal<Map<String, Mac>> macs = ThreadLocal.withInitial(HashMap::new);
    /** All that was seen, as the library keeps it too: nothing of the measurement is older than the window. */
    private final Map<String, Long> seen = new ConcurrentHashMap<>();

    ByHand(String own, Map<String, String> secrets, boolean keepsMac) {
        this.own = own;
        this.keepsMac = keepsMac;
        secrets.forEach((id, secret) -> keys.put(id, new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256")));
    }

    boolean verify(Sent request) throws GeneralSecurityException {
        return verify(request.method(), request.target(), request.headers()::get, request.body());
    }

    boolean verify(String method, String rawTarget, UnaryOperator<String> header, byte[] body) throws GeneralSecurityException {
        String service = header.apply("x-service-id");
        String target = header.apply("x-target-service");
        String timestamp = header.apply("x-timestamp");
        String nonce = header.apply("x-request-id");
        String signature = header.apply("x-signature");
        if (service == null || target == null || timestamp == null || nonce == null || signature == null || !signature.startsWith(PREFIX)) {
            return false;
        }
        long now = System.currentTimeMillis() / 1000;
        long age = now - Long.parseLong(timestamp);
        if (age > WINDOW_SECONDS || -age > WINDOW_SECONDS || nonce.length() < SHORTEST_NONCE || nonce.length() > LONGEST_NONCE) {
            return false;
        }
        SecretKeySpec key = keys.get(service);
        if (key == null) {
            return false;
        }
        int mark = rawTarget.indexOf('?');
        String path = mark < 0 ? rawTarget : rawTarget.substring(0, mark);
        String query = mark < 0 ? "" : rawTarget.substring(mark + 1);
        String head = "wiresign-v2\n" + method + "\n" + path + "\n" + query + "\n" + timestamp + "\n" + service + "\n"
                + target + "\n" + nonce + "\n";
        Mac mac = mac(service, key);
        mac.update(head.getBytes(StandardCharsets.UTF_8));
        byte[] tag = mac.doFinal(body);
        byte[] claimed = HexFormat.of().parseHex(signature, PREFIX.length(), signature.length());
        boolean holds = MessageDigest.isEqual(tag, claimed) && target.equals(own) && path.startsWith("/api/");
        return holds && seen.putIfAbsent(service + "\n" + nonce, now) == null;
    }

    private Mac mac(String service, SecretKeySpec key) throws GeneralSecurityException {
        if (keepsMac) {
            Map<String, Mac> own = macs.get();
            Mac kept = own.get(service);
            if (kept == null) {
                kept = Mac.getInstance("HmacSHA256");
                kept.init(key);
                own.put(service, kept);
            }
            return kept;
        }
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        return mac;
    }
}
