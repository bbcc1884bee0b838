package dev.wiresign.spring;

import dev.wiresign.AwsCredentials;
import dev.wiresign.Config;
import dev.wiresign.ReplayStore;
import dev.wiresign.TokenIssuer;
import dev.wiresign.Verifier;
import dev.wiresign.http.KeySets;
import dev.wiresign.http.Sts;
import dev.wiresign.micrometer.WiresignMetrics;
import dev.wiresign.servlet.Decision;
import dev.wiresign.servlet.TokenServlet;
import dev.wiresign.servlet.WiresignFilter;
import io.micrometer.core.instrument.binder.MeterBinder;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * Verifies every request of a servlet application. Whatever it makes gives way to a bean of the application: a {@link Config},
 * a {@link Verifier}, {@link KeySets}, {@link Sts}, a {@link TokenServlet}, a {@link WiresignFilter}. A bean {@code Consumer<Decision>}
 * is told of each decision, a bean {@link ReplayStore} is asked where the configuration names an external store, and a bean
 * {@code Supplier<AwsCredentials>} gives what clients sign with.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnProperty(name = "wiresign.enabled", havingValue = "true", matchIfMissing = true)
@EnableConfigurationProperties(WiresignProperties.class)
public class WiresignAutoConfiguration {
    /** Made by Spring. */
    public WiresignAutoConfiguration() {}

    /**
     * The configuration.
     *
     * @param properties where its document is
     * @return the configuration
     * @throws IOException where the document cannot be read
     */
    @Bean
    @ConditionalOnMissingBean
    public Config wiresignConfig(WiresignProperties properties) throws IOException {
        if (!properties.config().exists()) {
            throw new IllegalStateException("wiresign: there is no configuration document at " + properties.config().getDescription()
                    + ". Put it there, or name another place with wiresign.config=file:/path/to/wiresign.json.");
        }
        return Config.parse(properties.config().getContentAsString(StandardCharsets.UTF_8));
    }

    /**
     * The verifier of the application.
     *
     * @param config the configuration
     * @return the verifier
     */
    @Bean
    @ConditionalOnMissingBean
    public Verifier wiresignVerifier(Config config) {
        return new Verifier(config);
    }

    /**
     * Fetches the keys that issuers of tokens publish.
     *
     * @param config names the issuers, and gets the keys
     * @return the sets, which Spring closes
     */
    @Bean
    @ConditionalOnMissingBean
    public KeySets wiresignKeySets(Config config) {
        return KeySets.builder(config).start();
    }

    /**
     * Clients for calls to other services.
     *
     * @param config the configuration
     * @param credentials gives the credentials of AWS to sign with, where there is such a bean
     * @return the clients
     */
    @Bean
    @ConditionalOnMissingBean
    public WiresignClients wiresignClients(Config config, ObjectProvider<Supplier<AwsCredentials>> credentials) {
        return new WiresignClients(config, credentials.getIfAvailable());
    }

    /**
     * Asks AWS about IAM identities, where the configuration accepts them.
     *
     * @param properties how it is asked
     * @return what asks, which Spring closes
     */
    @Bean
    @ConditionalOnMissingBean
    public Sts wiresignSts(WiresignProperties properties) {
        Sts.Builder sts = Sts.builder().timeout(properties.aws().timeout());
        return properties.aws().endpoint() == null ? sts.build() : sts.endpoint(properties.aws().endpoint()).build();
    }

    /**
     * The filter.
     *
     * @param verifier the verifier
     * @param properties which headers never reach the application
     * @param keySets asked for keys where none at hand has signed a token
     * @param onDecision told of each decision, where there is such a bean
     * @param replayStore asked whether a request came before, where there is such a bean and the configuration says so
     * @param sts asked who made the proof of an IAM identity
     * @return the filter
     */
    @Bean
    @ConditionalOnMissingBean
    public WiresignFilter wiresignFilter(
            Verifier verifier, WiresignProperties properties, KeySets keySets, ObjectProvider<Consumer<Decision>> onDecision,
            ObjectProvider<ReplayStore> replayStore, Sts sts) {
        return WiresignFilter.builder(verifier)
                .onDecision(onDecision.getIfAvailable())
                .replayStore(replayStore.getIfAvailable())
                .sts(sts)
                .keySets(keySets)
                .identityHeaders(properties.identityHeaders())
                .build();
    }

    /**
     * The place of the filter before all requests.
     *
     * @param filter the filter
     * @param properties its order
     * @return the registration
     */
    @Bean
    public FilterRegistrationBean<WiresignFilter> wiresignFilterRegistration(WiresignFilter filter, WiresignProperties properties) {
        FilterRegistrationBean<WiresignFilter> registration = new FilterRegistrationBean<>(filter);
        registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR);
        registration.setAsyncSupported(true);
        registration.setOrder(properties.filterOrder());
        return registration;
    }

    /**
     * What controllers get of it: the caller as an argument, {@link RequireService} and {@link RequirePermission}, and answers to
     * refusals that they throw.
     *
     * @param filter the filter
     * @return the settings of Spring MVC
     */
    @Bean
    public WebMvcConfigurer wiresignWebMvc(WiresignFilter filter) {
        return new WebMvcConfigurer() {
            @Override
            public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
                resolvers.add(new CallerArgumentResolver());
            }

            @Override
            public void addInterceptors(InterceptorRegistry registry) {
                registry.addInterceptor(new RequirementInterceptor(filter));
            }

            @Override
            public void extendHandlerExceptionResolvers(List<org.springframework.web.servlet.HandlerExceptionResolver> resolvers) {
                resolvers.add(0, new RefusalResolver(filter));
            }
        };
    }

    /**
     * What looks at each {@link RequirePermission} before the first request comes.
     *
     * @param mappings where Spring MVC keeps the methods of controllers
     * @return the check
     */
    @Bean
    SmartInitializingSingleton wiresignPermissionCheck(ObjectProvider<RequestMappingHandlerMapping> mappings) {
        return new PermissionCheck(mappings);
    }

    /** Only where a path for it is named. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty("wiresign.token-endpoint")
    static class TokenEndpoint {
        @Bean
        @ConditionalOnMissingBean
        TokenIssuer wiresignTokenIssuer(Config config) {
            return new TokenIssuer(config);
        }

        @Bean
        @ConditionalOnMissingBean
        TokenServlet wiresignTokenServlet(TokenIssuer issuer) {
            return new TokenServlet(issuer);
        }

        @Bean
        ServletRegistrationBean<TokenServlet> wiresignTokenServletRegistration(TokenServlet servlet, WiresignProperties properties) {
            return new ServletRegistrationBean<>(servlet, properties.tokenEndpoint());
        }
    }

    /** Only where Micrometer is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class Metrics {
        @Bean
        @ConditionalOnMissingBean
        WiresignMetrics wiresignMetrics(Verifier verifier) {
            return new WiresignMetrics(verifier);
        }
    }

    /** Only where the actuator of Spring Boot 3 is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(org.springframework.boot.actuate.health.HealthIndicator.class)
    static class Boot3Health {
        @Bean
        @ConditionalOnMissingBean(name = "wiresignHealthIndicator")
        Boot3HealthIndicator wiresignHealthIndicator(Config config, Verifier verifier) {
            return new Boot3HealthIndicator(new HealthDetails(config, verifier));
        }
    }

    /** Only where the health module of Spring Boot 4 is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
    static class Boot4Health {
        @Bean
        @ConditionalOnMissingBean(name = "wiresignHealthIndicator")
        Boot4HealthIndicator wiresignHealthIndicator(Config config, Verifier verifier) {
            return new Boot4HealthIndicator(new HealthDetails(config, verifier));
        }
    }
}
