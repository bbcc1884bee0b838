package dev.wiresign.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.wiresign.Config;
import dev.wiresign.Refusal;
import dev.wiresign.Request;
import dev.wiresign.Verifier;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WiresignMetricsTest {
    private static final String DOCUMENT = """
            {"service": "orders", "services": {"billing": {"keys": [{"secret": "env:BILLING_SECRET"}]}}}""";

    /** Prometheus sorts labels, and writes counts as floating-point numbers: the same counters for all that. */
    private static List<String> lines(String text) {
        return Arrays.stream(text.split("\n"))
                .filter(line -> line.startsWith("wiresign"))
                .map(line -> line.replaceAll("\\.0$", ""))
                .sorted()
                .toList();
    }

    @Test
    void prometheusShowsWhatTheVerifierSays() throws InterruptedException {
        Map<String, String> env = Map.of("BILLING_SECRET", "3f8a1c5e7b9d2046f1e3a5c7092b4d6e8f0a1c3e5b7d9f2143658709badcfe10");
        try (Config config = Config.parse(DOCUMENT, env); Verifier verifier = new Verifier(config)) {
            PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            new WiresignMetrics(verifier).bindTo(registry);
            assertThrows(Refusal.class, () -> verifier.verify(Request.of("GET", "/")));
            // The registry may have read them when it was bound, and they may be so old.
            Thread.sleep(2 * WiresignMetrics.AGE_MILLIS);
            assertEquals(lines(verifier.metrics().prometheus()), lines(registry.scrape()));
        }
    }
}
