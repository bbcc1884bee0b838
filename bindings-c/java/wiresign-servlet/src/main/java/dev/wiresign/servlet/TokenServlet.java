package dev.wiresign.servlet;

import dev.wiresign.SigningException;
import dev.wiresign.TokenIssuer;
import dev.wiresign.TokenResponse;
import dev.wiresign.Verified;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A token endpoint (RFC 6749, client credentials) behind the {@link WiresignFilter}, which says who asks: by an API key or a
 * signature. The registry says what the token may allow.
 */
public final class TokenServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger("wiresign");
    /** No form for a token is longer. */
    private static final int MOST_BYTES = 64 * 1024;

    private final transient TokenIssuer issuer;
    private final transient Function<? super HttpServletRequest, String> tenant;

    /**
     * An endpoint whose tokens name no tenant.
     *
     * @param issuer issues the tokens; it must not be closed while the servlet is used
     */
    public TokenServlet(TokenIssuer issuer) {
        this(issuer, request -> null);
    }

    /**
     * An endpoint whose tokens name a tenant.
     *
     * @param issuer issues the tokens; it must not be closed while the servlet is used
     * @param tenant the tenant of a caller, as the application knows it, whatever the request says; null for none
     */
    public TokenServlet(TokenIssuer issuer, Function<? super HttpServletRequest, String> tenant) {
        this.issuer = Objects.requireNonNull(issuer, "issuer");
        this.tenant = Objects.requireNonNull(tenant, "tenant");
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] form = request.getInputStream().readNBytes(MOST_BYTES + 1);
        if (form.length > MOST_BYTES) {
            response.sendError(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
            return;
        }
        String caller = WiresignFilter.caller(request).flatMap(Verified::service).orElse(null);
        TokenResponse answer;
        try {
            answer = issuer.answer(caller, form, tenant.apply(request));
        } catch (SigningException failure) {
            LOG.error("no token can be issued", failure);
            response.sendError(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
            return;
        }
        WiresignFilter.write(response, answer.status(), answer.headers(), answer.body());
    }
}
