package dev.wiresign.spring;

import dev.wiresign.Permissions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Lets no application start whose {@link RequirePermission} asks for what nobody can have. */
final class PermissionCheck implements SmartInitializingSingleton {
    private final ObjectProvider<RequestMappingHandlerMapping> mappings;

    PermissionCheck(ObjectProvider<RequestMappingHandlerMapping> mappings) {
        this.mappings = mappings;
    }

    @Override
    public void afterSingletonsInstantiated() {
        mappings.stream().flatMap(mapping -> mapping.getHandlerMethods().values().stream()).forEach(PermissionCheck::check);
    }

    private static void check(HandlerMethod method) {
        RequirePermission rule = Requirements.of(method).permission();
        if (rule == null) {
            return;
        }
        try {
            Permissions.check(rule.value());
        } catch (IllegalArgumentException problem) {
            throw new IllegalStateException(
                    "wiresign: @RequirePermission(\"" + rule.value() + "\") of " + method + ": " + problem.getMessage(), problem);
        }
    }
}
