package dev.wiresign;

import java.util.List;
import java.util.Map;

/** A service "orders" that is called, and "billing" that calls it. */
final class Fleet {
    static final Map<String, String> ENV =
            Map.of("ORDERS_SECRET", Secrets.generateSecret(), "BILLING_SECRET", Secrets.generateSecret());

    private static final String SERVICES = """
            "services": {
              "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}], "url": "http://localhost:8080"},
              "billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}
            }""";

    private Fleet() {}

    static Config config(String service, String more) {
        return Config.parse("{\"service\": \"" + service + "\", " + more + SERVICES + "}", ENV);
    }

    static Config orders() {
        return config("orders", "");
    }

    static Signer billing() {
        try (Config config = config("billing", "")) {
            return new Signer(config, "orders");
        }
    }

    static Request signed(Signer signer, byte[] body) {
        Request request = Request.of("POST", "/orders?draft=1").body(body);
        List<Header> headers = signer.sign(request);
        headers.forEach(header -> request.header(header.name(), header.value()));
        return request;
    }
}
