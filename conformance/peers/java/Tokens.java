import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** JSON Web Tokens (RFC 7519) of services, in the compact form of RFC 7515. */
final class Tokens implements Judge {
    /** What a token calls an algorithm (RFC 7518, 3.1; RFC 8037, 3.1; RFC 9864, 2.2), and what the config does. */
    private static final Map<String, String> ALGORITHMS = Map.of(
            "HS256", "hmac-sha256", "HS384", "hmac-sha384", "HS512", "hmac-sha512", "EdDSA", "ed25519", "Ed25519", "ed25519",
            "ES256", "ecdsa-p256-sha256", "ES384", "ecdsa-p384-sha384", "RS256", "rsa-v1_5-sha256",
            "PS256", "rsa-pss-sha256", "PS512", "rsa-pss-sha512");
    private static final String SCHEME = "bearer ";

    private final String id;
    private final long leeway;
    private final List<?> audience;
    private final Map<String, List<?>> allowed = new HashMap<>();
    private final Map<String, List<Keys.Bound>> keys = new HashMap<>();

    Tokens(Map<?, ?> document, Map<?, ?> env) {
        Config.only(document, "service", "accept", "sign_with", "services", "jwt", "replay", "environment", "$schema");
        id = (String) document.get("service");
        if (id == null) throw new Unsupported("a service without a name");
        Map<?, ?> settings = Config.only(Config.object(document.get("jwt")), "leeway", "audience", "lifetime");
        leeway = settings.containsKey("leeway") ? (Long) settings.get("leeway") : 30;
        Object named = settings.containsKey("audience") ? settings.get("audience") : id;
        audience = named instanceof List<?> list ? list : List.of(named);
        Keys.readServices(document, env, keys, allowed);
    }

    /** A token may come again. */
    @Override
    public boolean remembers() {
        return false;
    }

    @Override
    public Map<String, Object> verify(long now, Wire.Request request) throws Refused {
        List<String> values = request.all("authorization");
        boolean isToken = values.stream().anyMatch(value -> Wire.lower(value).startsWith(SCHEME));
        if (!isToken) throw new Refused("AUTHENTICATION_REQUIRED");
        if (values.size() > 1 || values.get(0).contains(",")) throw new Refused("DUPLICATE_HEADER");
        String token = values.get(0).substring(SCHEME.length());
        String[] pieces = token.split("\\.", -1);
        if (token.length() > 8192 || pieces.length != 3) throw new Refused("INVALID_TOKEN");
        List<byte[]> raw = new ArrayList<>();
        for (String piece : pieces) raw.add(base64url(piece));
        Map<?, ?> header = object(raw.get(0));
        if (!(header.get("alg") instanceof String alg)) throw new Refused("INVALID_TOKEN");
        if (!ALGORITHMS.containsKey(alg)) throw new Refused("ALGORITHM_NOT_ALLOWED");
        Map<?, ?> claims = object(raw.get(1));
        checkTypes(header, claims);
        if (!(claims.get("iss") instanceof String issuer) || !keys.containsKey(issuer)) throw new Refused("UNKNOWN_SERVICE");
        String key = matching(issuer, now, header, pieces[0] + "." + pieces[1], raw.get(2));
        checkClaims(now, claims);
        if (allowed.get(issuer) != null && !allowed.get(issuer).contains(id)) throw new Refused("TARGET_NOT_ALLOWED");
        return Map.of("service", issuer, "key", key, "scheme", "jwt");
    }

    /** The id of the key that signed. */
    private String matching(String issuer, long now, Map<?, ?> header, String message, byte[] signature) throws Refused {
        String algorithm = ALGORITHMS.get(header.get("alg"));
        boolean isNamed = header.containsKey("kid");
        List<Keys.Bound> named = keys.get(issuer).stream()
                .filter(key -> !isNamed || key.key().id().equals(header.get("kid"))).toList();
        List<Keys.Bound> fitting = named.stream().filter(key -> algorithm.equals(algorithmOf(key))).toList();
        if (isNamed && !named.isEmpty() && fitting.isEmpty()) throw new Refused("ALGORITHM_NOT_ALLOWED");
        if (fitting.isEmpty()) throw new Refused("UNKNOWN_KEY");
        String code = "INVALID_SIGNATURE";
        for (Keys.Bound key : fitting) {
            if (!Keys.holds(key, algorithm, message, signature)) continue;
            if (key.key().isValid(now)) return key.key().id();
            code = "KEY_NOT_VALID_NOW";
        }
        throw new Refused(code);
    }

    /** A secret without an algorithm is one of HS256, where it is long enough (RFC 7518, 3.2). */
    private static String algorithmOf(Keys.Bound key) {
        if (key.algorithm() != null) return key.algorithm();
        return key.key().bytes().length >= 32 ? "hmac-sha256" : null;
    }

    private void checkClaims(long now, Map<?, ?> claims) throws Refused {
        Object aud = claims.get("aud");
        List<?> named = aud instanceof List<?> list ? list : aud == null ? List.of() : List.of(aud);
        if (named.stream().noneMatch(audience::contains)) throw new Refused("INVALID_TOKEN");
        if (now >= (Long) claims.get("exp") + leeway) throw new Refused("TOKEN_EXPIRED");
        for (String name : List.of("nbf", "iat")) {
            if (claims.get(name) instanceof Long time && time > now + leeway) throw new Refused("INVALID_TOKEN");
        }
        if (claims.containsKey("sub") && !claims.get("sub").equals(claims.get("iss"))) throw new Refused("INVALID_TOKEN");
    }

    private static void checkTypes(Map<?, ?> header, Map<?, ?> claims) throws Refused {
        boolean isGood = Stream.of("crit", "b64", "zip").noneMatch(header::containsKey);
        isGood &= Stream.of("kid", "typ").allMatch(name -> !header.containsKey(name) || isName(header.get(name)));
        isGood &= Stream.of("exp", "nbf", "iat").allMatch(name -> !claims.containsKey(name) || isTime(claims.get(name)));
        isGood &= Stream.of("iss", "sub", "jti").allMatch(name -> !claims.containsKey(name) || isName(claims.get(name)));
        if (claims.containsKey("aud")) {
            isGood &= claims.get("aud") instanceof List<?> list
                    ? list.stream().allMatch(String.class::isInstance) : isName(claims.get("aud"));
        }
        if (!isGood || !claims.containsKey("exp")) throw new Refused("INVALID_TOKEN");
    }

    private static boolean isTime(Object value) {
        return value instanceof Long time && time >= 0 && time <= 999_999_999_999L;
    }

    private static boolean isName(Object value) {
        return value instanceof String text && !text.isEmpty() && text.getBytes(StandardCharsets.UTF_8).length <= 512
                && text.chars().noneMatch(Character::isISOControl);
    }

    /** Base64url without padding, in its one form (RFC 7515, 2). */
    private static byte[] base64url(String piece) throws Refused {
        try {
            byte[] read = Base64.getUrlDecoder().decode(Wire.bytes(piece));
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(read).equals(piece)) return read;
        } catch (IllegalArgumentException notBase64) {
            // It is refused as every other spelling.
        }
        throw new Refused("INVALID_TOKEN");
    }

    private static Map<?, ?> object(byte[] text) throws Refused {
        try {
            Object value = Json.read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString());
            if (value instanceof Map<?, ?> members && isWithinLimits(members, 8)) return members;
        } catch (CharacterCodingException | IllegalArgumentException notJson) {
            // It is refused as every other text.
        }
        throw new Refused("INVALID_TOKEN");
    }

    /** Up to so many levels, up to 64 members in each object, and no half of a character. */
    private static boolean isWithinLimits(Object value, int levels) {
        return switch (value) {
            case String text -> StandardCharsets.UTF_8.newEncoder().canEncode(text);
            case List<?> items -> levels > 0 && items.stream().allMatch(item -> isWithinLimits(item, levels - 1));
            case Map<?, ?> members -> levels > 0 && members.size() <= 64 && members.entrySet().stream()
                    .allMatch(member -> isWithinLimits(member.getKey(), levels) && isWithinLimits(member.getValue(), levels - 1));
            case null, default -> true;
        };
    }
}
