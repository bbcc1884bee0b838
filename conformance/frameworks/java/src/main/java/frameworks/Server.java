package frameworks;

import dev.wiresign.Verified;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Says what reached an application of Spring Boot on Tomcat: Server PORT. */
@SpringBootApplication
@RestController
public class Server {
    public static void main(String[] arguments) {
        SpringApplication application = new SpringApplication(Server.class);
        application.setDefaultProperties(Map.of(
                "server.address", "127.0.0.1",
                "server.port", arguments[0],
                "wiresign.config", "file:" + System.getenv("FRAMEWORKS_CONFIG"),
                "spring.main.banner-mode", "off",
                "logging.level.root", "warn"));
        application.run();
    }

    @RequestMapping("/**")
    Map<String, Object> echo(HttpServletRequest request, Verified caller) throws IOException {
        List<Integer> notes =
                Collections.list(request.getHeaders("X-Note")).stream().map(String::length).toList();
        return Map.of(
                "path", request.getRequestURI(),
                "query", request.getQueryString() == null ? "" : request.getQueryString(),
                "body", HexFormat.of().formatHex(request.getInputStream().readAllBytes()),
                "notes", notes,
                "caller", caller.service().orElseThrow());
    }
}
