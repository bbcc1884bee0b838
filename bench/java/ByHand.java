import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The same work as it would be written in Java: header lookup, window, registry, signature, policy, replay. It does what those
 * in the other languages do: knows what each service may do, forgets what is older than the window, and says who called. It
 * knows one scheme and simple prefixes, and judges no hostile spelling of anything.
 */
final class ByHand {
    private static final int WINDOW_SECONDS = 300;
    private static final int SHORTEST_NONCE = 16;
    private static final int LONGEST_NONCE = 64;
    private static final String PREFIX = "v2=";

    private final String own;
    private final boolean keepsMac;
    private final Map<String, Service> services = new HashMap<>();
    /** The tuned form keeps a Mac with its key for each service, one set per thread. */
    private final ThreadLocal<Map<String, Mac>> macs = ThreadLocal.withInitial(HashMap::new);
    /** What was seen, in two generations, each as long as the window: that costs less than a sweep through one map. */
    private volatile Seen seen = new Seen(new ConcurrentHashMap<>(), new ConcurrentHashMap<>(), 0);

    ByHand(String own, Map<String, String> secrets, boolean keepsMac) {
        this.own = own;
        this.keepsMac = keepsMac;
        List<Permission> permissions = List.of(new Permission("GET", "/api/v1/"), new Permission("POST", "/api/v1/images/"));
        secrets.forEach((id, secret) -> services.put(
                id, new Service(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"), permissions)));
    }

    /** Who called. */
    record Caller(String service, long age, String requestId) {}

    private record Service(SecretKeySpec key, List<Permission> permissions) {}

    private record Permission(String method, String prefix) {}

    private record Seen(Map<String, Boolean> young, Map<String, Boolean> old, long since) {}

    /** Gives the caller; null where the request is not accepted. */
    Caller verify(Sent request) throws GeneralSecurityException {
        return verify(request.method(), request.target(), request.headers()::get, request.body());
    }

    /** The same of the parts of a request. */
    Caller verify(String method, String rawTarget, UnaryOperator<String> header, byte[] body) throws GeneralSecurityException {
        String id = header.apply("x-service-id");
        String target = header.apply("x-target-service");
        String timestamp = header.apply("x-timestamp");
        String nonce = header.apply("x-request-id");
        String signature = header.apply("x-signature");
        if (id == null || target == null || timestamp == null || nonce == null || signature == null || !signature.startsWith(PREFIX)) {
            return null;
        }
        long now = System.currentTimeMillis() / 1000;
        long age = now - Long.parseLong(timestamp);
        if (age > WINDOW_SECONDS || -age > WINDOW_SECONDS || !isNonce(nonce)) {
            return null;
        }
        Service service = services.get(id);
        if (service == null) {
            return null;
        }
        int mark = rawTarget.indexOf('?');
        String path = mark < 0 ? rawTarget : rawTarget.substring(0, mark);
        String query = mark < 0 ? "" : rawTarget.substring(mark + 1);
        String head = "wiresign-v2\n" + method + "\n" + path + "\n" + query + "\n" + timestamp + "\n" + id + "\n"
                + target + "\n" + nonce + "\n";
        Mac mac = mac(id, service.key);
        mac.update(head.getBytes(StandardCharsets.UTF_8));
        byte[] tag = mac.doFinal(body);
        byte[] claimed = HexFormat.of().parseHex(signature, PREFIX.length(), signature.length());
        if (!MessageDigest.isEqual(tag, claimed) || !target.equals(own) || !isPermitted(service, method, path)
                || !remember(id + "\n" + nonce, now)) {
            return null;
        }
        return new Caller(id, age, nonce);
    }

    private static boolean isNonce(String nonce) {
        if (nonce.length() < SHORTEST_NONCE || nonce.length() > LONGEST_NONCE) {
            return false;
        }
        for (int at = 0; at < nonce.length(); at++) {
            char c = nonce.charAt(at);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPermitted(Service service, String method, String path) {
        for (Permission permission : service.permissions) {
            if (permission.method.equals(method) && path.startsWith(permission.prefix)) {
                return true;
            }
        }
        return false;
    }

    private boolean remember(String key, long now) {
        Seen seen = this.seen;
        if (now > seen.since + WINDOW_SECONDS) {
            seen = next(now);
        }
        return !seen.old.containsKey(key) && seen.young.putIfAbsent(key, Boolean.TRUE) == null;
    }

    private synchronized Seen next(long now) {
        if (now > seen.since + WINDOW_SECONDS) {
            seen = new Seen(new ConcurrentHashMap<>(), seen.young, now);
        }
        return seen;
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
