import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** HTTP message signatures (RFC 9421) with digests of bodies (RFC 9530), in the profile of docs/rfc9421.md. */
final class Messages implements Judge {
    private static final String OUR_TAG = "wiresign";
    private static final List<String> OUR_COMPONENTS = List.of("@method", "@authority", "@path", "@query", "content-digest");
    private static final Map<String, Structured.Kind> DEFINED = Map.of(
            "created", Structured.Kind.INTEGER, "expires", Structured.Kind.INTEGER, "keyid", Structured.Kind.STRING,
            "alg", Structured.Kind.STRING, "nonce", Structured.Kind.STRING, "tag", Structured.Kind.STRING);
    private static final Map<String, String> DIGESTS = Map.of("sha-256", "SHA-256", "sha-512", "SHA-512");

    private record Owned(String owner, Keys.Bound bound) {}

    private final String id;
    private final String tag;
    private final String label;
    private final String urlScheme;
    private final boolean isOurs;
    private final boolean needsDigest;
    private final boolean remembers;
    private final boolean isStoreOutside;
    private final long past;
    private final long future;
    private final List<Component> needed = new ArrayList<>();
    private final Map<String, List<Keys.Bound>> keys = new HashMap<>();
    private final Map<String, List<?>> allowed = new HashMap<>();

    Messages(Map<?, ?> document, Map<?, ?> env) {
        Config.only(
                document, "service", "accept", "sign_with", "services", "rfc9421", "window", "replay", "environment", "$schema");
        id = (String) document.get("service");
        if (id == null) throw new Unsupported("a service without a name");
        remembers = Config.remembers(document);
        isStoreOutside = "external".equals(Config.object(document.get("replay")).get("store"));
        Map<?, ?> settings = Config.only(Config.object(document.get("rfc9421")), "covered", "tag", "label", "url_scheme");
        List<?> covered = settings.containsKey("covered") ? (List<?>) settings.get("covered") : OUR_COMPONENTS;
        tag = Config.text(settings, "tag", settings.containsKey("covered") ? null : OUR_TAG);
        label = Config.text(settings, "label", null);
        urlScheme = Config.text(settings, "url_scheme", "https");
        isOurs = OUR_TAG.equals(tag);
        Map<?, ?> window = Config.object(document.get("window"));
        past = Config.number(window, "past");
        future = Config.number(window, "future");
        for (Object written : covered) {
            String text = (String) written;
            try {
                needed.add(Component.of(Structured.item(text.startsWith("\"") ? text : '"' + text + '"')));
            } catch (Structured.Malformed | Refused another) {
                throw new Unsupported("a component that there is not");
            }
        }
        needsDigest = needed.removeIf(component -> component.identifier().equals("\"content-digest\""));
        Keys.readServices(document, env, keys, allowed);
    }

    @Override
    public boolean remembers() {
        return remembers;
    }

    @Override
    public Map<String, Object> verify(long now, Wire.Request request) throws Refused {
        List<String> made = request.all("signature");
        List<String> stated = request.all("signature-input");
        if (made.isEmpty()) throw new Refused(stated.isEmpty() ? "AUTHENTICATION_REQUIRED" : "MISSING_SIGNATURE");
        if (stated.isEmpty()) throw new Refused("MALFORMED_SIGNATURE");
        Map<String, Structured.Member> inputs = members(stated);
        Map<String, Structured.Member> signatures = members(made);
        Refused first = null;
        for (Map.Entry<String, Structured.Member> input : inputs.entrySet()) {
            if (!isAskedFor(input)) continue;
            Map<String, Object> caller;
            try {
                caller = judge(now, request, input.getValue(), signatures.get(input.getKey()));
                // Each member is a byte sequence (RFC 9421, 4.2).
                if (!signatures.values().stream().allMatch(Messages::isSignature)) throw new Refused("MALFORMED_SIGNATURE");
            } catch (Refused refused) {
                // Each stands for itself; where none holds, the first fault is the answer.
                if (first == null) first = refused;
                continue;
            }
            for (Map.Entry<String, Structured.Member> other : inputs.entrySet()) {
                boolean isOfCaller = isAskedFor(other) && isOf(caller, now, request, other.getValue(), signatures.get(other.getKey()));
                if (isOfCaller && areToldApart(input, other)) throw new Refused("AMBIGUOUS_CREDENTIALS");
            }
            return caller;
        }
        throw first == null ? new Refused("SCHEME_NOT_ACCEPTED") : first;
    }

    private boolean isAskedFor(Map.Entry<String, Structured.Member> input) {
        Structured.Bare named = input.getValue().parameters().values().get("tag");
        boolean isTag = tag == null || new Structured.Bare(Structured.Kind.STRING, tag).equals(named);
        return isTag && (label == null || label.equals(input.getKey()));
    }

    private boolean isOf(
            Map<String, Object> caller, long now, Wire.Request request, Structured.Member input, Structured.Member signature) {
        try {
            return judge(now, request, input, signature).get("service").equals(caller.get("service"));
        } catch (Refused refused) {
            return false;
        }
    }

    /**
     * Whether a request is another one to who looks for replays by the second signature: the nonces differ, or there are none, and a
     * store of the adapter knows the first signature only.
     */
    private boolean areToldApart(Map.Entry<String, Structured.Member> first, Map.Entry<String, Structured.Member> second) {
        Structured.Bare one = first.getValue().parameters().values().get("nonce");
        Structured.Bare other = second.getValue().parameters().values().get("nonce");
        boolean isAlike = one == null && other == null ? !isStoreOutside : java.util.Objects.equals(one, other);
        return remembers && !isAlike && !first.getKey().equals(second.getKey());
    }

    private static Map<String, Structured.Member> members(List<String> lines) throws Refused {
        try {
            Structured.Dictionary dictionary = Structured.dictionary(lines);
            if (dictionary.isRepeated()) throw new Refused("DUPLICATE_HEADER");
            if (dictionary.members().size() > 8) throw new Refused("MALFORMED_SIGNATURE");
            return dictionary.members();
        } catch (Structured.Malformed malformed) {
            throw new Refused("MALFORMED_SIGNATURE");
        }
    }

    private static boolean isSignature(Structured.Member member) {
        return !member.isList() && member.bare().kind() == Structured.Kind.BYTES;
    }

    private Map<String, Object> judge(long now, Wire.Request request, Structured.Member input, Structured.Member signature)
            throws Refused {
        if (signature == null) throw new Refused("MISSING_SIGNATURE");
        Map<String, String> said = statement(input);
        boolean isPlain = isSignature(signature) && signature.parameters().values().isEmpty();
        if (!isPlain || signature.bare().text().isEmpty()) throw new Refused("MALFORMED_SIGNATURE");
        List<Component> components = Component.listOf(input);
        String message = signatureBase(request, components, input);
        boolean isCovered = needed.stream().allMatch(part -> components.stream().anyMatch(one -> one.standsFor(part)));
        if (!isCovered || components.isEmpty()) throw new Refused("INSUFFICIENT_COVERAGE");
        // The form and the reach of a digest are seen before the signature; the body is compared behind it.
        boolean isRightBody = isRightBody(request, components);

        long age = now - Long.parseLong(said.get("created"));
        boolean hasEnded = said.containsKey("expires") && now >= Long.parseLong(said.get("expires"));
        if (age > past || -age > future || hasEnded) throw new Refused("TIMESTAMP_OUTSIDE_WINDOW");
        Owned held = keyOf(said.get("keyid"));
        Keys.Bound bound = held.bound;
        String algorithm = bound.algorithm() == null ? "hmac-sha256" : bound.algorithm();
        if (!said.getOrDefault("alg", algorithm).equals(algorithm)) throw new Refused("ALGORITHM_NOT_ALLOWED");
        if (!Keys.holds(bound, algorithm, message, Wire.bytes(signature.bare().text()))) throw new Refused("INVALID_SIGNATURE");
        if (!bound.key().isValid(now)) throw new Refused("KEY_NOT_VALID_NOW");
        if (!isRightBody) throw new Refused("DIGEST_MISMATCH");
        if (!isAllowed(held.owner)) throw new Refused("TARGET_NOT_ALLOWED");
        return Judging.caller(held.owner, bound.key().id(), "rfc9421", age);
    }

    /** What the parameters say that RFC 9421 (2.3) defines; others are signed and mean nothing. */
    private Map<String, String> statement(Structured.Member input) throws Refused {
        Map<String, Structured.Bare> parameters = input.parameters().values();
        if (!parameters.containsKey("created")) throw new Refused("MISSING_TIMESTAMP");
        if (!parameters.containsKey("keyid")) throw new Refused("MISSING_SERVICE_ID");
        if (isOurs && !parameters.containsKey("nonce")) throw new Refused("MISSING_NONCE");
        boolean isGood = !input.parameters().isRepeated() && parameters.size() <= 16;
        Map<String, String> said = new HashMap<>();
        for (Map.Entry<String, Structured.Kind> defined : DEFINED.entrySet()) {
            Structured.Bare value = parameters.get(defined.getKey());
            if (value == null) continue;
            isGood &= value.kind() == defined.getValue();
            said.put(defined.getKey(), value.text());
        }
        for (String name : List.of("keyid", "alg", "nonce", "tag")) {
            isGood &= said.getOrDefault(name, "-").matches("[^\"\\\\]+");
        }
        if (!isGood) throw new Refused("MALFORMED_SIGNATURE");
        for (String time : List.of(said.get("created"), said.getOrDefault("expires", "0"))) Judging.time(time);
        if (isOurs && !said.get("nonce").matches("[A-Za-z0-9_-]{16,64}")) throw new Refused("INVALID_NONCE");
        return said;
    }

    /** What is signed (2.5). */
    private String signatureBase(Wire.Request request, List<Component> components, Structured.Member input) throws Refused {
        StringBuilder base = new StringBuilder();
        for (Component component : components) {
            String value = component.valueIn(request, urlScheme);
            // A line end would end the line of the component, and other bytes are no text of HTTP.
            if (!value.matches("[\\t -~]*")) throw new Refused("MALFORMED_REQUEST");
            base.append(component.identifier()).append(": ").append(value).append('\n');
        }
        return base.append("\"@signature-params\": ").append(input.written()).toString();
    }

    /** `SERVICE/KEY`, or the id of a key alone where the signatures are not of our profile. */
    private Owned keyOf(String keyId) throws Refused {
        int slash = keyId.indexOf('/');
        List<Owned> found = new ArrayList<>();
        if (slash >= 0) collect(found, keyId.substring(0, slash), keyId.substring(slash + 1));
        if (found.isEmpty() && !isOurs) keys.keySet().forEach(owner -> collect(found, owner, keyId));
        if (found.size() > 1) throw new Unsupported("the id of several keys");
        if (found.size() == 1) return found.get(0);
        boolean isService = slash >= 0 && !keys.getOrDefault(keyId.substring(0, slash), List.of()).isEmpty();
        throw new Refused(isService || !isOurs ? "UNKNOWN_KEY" : "UNKNOWN_SERVICE");
    }

    private void collect(List<Owned> found, String owner, String keyId) {
        keys.getOrDefault(owner, List.of()).stream().filter(bound -> bound.key().id().equals(keyId))
                .forEach(bound -> found.add(new Owned(owner, bound)));
    }

    /** Whether the body has its digests that are signed (RFC 9530, 2). */
    private boolean isRightBody(Wire.Request request, List<Component> components) throws Refused {
        List<Component> digests = components.stream().filter(component -> component.name().equals("content-digest")).toList();
        boolean isCovered = false;
        boolean isRight = true;
        if (!digests.isEmpty()) {
            for (Map.Entry<String, Structured.Member> stated : digests(request).entrySet()) {
                String algorithm = stated.getKey();
                if (!DIGESTS.containsKey(algorithm)) continue;
                byte[] right = Wire.hash(DIGESTS.get(algorithm), request.body());
                Structured.Member value = stated.getValue();
                boolean isDigest = !value.isList() && value.bare().kind() == Structured.Kind.BYTES
                        && value.bare().text().length() == right.length;
                if (!isDigest) throw new Refused("MALFORMED_SIGNATURE");
                Structured.Bare named = new Structured.Bare(Structured.Kind.STRING, algorithm);
                if (digests.stream().noneMatch(one -> named.equals(one.parameters().getOrDefault("key", named)))) continue;
                isCovered = true;
                isRight &= value.bare().text().equals(Wire.text(right));
            }
        }
        if (needsDigest && !isCovered && !request.body().isEmpty()) throw new Refused("INSUFFICIENT_COVERAGE");
        return isRight;
    }

    private static Map<String, Structured.Member> digests(Wire.Request request) throws Refused {
        try {
            Structured.Dictionary dictionary = Structured.dictionary(request.all("content-digest"));
            if (!dictionary.isRepeated()) return dictionary.members();
        } catch (Structured.Malformed malformed) {
            // It is refused as a digest that is there twice.
        }
        throw new Refused("MALFORMED_SIGNATURE");
    }

    private boolean isAllowed(String owner) {
        if (allowed.get(owner) != null) return allowed.get(owner).contains(id);
        // Nothing says which authority is ours, so a service could be sent its own requests back, with the host that they were for.
        return !owner.equals(id);
    }
}
