import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wiresign.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * One of the services of Spring Boot on Tomcat whose CPU time is compared: bare, behind the filter of the starter, and behind one
 * by hand. Reads the fleet as Verify does, and prints its address.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class Service {
    public static void main(String[] arguments) throws IOException {
        JsonNode fleet = new ObjectMapper().readTree(System.in);
        Map<String, String> secrets = new HashMap<>();
        Map<String, String> env = new HashMap<>();
        fleet.get("secrets").properties().forEach(secret -> {
            secrets.put(secret.getKey(), secret.getValue().textValue());
            env.put("SECRET_OF_" + secret.getKey(), secret.getValue().textValue());
        });
        String kind = arguments[0];
        SpringApplication application = new SpringApplication(Service.class);
        application.setDefaultProperties(Map.of(
                "server.address", "127.0.0.1", "server.port", "0",
                // One connection for the whole measurement, which waits while the others have their turns.
                "server.tomcat.max-keep-alive-requests", "-1", "server.tomcat.connection-timeout", "-1",
                "spring.main.banner-mode", "off", "logging.level.root", "error", "wiresign.enabled", kind.equals("ours")));
        ApplicationContextInitializer<GenericApplicationContext> beans = context -> {
            switch (kind) {
                case "bare" -> { }
                case "ours" -> context.registerBean(Config.class, () -> Config.parse(fleet.get("called_document").toString(), env));
                case "by hand" -> context.registerBean(
                        ByHandFilter.class, () -> new ByHandFilter(new ByHand(fleet.get("called").textValue(), secrets, false)));
                default -> throw new IllegalArgumentException("there is no service " + kind);
            }
        };
        application.addInitializers(beans);
        ServletWebServerApplicationContext context = (ServletWebServerApplicationContext) application.run();
        System.out.println("127.0.0.1:" + context.getWebServer().getPort());
    }

    @PostMapping(path = "/**", produces = MediaType.APPLICATION_JSON_VALUE)
    byte[] answer(@RequestBody byte[] body) {
        return ("{\"read\":" + body.length + "}").getBytes(StandardCharsets.UTF_8);
    }
}
