/**
 * A filter of Jakarta Servlet 6 that lets a request through only when its signature holds.
 *
 * <p>Map it before every other filter, for the dispatcher types REQUEST, ASYNC and ERROR:
 *
 * <pre>{@code
 * var filter = context.addFilter("wiresign", new WiresignFilter(verifier));
 * filter.setAsyncSupported(true);
 * filter.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR), false, "/*");
 * }</pre>
 *
 * <p>Behind it, {@code WiresignFilter.caller(request)} is who called.
 */
package dev.wiresign.servlet;
