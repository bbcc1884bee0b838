import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What a config says about the schemes that this peer knows, but for the standards. */
final class Config implements Judge {
    /** A key of the config, with the time in which it is valid. */
    record Key(String id, String state, long start, long end, byte[] bytes) {
        boolean isValid(long now) {
            return !state.equals("revoked") && start <= now && now < end;
        }
    }

    interface Decoder {
        byte[] decode(String secret, Map<?, ?> entry);
    }

    final String id;
    final String accept;
    final String signWith;
    final String scheme;
    final Map<?, ?> registry;
    final Map<String, List<Key>> keys = new HashMap<>();
    private final boolean remembers;
    final long past;
    final long future;

    Config(Map<?, ?> document, Map<?, ?> env) {
        only(document, "service", "accept", "sign_with", "services", "webhooks", "window", "replay", "environment", "$schema");
        id = (String) document.get("service");
        if (id == null) throw new Unsupported("a service without a name");
        List<?> accepted = document.containsKey("accept") ? (List<?>) document.get("accept") : List.of("service-hmac-v2");
        if (accepted.size() != 1) throw new Unsupported("several schemes");
        accept = (String) accepted.get(0);
        signWith = document.containsKey("sign_with") ? (String) document.get("sign_with") : "service-hmac-v2";
        remembers = remembers(document);
        registry = (Map<?, ?>) document.get("services");
        registry.forEach((name, value) -> {
            Map<?, ?> entry = only((Map<?, ?>) value, "keys", "allowed_targets", "url");
            allowedTargets(entry);
            keys.put((String) name, keys(entry.get("keys"), env, Config::secretOfService));
        });
        String known = accept;
        for (Map.Entry<?, ?> hook : object(document.get("webhooks")).entrySet()) {
            Map<?, ?> entry = only((Map<?, ?>) hook.getValue(), "scheme", "keys", "url");
            String of = (String) entry.get("scheme");
            keys.put("webhook:" + hook.getKey(), keys(entry.get("keys"), env, (secret, key) -> secretOfSender(of, secret)));
            if (accept.equals("webhook:" + hook.getKey())) known = of;
        }
        scheme = known;
        if (!Services.SCHEMES.contains(scheme) && !Senders.FORMATS.containsKey(scheme)) {
            throw new Unsupported("the scheme " + scheme);
        }
        Map<?, ?> window = scheme.equals(accept) ? object(document.get("window")) : Map.of();
        past = number(window, "past");
        future = number(window, "future");
    }

    @Override
    public Map<String, Object> verify(long now, Wire.Request request) throws Refused {
        return Services.SCHEMES.contains(scheme) ? Services.verify(this, now, request) : Senders.verify(this, now, request);
    }

    @Override
    public boolean remembers() {
        return remembers;
    }

    /** Whether the config lets a request that was accepted be refused when it comes again. */
    static boolean remembers(Map<?, ?> document) {
        return !"none".equals(object(document.get("replay")).get("store"));
    }

    /** The targets that a caller may call; null where it may call all. */
    static List<?> allowedTargets(Map<?, ?> entry) {
        Object allowed = entry.get("allowed_targets");
        if (entry.containsKey("allowed_targets") && !(allowed instanceof List<?>)) {
            throw new Unsupported("targets that are no list");
        }
        return (List<?>) allowed;
    }

    /** The keys of a service or sender; none where it is unknown. */
    List<Key> keysOf(String owner) {
        return keys.getOrDefault(owner, List.of());
    }

    /** Leaves everything with members of another meaning to others. */
    static Map<?, ?> only(Map<?, ?> members, String... known) {
        if (!Set.of(known).containsAll(members.keySet())) throw new Unsupported("other members");
        return members;
    }

    static Map<?, ?> object(Object value) {
        return value == null ? Map.of() : (Map<?, ?>) value;
    }

    static long number(Map<?, ?> window, String name) {
        return window.containsKey(name) ? (Long) window.get(name) : 300;
    }

    static List<Key> keys(Object entries, Map<?, ?> env, Decoder decoder) {
        List<Key> read = new ArrayList<>();
        for (Object value : entries == null ? List.of() : (List<?>) entries) {
            Map<?, ?> entry = only((Map<?, ?>) value, "id", "secret", "encoding", "state", "not_before", "not_after");
            byte[] bytes = decoder.decode(referred(entry.get("secret"), env), entry);
            read.add(new Key(
                    text(entry, "id", String.valueOf(read.size() + 1)), text(entry, "state", "active"),
                    moment(entry, "not_before", 0), moment(entry, "not_after", Long.MAX_VALUE), bytes));
        }
        return read;
    }

    /** What the variable holds that a config refers to. */
    static String referred(Object reference, Map<?, ?> env) {
        if (!((String) reference).startsWith("env:")) throw new Unsupported("a secret that is no variable");
        Object secret = env.get(((String) reference).substring("env:".length()));
        if (secret == null) throw new Unsupported("a variable that is not there");
        return (String) secret;
    }

    static String text(Map<?, ?> entry, String name, String otherwise) {
        return entry.containsKey(name) ? (String) Objects.requireNonNull(entry.get(name)) : otherwise;
    }

    static long moment(Map<?, ?> entry, String name, long otherwise) {
        return entry.containsKey(name) ? Instant.parse((String) entry.get(name)).getEpochSecond() : otherwise;
    }

    static byte[] secretOfService(String secret, Map<?, ?> entry) {
        return switch (text(entry, "encoding", "text")) {
            case "hex" -> HexFormat.of().parseHex(secret);
            case "base64" -> Base64.getDecoder().decode(secret);
            default -> secret.getBytes(StandardCharsets.UTF_8);
        };
    }

    private static byte[] secretOfSender(String scheme, String secret) {
        if (!scheme.equals("standard-webhooks")) return secret.getBytes(StandardCharsets.UTF_8);
        return Base64.getDecoder().decode(secret.startsWith("whsec_") ? secret.substring("whsec_".length()) : secret);
    }
}
