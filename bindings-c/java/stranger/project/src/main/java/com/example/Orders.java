package com.example;

import dev.wiresign.Config;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import dev.wiresign.http.SigningClient;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** A service that is protected, and a call to it with a signature and without one. */
public final class Orders {
    private static final String SERVICES = """
            "services": {"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
                         "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}""";

    private Orders() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = Map.of("ORDERS_SECRET", Secrets.generateSecret(), "BILLING_SECRET", Secrets.generateSecret());
        Verifier verifier = new Verifier(Config.parse("{\"service\": \"orders\", " + SERVICES + "}", env));
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(arguments[0]);
        tomcat.setPort(0);
        tomcat.getConnector();
        Context context = tomcat.addContext("", arguments[0]);
        FilterDef filter = new FilterDef();
        filter.setFilterName("wiresign");
        filter.setFilter(new WiresignFilter(verifier));
        context.addFilterDef(filter);
        FilterMap everywhere = new FilterMap();
        everywhere.setFilterName("wiresign");
        everywhere.addURLPattern("/*");
        context.addFilterMap(everywhere);
        Tomcat.addServlet(context, "echo", new Echo());
        context.addServletMappingDecoded("/", "echo");
        tomcat.start();

        URI uri = URI.create("http://localhost:" + tomcat.getConnector().getLocalPort() + "/invoices?draft=1");
        HttpRequest request = HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString("seven")).build();
        HttpClient http = HttpClient.newHttpClient();
        Signer signer = new Signer(Config.parse("{\"service\": \"billing\", " + SERVICES + "}", env), "orders");
        System.out.println(new SigningClient(http, signer).send(request, BodyHandlers.ofString()).body());
        System.out.println(http.send(request, BodyHandlers.ofString()).statusCode());
        tomcat.stop();
        System.exit(0);
    }

    private static final class Echo extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String caller = WiresignFilter.caller(request).flatMap(Verified::service).orElseThrow();
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            response.getWriter().write(caller + " sent " + body);
        }
    }
}
