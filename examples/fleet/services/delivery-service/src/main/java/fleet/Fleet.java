package fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wiresign.Config;
import dev.wiresign.ConfigException;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import dev.wiresign.http.SigningClient;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.logging.Level;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service's place in the fleet: it reads the registry, reads it again on SIGHUP, writes one JSON line per event, and calls
 * the others with signed requests.
 */
final class Fleet {
    static final ObjectMapper JSON = new ObjectMapper();

    private static final Logger LOG = LoggerFactory.getLogger("fleet");
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String service;
    /** It lives as long as the process, so a new registry does not forget what was replayed. */
    private final Verifier verifier;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
    private volatile Config config;

    private Fleet(String service) throws IOException {
        this.service = service;
        config = read();
        verifier = new Verifier(config);
    }

    static Fleet join(String service) {
        try {
            return new Fleet(service);
        } catch (IOException | ConfigException failure) {
            throw notStarted(failure);
        }
    }

    /** Serves at the address that the registry gives for this service, until SIGTERM. */
    void serve(Map<String, HttpServlet> servlets) {
        reloadOnHangup();
        URI own = URI.create(url(service));
        java.util.logging.Logger.getLogger("").setLevel(Level.WARNING); // that of Tomcat
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(workFolder());
        Connector connector = new Connector();
        connector.setProperty("address", own.getHost());
        connector.setPort(own.getPort());
        connector.setThrowOnFailure(true);
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        guard(context);
        servlets.forEach((path, servlet) -> {
            Tomcat.addServlet(context, path, servlet);
            context.addServletMappingDecoded(path, path);
        });
        // What no servlet is mapped to is answered by Tomcat before any filter, so that strangers learn which paths there are.
        Tomcat.addServlet(context, "nothing", new NoSuchPath());
        context.addServletMappingDecoded("/", "nothing");
        try {
            tomcat.start();
        } catch (LifecycleException failure) {
            throw notStarted(failure);
        }
        LOG.atInfo().addKeyValue("event", "listening").addKeyValue("address", own.getAuthority()).log("listening");
    }

    /** Sends a signed request to another service, and gives the JSON that it answers with. */
    JsonNode call(String target, String method, String path, Object body) throws IOException, InterruptedException {
        HttpResponse<String> response = send(target, method, path, body);
        if (response.statusCode() >= 300) {
            throw new IOException(target + " answered " + method + " " + path + " with " + response.statusCode());
        }
        return JSON.readTree(response.body());
    }

    /** Makes one call, and says what was answered. */
    void callOnce(String target, String method, String path) throws IOException, InterruptedException {
        HttpResponse<String> response = send(target, method, path, method.equals("GET") ? null : Map.of());
        LOG.atInfo()
                .addKeyValue("event", "answered")
                .addKeyValue("status", response.statusCode())
                .addKeyValue("code", JSON.readTree(response.body()).path("code").textValue())
                .log("answered");
    }

    void failed(HttpServletRequest request, Exception failure) {
        LOG.atError()
                .addKeyValue("event", "failed")
                .addKeyValue("method", request.getMethod())
                .addKeyValue("path", request.getRequestURI())
                .log(failure.getMessage());
    }

    private HttpResponse<String> send(String target, String method, String path, Object body)
            throws IOException, InterruptedException {
        byte[] bytes = body == null ? new byte[0] : JSON.writeValueAsBytes(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(target) + path)).timeout(PATIENCE);
        request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(bytes));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        try (Signer signer = new Signer(config, target)) {
            SigningClient client = new SigningClient(http, signer);
            long start = System.nanoTime();
            HttpRequest signed = client.signed(request.build(), bytes);
            double micros = (System.nanoTime() - start) / 1000.0;
            LOG.atInfo()
                    .addKeyValue("event", "signed")
                    .addKeyValue("target", target)
                    .addKeyValue("method", method)
                    .addKeyValue("path", signed.uri().getRawPath())
                    .addKeyValue("request_id", signed.headers().firstValue("X-Request-ID").orElse(null))
                    .addKeyValue("duration_us", micros)
                    .log("request signed");
            return http.send(signed, BodyHandlers.ofString());
        }
    }

    /** The filter, before everything else. */
    private void guard(Context context) {
        FilterDef filter = new FilterDef();
        filter.setFilterName("wiresign");
        filter.setFilter(new WiresignFilter(verifier));
        context.addFilterDef(filter);
        FilterMap everywhere = new FilterMap();
        everywhere.setFilterName("wiresign");
        everywhere.addURLPattern("/*");
        context.addFilterMap(everywhere);
    }

    /** The compiler warns of sun.misc.Signal, but Java has no other way to hear SIGHUP. */
    private void reloadOnHangup() {
        sun.misc.Signal.handle(new sun.misc.Signal("HUP"), signal -> reload());
    }

    /** Reads the registry again. One with a mistake changes nothing: the service goes on with the one that it has. */
    private synchronized void reload() {
        try {
            Config next = read();
            verifier.replace(next);
            config = next;
        } catch (IOException | ConfigException failure) {
            LOG.atError()
                    .addKeyValue("event", "registry-refused")
                    .addKeyValue("problems", failure.getMessage())
                    .log("the registry was not reloaded");
            return;
        }
        LOG.atInfo().addKeyValue("event", "registry-loaded").log("the registry was reloaded");
    }

    private Config read() throws IOException {
        ObjectNode registry = (ObjectNode) JSON.readTree(Files.readString(setting("WIRESIGN_REGISTRY", "wiresign.json")));
        registry.put("service", service);
        Map<String, String> secrets = new HashMap<>();
        for (String line : Files.readAllLines(setting("WIRESIGN_ENV_FILE", ".env"))) {
            int equals = line.indexOf('=');
            if (equals > 0 && !line.startsWith("#")) {
                secrets.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
            }
        }
        return Config.parse(registry.toString(), secrets);
    }

    private String url(String name) {
        return config.url(name).orElseThrow(() -> new IllegalStateException("the registry has no url for " + name));
    }

    /** Tomcat wants a folder, also where it has nothing to put there. */
    private static String workFolder() {
        Path jar = Path.of(URI.create(Fleet.class.getProtectionDomain().getCodeSource().getLocation().toString()));
        return jar.resolveSibling("tomcat").toString();
    }

    private static Path setting(String name, String usual) {
        String value = System.getenv(name);
        return Path.of(value == null || value.isEmpty() ? usual : value);
    }

    private static IllegalStateException notStarted(Exception failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        LOG.atError().addKeyValue("event", "not-started").log(root.getMessage());
        System.exit(1);
        return new IllegalStateException(failure);
    }
}
