package dev.wiresign.spring;

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
 */
@ConfigurationProperties("wiresign")
public record WiresignProperties(
        @DefaultValue("classpath:wiresign.json") Resource config,
        @DefaultValue("true") boolean enabled,
        @DefaultValue("" + FILTER_ORDER) int filterOrder) {
    /** Behind what observes requests, and before everything that reads them. */
    public static final int FILTER_ORDER = Ordered.HIGHEST_PRECEDENCE + 10;
}
