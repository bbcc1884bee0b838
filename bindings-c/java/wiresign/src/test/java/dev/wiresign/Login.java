package dev.wiresign;

import java.util.Map;

/** The issuer "login", with the key of RFC 8032, section 7.1, test 1, which everybody knows; and its users at "orders". */
public final class Login {
    /** When its tokens are issued. */
    public static final long NOW = 1_767_225_600;

    private static final Map<String, String> SEED =
            Map.of("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    private Login() {}

    /**
     * What it publishes under this id of its key.
     *
     * @param keyId the id
     * @return the text of a JWK Set
     */
    public static String keySet(String keyId) {
        return "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"" + keyId
                + "\", \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    }

    /**
     * The configuration of "orders", whose callers have tokens of this issuer.
     *
     * @param url where it publishes its keys
     * @return the configuration
     */
    public static Config users(String url) {
        return Config.parse("""
                {"service": "orders", "accept": ["jwt"], "services": {},
                 "jwt": {"issuers": {"login": {"jwks": "%s", "callers": "users", "tenant_claim": "aud"}}}}""".formatted(url));
    }

    /**
     * A request with a token of this issuer.
     *
     * @param keyId the id of the key that signs the token
     * @return the request, which has no body
     */
    public static Request request(String keyId) {
        return request("login", keyId);
    }

    /**
     * A request with a token of another issuer that has the same key.
     *
     * @param issuer its name
     * @param keyId the id of the key that signs the token
     * @return the request, which has no body
     */
    public static Request request(String issuer, String keyId) {
        String document = """
                {"service": "%s", "sign_with": "jwt",
                 "services": {"%s": {"keys": [{"id": "%s", "algorithm": "ed25519", "private_key": "env:SEED"}]}}}"""
                .formatted(issuer, issuer, keyId);
        Request request = Request.of("GET", "/a");
        try (Config config = Config.parse(document, SEED); Signer signer = new Signer(config, "orders")) {
            signer.sign(request, NOW, null).forEach(header -> request.header(header.name(), header.value()));
        }
        return request;
    }
}
