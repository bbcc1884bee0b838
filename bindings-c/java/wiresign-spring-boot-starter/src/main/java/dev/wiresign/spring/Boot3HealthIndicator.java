package dev.wiresign.spring;

import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/** Up as long as requests can be verified. For Spring Boot 3, where health belongs to the actuator. */
final class Boot3HealthIndicator extends AbstractHealthIndicator {
    private final HealthDetails details;

    Boot3HealthIndicator(HealthDetails details) {
        super(HealthDetails.FAILURE);
        this.details = details;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        health.up().withDetails(details.get());
    }
}
