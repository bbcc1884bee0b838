import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys that are bound to an algorithm: secrets, and the public halves of others. */
final class Keys {
    /** A key; `algorithm` is null where the config names none, `half` where the key is a secret. */
    record Bound(Config.Key key, String algorithm, PublicKey half) {}

    /** What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410, 4). */
    private static final String ED25519 = "302a300506032b6570032100";

    private Keys() {}

    /** Reads of each service its keys, and whom it may call. */
    static void readServices(
            Map<?, ?> document, Map<?, ?> env, Map<String, List<Bound>> keys, Map<String, List<?>> allowed) {
        ((Map<?, ?>) document.get("services")).forEach((name, value) -> {
            Map<?, ?> entry = Config.only((Map<?, ?>) value, "keys", "allowed_targets", "url");
            allowed.put((String) name, Config.allowedTargets(entry));
            keys.put((String) name, read(entry.get("keys"), env));
        });
    }

    private static List<Bound> read(Object entries, Map<?, ?> env) {
        List<Bound> read = new ArrayList<>();
        for (Object value : entries == null ? List.of() : (List<?>) entries) {
            Map<Object, Object> entry = new LinkedHashMap<>((Map<?, ?>) value);
            String algorithm = (String) entry.remove("algorithm");
            Object reference = entry.remove("public_key");
            entry.putIfAbsent("id", String.valueOf(read.size() + 1));
            if (reference != null) entry.put("secret", reference);
            Config.Decoder text = (secret, members) -> secret.getBytes(StandardCharsets.UTF_8);
            Config.Key key = Config.keys(List.of(entry), env, reference == null ? Config::secretOfService : text).get(0);
            read.add(new Bound(key, algorithm, reference == null ? null : half(algorithm, Wire.text(key.bytes()))));
        }
        return read;
    }

    private static PublicKey half(String algorithm, String text) {
        String begin = "-----BEGIN PUBLIC KEY-----";
        byte[] der;
        if (text.startsWith(begin)) {
            der = Base64.getMimeDecoder().decode(text.substring(begin.length(), text.indexOf("-----END")));
        } else if (algorithm.equals("ed25519") && text.matches("[0-9a-f]{64}")) {
            der = HexFormat.of().parseHex(ED25519 + text);
        } else if (algorithm.equals("ed25519") && text.matches("[A-Za-z0-9+/]{43}=")) {
            der = HexFormat.of().parseHex(ED25519 + Wire.hex(Base64.getDecoder().decode(text)));
        } else {
            throw new Unsupported("a public key in another form");
        }
        String kind = algorithm.equals("ed25519") ? "Ed25519" : algorithm.startsWith("ecdsa-") ? "EC" : "RSA";
        try {
            return KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(der));
        } catch (GeneralSecurityException another) {
            throw new Unsupported("a public key that is none");
        }
    }

    /** Whether the key made the signature. */
    static boolean holds(Bound key, String algorithm, String message, byte[] signature) {
        if (algorithm.startsWith("hmac-sha")) {
            String mac = "HmacSHA" + algorithm.substring("hmac-sha".length());
            return MessageDigest.isEqual(Wire.hmac(mac, key.key.bytes(), message), signature);
        }
        try {
            Signature verifier = verifier(algorithm);
            verifier.initVerify(key.half);
            verifier.update(Wire.bytes(message));
            return verifier.verify(signature);
        } catch (SignatureException malformed) {
            return false;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Signature verifier(String algorithm) throws GeneralSecurityException {
        // Signatures of ECDSA are two numbers of a fixed length here (RFC 7518, 3.4; RFC 9421, 3.3.4), and no DER.
        return switch (algorithm) {
            case "ed25519" -> Signature.getInstance("Ed25519");
            case "ecdsa-p256-sha256" -> Signature.getInstance("SHA256withECDSAinP1363Format");
            case "ecdsa-p384-sha384" -> Signature.getInstance("SHA384withECDSAinP1363Format");
            case "rsa-v1_5-sha256" -> Signature.getInstance("SHA256withRSA");
            case "rsa-pss-sha256" -> pss("SHA-256", MGF1ParameterSpec.SHA256, 32);
            case "rsa-pss-sha512" -> pss("SHA-512", MGF1ParameterSpec.SHA512, 64);
            default -> throw new Unsupported("the algorithm " + algorithm);
        };
    }

    private static Signature pss(String hash, MGF1ParameterSpec mask, int salt) throws GeneralSecurityException {
        Signature verifier = Signature.getInstance("RSASSA-PSS");
        verifier.setParameter(new PSSParameterSpec(hash, "MGF1", mask, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return verifier;
    }
}
