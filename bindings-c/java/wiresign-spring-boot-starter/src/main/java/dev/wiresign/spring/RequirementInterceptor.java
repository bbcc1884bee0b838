package dev.wiresign.spring;

import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/** Keeps what {@link RequireService} and {@link RequirePermission} say. */
final class RequirementInterceptor implements HandlerInterceptor {
    private final WiresignFilter filter;

    RequirementInterceptor(WiresignFilter filter) {
        this.filter = filter;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) throws IOException {
        if (!(handler instanceof HandlerMethod method)) {
            return true;
        }
        Requirements rules = Requirements.of(method);
        return (rules.service() == null || filter.admit(request, response, rules.service().value()))
                && (rules.permission() == null || filter.admitPermitted(request, response, rules.permission().value()));
    }
}
