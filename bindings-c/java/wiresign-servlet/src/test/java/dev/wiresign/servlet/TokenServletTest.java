package dev.wiresign.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.TokenIssuer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import dev.wiresign.http.TokenSource;
import jakarta.servlet.DispatcherType;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A token endpoint on Jetty. */
class TokenServletTest {
    private static final Map<String, String> ENV = Map.of(
            "SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "B", Secrets.generateSecret());
    private static final byte[] FORM = "grant_type=client_credentials&audience=orders".getBytes(StandardCharsets.US_ASCII);

    private final Config config = Config.parse("""
            {"service": "identity",
             "services": {
               "identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
               "billing": {"keys": [{"secret": "env:B"}], "allowed_targets": ["identity", "orders"],
                           "permissions": ["POST /token", "GET /orders/*"]}},
             "routes": [{"match": "POST /public/token", "public": true}],
             "jwt": {"issue": {"issuer": "https://identity.internal"}}}""", ENV);
    private final Verifier verifier = new Verifier(config);
    private final TokenIssuer issuer = new TokenIssuer(config);
    private Server server;
    private RawClient client;

    @BeforeEach
    void serve() throws Exception {
        server = new Server(0);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addFilter(new FilterHolder(new WiresignFilter(verifier)), "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(new TokenServlet(issuer, request -> "acme")), "/token");
        context.addServlet(new ServletHolder(new TokenServlet(issuer)), "/public/token");
        server.setHandler(context);
        server.start();
        client = new RawClient(((ServerConnector) server.getConnectors()[0]).getLocalPort());
    }

    @AfterEach
    void end() throws Exception {
        server.stop();
        verifier.close();
        issuer.close();
        config.close();
    }

    private static Signer billing() {
        return new Signer(Config.parse(
                "{\"service\": \"billing\", \"services\": {\"billing\": {\"keys\": [{\"secret\": \"env:B\"}]}}}", ENV), "identity");
    }

    @Test
    void aCallerGetsATokenThatNamesItsTenant() throws Exception {
        URI url = URI.create("http://localhost:" + client.port() + "/token");
        String token = new TokenSource(HttpClient.newHttpClient(), billing(), url, "orders").token();
        Config orders = Config.parse("""
                {"service": "orders", "accept": ["jwt"], "services": {"billing": {}},
                 "jwt": {"issuers": {"https://identity.internal": {"jwks": "https://identity.internal/keys", "type": "at+jwt",
                                     "permissions_claim": "permissions", "tenant_claim": "tenant"}}}}""");
        orders.publishKeys("https://identity.internal", "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"2026\","
                + " \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");
        try (Verifier there = new Verifier(orders)) {
            Verified caller = there.verify(Request.of("GET", "/orders/7").header("Authorization", "Bearer " + token));
            assertEquals("billing", caller.service().orElseThrow());
            assertEquals("acme", caller.tenant().orElseThrow());
        }
    }

    @Test
    void theAnswerIsThatOfTheEndpoint() throws Exception {
        RawClient.Answer good = client.send("POST /token", signed(FORM), FORM);
        assertEquals(200, good.status());
        assertTrue(good.head().contains("\r\ncache-control: no-store\r\n"), good.head());
        byte[] wrong = "grant_type=password".getBytes(StandardCharsets.US_ASCII);
        RawClient.Answer refused = client.send("POST /token", signed(wrong), wrong);
        assertEquals(400, refused.status());
        assertTrue(refused.body().contains("unsupported_grant_type"), refused.body());
    }

    @Test
    void nobodyGetsNone() throws Exception {
        assertEquals(401, client.send("POST /token", List.of(), FORM).status());
        assertEquals(401, client.send("POST /public/token", List.of(), FORM).status(), "the filter has let it through, and named nobody");
        assertEquals(403, client.send("GET /token", billing().sign(Request.of("GET", "/token")), new byte[0]).status());
        assertEquals(413, client.send("POST /public/token", List.of(), new byte[70_000]).status());
    }

    private static List<Header> signed(byte[] form) {
        return billing().sign(Request.of("POST", "/token").body(form));
    }
}
