package dev.wiresign.spring;

import dev.wiresign.Verified;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.ServletRequest;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/**
 * Gives the caller to a controller that has a parameter of the type {@link Verified}. On a public route there is none, and
 * the request is refused.
 */
final class CallerArgumentResolver implements HandlerMethodArgumentResolver {
    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.nestedIfOptional().getNestedParameterType() == Verified.class;
    }

    @Override
    public Object resolveArgument(
            MethodParameter parameter, ModelAndViewContainer container, NativeWebRequest request, WebDataBinderFactory binders) {
        var verified = WiresignFilter.caller(request.getNativeRequest(ServletRequest.class));
        if (parameter.isOptional()) {
            return verified.filter(caller -> !caller.isPublic());
        }
        Verified caller = verified.orElseThrow(() -> new IllegalStateException(
                "wiresign: the request has passed no WiresignFilter, so there is no caller for " + parameter));
        caller.requireService();
        return caller;
    }
}
