package dev.wiresign.servlet;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import java.util.List;
import java.util.Map;

/** A service "orders" that is called, and two that call it. */
final class Fleet {
    static final int BODY_LIMIT = 100_000;

    private static final Map<String, String> ENV = Map.of(
            "ORDERS_SECRET", Secrets.generateSecret(),
            "BILLING_SECRET", Secrets.generateSecret(),
            "SHIPPING_SECRET", Secrets.generateSecret());

    private static final String SERVICES = """
            "services": {
              "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
              "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
              "shipping": {"keys": [{"secret": "env:SHIPPING_SECRET"}], "allowed_targets": ["orders"]}
            }""";

    private Fleet() {}

    static Config orders() {
        return orders("memory");
    }

    static Config orders(String store) {
        return Config.parse("""
                {"service": "orders", "replay": {"store": "%s"}, "limits": {"body_bytes": %d},
                 "routes": [{"match": "/public/**", "public": true}], %s}""".formatted(store, BODY_LIMIT, SERVICES), ENV);
    }

    static Signer caller(String service) {
        return new Signer(Config.parse("{\"service\": \"" + service + "\", " + SERVICES + "}", ENV), "orders");
    }

    static List<Header> sign(String method, String target, byte[] body) {
        return caller("billing").sign(Request.of(method, target).body(body));
    }
}
