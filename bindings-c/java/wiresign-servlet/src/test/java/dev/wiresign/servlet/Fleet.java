package dev.wiresign.servlet;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A service "orders" that is called, and two that call it. */
final class Fleet {
    static final int BODY_LIMIT = 100_000;

    private static final Map<String, String> ENV = Map.of(
            "ORDERS_SECRET", Secrets.generateSecret(),
            "BILLING_SECRET", Secrets.generateSecret(),
            "SHIPPING_SECRET", Secrets.generateSecret(),
            "HOOK_SECRET", Secrets.generateSecret(),
            "VERIFY_TOKEN", "a-token-of-the-console-2026");

    private static final String SERVICES = """
            "services": {
              "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
              "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
              "shipping": {"keys": [{"secret": "env:SHIPPING_SECRET"}], "allowed_targets": ["orders"], "permissions": ["GET /**"]}
            }""";

    private Fleet() {}

    static Config orders() {
        return orders("memory");
    }

    static Config orders(String store) {
        return Config.parse("""
                {"service": "orders", "replay": {"store": "%s"}, "limits": {"body_bytes": %d},
                 "routes": [{"match": "/public/**", "public": true}, {"match": "/hook", "accept": ["webhook:sender"]},
                    {"match": "/perhaps", "optional": true}, {"match": "/perhaps/hook", "accept": ["webhook:sender"], "optional": true}],
                 "webhooks": {"sender": {"scheme": "whatsapp", "keys": [{"secret": "env:HOOK_SECRET"}], "verify_token": "env:VERIFY_TOKEN"}}, %s}""".formatted(store, BODY_LIMIT, SERVICES), ENV);
    }

    /** A service with more members of the configuration. */
    static Config with(String service, String... members) {
        String more = Arrays.stream(members).map(member -> member + ", ").collect(Collectors.joining());
        return Config.parse("{\"service\": \"" + service + "\", " + more + SERVICES + "}", ENV);
    }

    /** Orders that shipping alone may call. */
    static Config shippingOnly() {
        return Config.parse("""
                {"service": "orders", "services": {
                   "shipping": {"keys": [{"secret": "env:SHIPPING_SECRET"}], "allowed_targets": ["orders"]}}}""", ENV);
    }

    static Signer caller(String service, String... members) {
        return new Signer(with(service, members), "orders");
    }

    /** What the sender of the webhook sets: the scheme is published, and made here without Wiresign. */
    static Header hookSignature(byte[] body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(ENV.get("HOOK_SECRET").getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        return new Header("X-Hub-Signature-256", "sha256=" + HexFormat.of().formatHex(mac.doFinal(body)));
    }

    static List<Header> sign(String method, String target, byte[] body) {
        return caller("billing").sign(Request.of(method, target).body(body));
    }
}
