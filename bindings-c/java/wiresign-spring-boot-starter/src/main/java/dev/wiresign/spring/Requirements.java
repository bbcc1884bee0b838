package dev.wiresign.spring;

import java.lang.annotation.Annotation;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.method.HandlerMethod;

/** What a method of a controller says of its callers. */
record Requirements(RequireService service, RequirePermission permission) {
    static Requirements of(HandlerMethod method) {
        return new Requirements(rule(method, RequireService.class), rule(method, RequirePermission.class));
    }

    private static <A extends Annotation> A rule(HandlerMethod method, Class<A> kind) {
        A own = AnnotatedElementUtils.findMergedAnnotation(method.getMethod(), kind);
        return own != null ? own : AnnotatedElementUtils.findMergedAnnotation(method.getBeanType(), kind);
    }
}
