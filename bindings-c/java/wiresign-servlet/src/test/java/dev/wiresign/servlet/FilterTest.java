package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Verifier;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What no container does with a filter that is mapped as it should be. */
class FilterTest {
    private final Verifier verifier = new Verifier(Fleet.orders());
    private final WiresignFilter filter = new WiresignFilter(verifier);
    private final AtomicInteger served = new AtomicInteger();
    private final FilterChain chain = (request, response) -> served.incrementAndGet();
    private final HttpServletResponse response = of(HttpServletResponse.class, Map.of());

    @AfterEach
    void end() {
        verifier.close();
    }

    /** An object that gives these answers, by the names of methods, and null. */
    private static <T> T of(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> answers.get(method.getName())));
    }

    private static HttpServletRequest request(Map<String, Object> answers) {
        return of(HttpServletRequest.class, answers);
    }

    @Test
    void whatIsSeenFirstInADispatchIsNotServed() throws Exception {
        for (DispatcherType type : new DispatcherType[] {DispatcherType.FORWARD, DispatcherType.INCLUDE, DispatcherType.ASYNC}) {
            HttpServletRequest dispatched = request(Map.of("getDispatcherType", type));
            assertThrows(ServletException.class, () -> filter.doFilter(dispatched, response, chain), type.name());
        }
        assertEquals(0, served.get());
        filter.doFilter(request(Map.of("getDispatcherType", DispatcherType.ERROR)), response, chain);
        assertEquals(1, served.get(), "the error page of the container");
    }

    @Test
    void theErrorPageOfAContainerSeesNobody() throws Exception {
        List<String> seen = new ArrayList<>();
        FilterChain page = (request, response) -> seen.add(((HttpServletRequest) request).getHeader("X-Service-ID"));
        Map<String, Object> answers = Map.of("getDispatcherType", DispatcherType.ERROR, "getHeader", "billing");
        filter.doFilter(request(answers), response, page);
        assertEquals(Collections.singletonList(null), seen);
    }

    @Test
    void whatIsNoHttpIsNotServed() {
        ServletRequest other = of(ServletRequest.class, Map.of());
        assertThrows(ServletException.class, () -> filter.doFilter(other, response, chain));
        assertEquals(0, served.get());
    }

    @Test
    void withoutTheFilterNobodyIsAdmitted() {
        HttpServletRequest never = request(Map.of());
        assertThrows(IllegalStateException.class, () -> filter.admit(never, response));
        assertThrows(IllegalStateException.class, () -> filter.admitPermitted(never, response, "GET /orders"));
    }

    @Test
    void aSecondFilterOfAVerifierTakesOutWhatItNames() throws Exception {
        HttpServletRequest received = request(Map.of("getAttribute", verifier, "getHeader", "7"));
        VerifiedRequest admitted = new VerifiedRequest(received, response, null, null, Set.of());
        List<String> seen = new ArrayList<>();
        FilterChain behind = (request, response) -> seen.add(((HttpServletRequest) request).getHeader("x-user-id"));
        filter.doFilter(admitted, response, behind);
        WiresignFilter.builder(verifier).identityHeaders(List.of("X-User-ID")).build().doFilter(admitted, response, behind);
        assertEquals(Arrays.asList("7", null), seen);
    }

    @Test
    void aBodyIsLookedForWhereverOneMayBe() {
        assertTrue(WiresignFilter.hasBody(request(Map.of("getContentLengthLong", 1L))));
        assertFalse(WiresignFilter.hasBody(request(Map.of("getContentLengthLong", 0L))));
        assertFalse(WiresignFilter.hasBody(request(Map.of("getContentLengthLong", -1L, "getProtocol", "HTTP/1.1"))));
        assertTrue(WiresignFilter.hasBody(request(Map.of("getContentLengthLong", -1L, "getProtocol", "HTTP/2.0"))));
        Map<String, Object> chunked = Map.of("getContentLengthLong", -1L, "getHeader", "chunked", "getProtocol", "HTTP/1.1");
        assertTrue(WiresignFilter.hasBody(request(chunked)));
    }
}
