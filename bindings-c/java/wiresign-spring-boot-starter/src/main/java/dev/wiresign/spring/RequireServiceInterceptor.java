package dev.wiresign.spring;

import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/** Keeps what {@link RequireService} says. */
final class RequireServiceInterceptor implements HandlerInterceptor {
    private final WiresignFilter filter;

    RequireServiceInterceptor(WiresignFilter filter) {
        this.filter = filter;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) throws IOException {
        RequireService rule = handler instanceof HandlerMethod method ? rule(method) : null;
        return rule == null || filter.admit(request, response, rule.value());
    }

    private static RequireService rule(HandlerMethod method) {
        RequireService own = AnnotatedElementUtils.findMergedAnnotation(method.getMethod(), RequireService.class);
        return own != null ? own : AnnotatedElementUtils.findMergedAnnotation(method.getBeanType(), RequireService.class);
    }
}
