package dev.wiresign.spring;

import dev.wiresign.Refusal;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;

/** Answers where a controller has thrown a {@link Refusal}, as the filter would have. */
final class RefusalResolver implements HandlerExceptionResolver, Ordered {
    private final WiresignFilter filter;

    RefusalResolver(WiresignFilter filter) {
        this.filter = filter;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public ModelAndView resolveException(
            HttpServletRequest request, HttpServletResponse response, Object handler, Exception thrown) {
        if (!(thrown instanceof Refusal refusal)) {
            return null;
        }
        try {
            filter.refuse(request, response, refusal);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return new ModelAndView();
    }
}
