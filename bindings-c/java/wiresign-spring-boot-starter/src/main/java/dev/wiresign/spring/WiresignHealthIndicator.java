package dev.wiresign.spring;

import dev.wiresign.Config;
import dev.wiresign.Problem;
import dev.wiresign.Verifier;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/** Up as long as requests can be verified; shows what an operator should know of the configuration. */
final class WiresignHealthIndicator extends AbstractHealthIndicator {
    private final Config config;
    private final Verifier verifier;

    WiresignHealthIndicator(Config config, Verifier verifier) {
        super("requests cannot be verified");
        this.config = config;
        this.verifier = verifier;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        verifier.metrics();
        health.up()
                .withDetail("service", config.service())
                .withDetail("warnings", config.warnings().stream().map(Problem::toString).toList());
    }
}
