package dev.wiresign.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.wiresign.Config;
import dev.wiresign.Secrets;
import dev.wiresign.Verified;
import dev.wiresign.servlet.Decision;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** An application as its users write it, on its real server. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class StarterTest {
    private static final Map<String, String> ENV =
            Map.of("BILLING_SECRET", Secrets.generateSecret(), "SHIPPING_SECRET", Secrets.generateSecret());
    private static final String SERVICES = """
            "services": {
              "orders": {"keys": [{"secret": "literal:%s"}]},
              "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
              "shipping": {"keys": [{"secret": "env:SHIPPING_SECRET"}], "allowed_targets": ["orders"]}
            }""".formatted(Secrets.generateSecret());
    private static final LinkedBlockingQueue<Decision> DECISIONS = new LinkedBlockingQueue<>();

    @Value("${local.server.port}")
    private int port;

    @Autowired
    private dev.wiresign.Verifier verifier;

    @SpringBootApplication
    @Import(Orders.class)
    static class Application {
        @Bean
        Config config() {
            return Config.parse(
                    "{\"service\": \"orders\", \"routes\": [{\"match\": \"GET /actuator/**\", \"public\": true},"
                            + " {\"match\": \"GET /open\", \"public\": true}, {\"match\": \"GET /mistake\", \"public\": true},"
                            + " {\"match\": \"GET /broken\", \"public\": true}], " + SERVICES + "}",
                    ENV);
        }

        @Bean
        Consumer<Decision> decisions() {
            return DECISIONS::add;
        }

        /** Has error pages tell who they believe has called. */
        @Bean
        WebMvcConfigurer pages() {
            return new WebMvcConfigurer() {
                @Override
                public void addInterceptors(InterceptorRegistry interceptors) {
                    interceptors.addInterceptor(new HandlerInterceptor() {
                        @Override
                        public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
                            if (request.getDispatcherType() == DispatcherType.ERROR) {
                                response.setHeader("Page-For", String.valueOf(request.getHeader("X-Service-Name")));
                            }
                            return true;
                        }
                    });
                }
            };
        }
    }

    record Order(String item, int count) {}

    @RestController
    static class Orders {
        @PostMapping("/orders")
        String order(Verified caller, @RequestBody Order order) {
            return caller.service().orElseThrow() + " orders " + order.count() + " " + order.item();
        }

        @PostMapping("/form")
        String form(@RequestParam String a, @RequestParam("b") String other) {
            return a + other;
        }

        @PostMapping("/upload")
        String upload(@RequestParam MultipartFile file, @RequestParam String note) throws IOException {
            return file.getOriginalFilename() + ":" + new String(file.getBytes(), StandardCharsets.UTF_8) + ":" + note;
        }

        @GetMapping("/open")
        String open(Optional<Verified> caller) {
            return caller.isPresent() ? "somebody" : "nobody";
        }

        @GetMapping("/mistake")
        String mistake(Verified caller) {
            return "served " + caller;
        }

        @GetMapping("/broken")
        void broken(HttpServletResponse response) throws IOException {
            response.sendError(500);
        }

        @GetMapping("/billing-only")
        @RequireService("billing")
        String billingOnly() {
            return "for billing";
        }

        @GetMapping("/thrown")
        String thrown(Verified caller) {
            caller.requireService("billing");
            return "for billing";
        }
    }

    private ResponseEntity<String> call(String service, java.util.function.Function<RestClient, RestClient.RequestHeadersSpec<?>> request) {
        Config config = Config.parse("{\"service\": \"" + service + "\", " + SERVICES + "}", ENV);
        RestClient client = new WiresignClients(config).restClient("orders")
                .baseUrl("http://localhost:" + port)
                .defaultStatusHandler(HttpStatusCode::isError, (sent, answer) -> {})
                .build();
        return request.apply(client).retrieve().toEntity(String.class);
    }

    private HttpResponse<String> unsigned(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).header("X-Service-Name", "admin").build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aControllerGetsTheCallerAndTheBody() throws Exception {
        DECISIONS.clear();
        var answer = call("billing", client -> client.post().uri("/orders?draft=1").body(new Order("brick", 7)));
        assertEquals("billing orders 7 brick", answer.getBody());
        assertEquals("accepted", DECISIONS.poll(60, TimeUnit.SECONDS).event());
    }

    @Test
    void formsAndUploadsAreParsedBehindTheFilter() {
        var form = new LinkedMultiValueMap<String, String>();
        form.add("a", "1");
        form.add("b", "\u00e9");
        assertEquals("1\u00e9", call("billing", client -> client.post().uri("/form").contentType(MediaType.APPLICATION_FORM_URLENCODED).body(form)).getBody());
        var parts = new LinkedMultiValueMap<String, Object>();
        parts.add("note", "two");
        parts.add("file", new org.springframework.core.io.ByteArrayResource("content".getBytes(StandardCharsets.UTF_8)) {
            @Override
            public String getFilename() {
                return "a.txt";
            }
        });
        assertEquals("a.txt:content:two", call("billing", client -> client.post().uri("/upload").contentType(MediaType.MULTIPART_FORM_DATA).body(parts)).getBody());
    }

    @Test
    void anUnsignedRequestIsRefused() throws Exception {
        HttpResponse<String> answer = unsigned("/billing-only");
        assertEquals(401, answer.statusCode());
        assertTrue(answer.body().contains("AUTHENTICATION_REQUIRED"), answer.body());
        assertEquals("Wiresign realm=\"orders\"", answer.headers().firstValue("WWW-Authenticate").orElseThrow());
    }

    @Test
    void aPublicRouteHasNoCaller() throws Exception {
        assertEquals("nobody", unsigned("/open").body());
        assertEquals(401, unsigned("/mistake").statusCode(), "a controller that needs a caller gets none that is not verified");
    }

    @Test
    void anErrorPageSeesNobodyWhomNobodyVerified() throws Exception {
        HttpResponse<String> answer = unsigned("/broken");
        assertEquals(500, answer.statusCode());
        assertEquals("null", answer.headers().firstValue("Page-For").orElseThrow());
    }

    @Test
    void requireServiceLetsItsServicesThrough() {
        assertEquals("for billing", call("billing", client -> client.get().uri("/billing-only")).getBody());
        for (String path : new String[] {"/billing-only", "/thrown"}) {
            var answer = call("shipping", client -> client.get().uri(path));
            assertEquals(403, answer.getStatusCode().value(), path);
            assertTrue(answer.getBody().contains("SERVICE_NOT_ALLOWED"), answer.getBody());
        }
    }

    @Test
    void theActuatorShowsHealthAndMeters() throws Exception {
        String health = unsigned("/actuator/health/wiresign").body();
        assertTrue(health.contains("\"status\":\"UP\"") && health.contains("\"service\":\"orders\""), health);
        String first = verifier.metrics().counters().get(0).name().replaceAll("_total$", "").replace('_', '.');
        assertEquals(200, unsigned("/actuator/metrics/" + first).statusCode());
    }

    @Test
    void everyPropertyIsDescribedForEditors() throws IOException {
        String metadata = new ClassPathResource("META-INF/spring-configuration-metadata.json").getContentAsString(StandardCharsets.UTF_8);
        List<?> properties = (List<?>) JsonParserFactory.getJsonParser().parseMap(metadata).get("properties");
        Set<Object> described = properties.stream().map(property -> ((Map<?, ?>) property).get("name")).collect(Collectors.toSet());
        Set<Object> there = new HashSet<>();
        for (RecordComponent component : WiresignProperties.class.getRecordComponents()) {
            String name = "wiresign." + kebab(component);
            RecordComponent[] inner = component.getType().getRecordComponents();
            if (inner == null) {
                there.add(name);
            } else {
                Arrays.stream(inner).forEach(each -> there.add(name + "." + kebab(each)));
            }
        }
        assertEquals(there, described);
    }

    private static String kebab(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
