/**
 * Wiresign in Spring Boot 3: with the starter on the class path and a {@code wiresign.json} beside the application's
 * properties, every request is verified before a controller sees it.
 */
package dev.wiresign.spring;
