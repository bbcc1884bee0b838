package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.util.ContentCachingRequestWrapper;

/** Spring's wrapper keeps what was read, and does not give it again: before the filter it is no leave to read the body. */
class ContentCachingTest {
    private static final Map<String, String> ENV = Map.of("KEY", Secrets.generateSecret());
    private static final byte[] BODY = "seven".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST = 1024;

    @Test
    void whatWasReadIsNotGivenAgain() throws IOException {
        ContentCachingRequestWrapper kept = new ContentCachingRequestWrapper(signed(), LONGEST);
        assertArrayEquals(BODY, kept.getInputStream().readAllBytes());
        assertArrayEquals(BODY, kept.getContentAsByteArray());
        assertEquals(0, kept.getInputStream().readAllBytes().length);
    }

    @Test
    void behindAReaderNothingIsServed() throws Exception {
        try (Verifier verifier = new Verifier(config("orders"))) {
            WiresignFilter filter = new WiresignFilter(verifier);
            ContentCachingRequestWrapper read = new ContentCachingRequestWrapper(signed(), LONGEST);
            read.getInputStream().readAllBytes();
            MockFilterChain nobody = new MockFilterChain();
            // The container answers it with 500.
            assertThrows(ServletException.class, () -> filter.doFilter(read, new MockHttpServletResponse(), nobody));
            assertNull(nobody.getRequest());

            MockFilterChain chain = new MockFilterChain();
            filter.doFilter(new ContentCachingRequestWrapper(signed(), LONGEST), new MockHttpServletResponse(), chain);
            assertNotNull(chain.getRequest());
            assertArrayEquals(BODY, chain.getRequest().getInputStream().readAllBytes());
        }
    }

    private static MockHttpServletRequest signed() {
        MockHttpServletRequest request = new MockHttpServletRequest("POST", "/invoices");
        request.setContent(BODY);
        try (Signer signer = new Signer(config("billing"), "orders")) {
            for (Header header : signer.sign(Request.of("POST", "/invoices").body(BODY))) {
                request.addHeader(header.name(), header.value());
            }
        }
        return request;
    }

    private static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "services": {
                  "orders": {},
                  "billing": {"keys": [{"secret": "env:KEY"}], "allowed_targets": ["orders"]}}}""".formatted(service), ENV);
    }
}
