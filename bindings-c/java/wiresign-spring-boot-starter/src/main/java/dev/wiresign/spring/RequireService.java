package dev.wiresign.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Lets some services only call a method of a controller, or all methods of one. At a method it stands in place of the one
 * at its class. It is a rule beside those of the configuration.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface RequireService {
    /**
     * The ids of the services that may call.
     *
     * @return the ids; none for every verified caller
     */
    String[] value() default {};
}
