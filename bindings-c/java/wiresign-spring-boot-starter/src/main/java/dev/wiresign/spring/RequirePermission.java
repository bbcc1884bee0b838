package dev.wiresign.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Lets callers only that may do all that a pattern matches call a method of a controller, or all methods of one: by
 * {@code permissions} of the configuration, and by those of the request's token. At a method it stands in place of the one at
 * its class. With what is no pattern the application does not start.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface RequirePermission {
    /**
     * What the callers must be allowed.
     *
     * @return a pattern such as {@code POST /invoices/**}
     */
    String value();
}
