package dev.wiresign.spring;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up as long as requests can be verified. For Spring Boot 4, where health is a module of its own. */
final class Boot4HealthIndicator extends AbstractHealthIndicator {
    private final HealthDetails details;

    Boot4HealthIndicator(HealthDetails details) {
        super(HealthDetails.FAILURE);
        this.details = details;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        health.up().withDetails(details.get());
    }
}
