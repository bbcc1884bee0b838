package dev.wiresign.spring;

import dev.wiresign.Config;
import dev.wiresign.Problem;
import dev.wiresign.Verifier;
import java.util.Map;

/**
 * What an operator should know of the configuration, as long as requests can be verified.
 *
 * @param config the configuration
 * @param verifier the verifier
 */
record HealthDetails(Config config, Verifier verifier) {
    /** What is said where they cannot. */
    static final String FAILURE = "requests cannot be verified";

    /** Throws where nothing can be verified. */
    Map<String, Object> get() {
        verifier.metrics();
        return Map.of("service", config.service(), "warnings", config.warnings().stream().map(Problem::toString).toList());
    }
}
