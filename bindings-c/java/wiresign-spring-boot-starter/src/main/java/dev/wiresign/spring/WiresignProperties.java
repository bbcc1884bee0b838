package dev.wiresign.spring;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.Ordered;
import org.springframework.core.io.Resource;

/**
 * The properties {@code wiresign.*}.
 *
 * @param config where the configuration document is
 * @param enabled whether requests are verified
 * @param filterOrder where the filter stands among the others
 * @param tokenEndpoint the path where this service issues tokens; null where it issues none
 * @param identityHeaders further headers that the application takes for an identity, which never reach it from outside
 * @param aws how AWS is asked about IAM identities
 */
@ConfigurationProperties("wiresign")
public record WiresignProperties(
        @DefaultValue("classpath:wiresign.json") Resource config,
        @DefaultValue("true") boolean enabled,
        @DefaultValue("" + FILTER_ORDER) int filterOrder,
        String tokenEndpoint,
        @DefaultValue List<String> identityHeaders,
        @DefaultValue Aws aws) {
    /** Behind what observes requests, and before everything that reads them. */
    public static final int FILTER_ORDER = Ordered.HIGHEST_PRECEDENCE + 10;

    /**
     * The properties {@code wiresign.aws.*}.
     *
     * @param timeout how long a question may take as a whole
     * @param endpoint where to send all questions in tests, on this machine; null for AWS
     */
    public record Aws(@DefaultValue("3s") Duration timeout, URI endpoint) {}
}
