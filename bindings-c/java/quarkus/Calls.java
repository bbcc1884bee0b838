import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Calls the service of docs/java/quarkus.md as its callers and as strangers would, and prints what comes back. */
public final class Calls {
    private static final byte[] NOTHING = {};

    private final HttpClient http = HttpClient.newHttpClient();
    private final String origin;
    private final Signer signer;

    private Calls(String origin, Signer signer) {
        this.origin = origin;
        this.signer = signer;
    }

    public static void main(String[] arguments) throws Exception {
        try (Config config = Config.fromFile(Path.of(arguments[0])); Signer signer = new Signer(config, "orders")) {
            new Calls(arguments[1], signer).all();
        }
    }

    private void all() throws Exception {
        print(send("GET", "/health", List.of(), NOTHING));
        print(send("GET", "/orders/7", List.of(), NOTHING));
        List<Header> once = signed("GET", "/orders/7", NOTHING);
        print(send("GET", "/orders/7", once, NOTHING));
        print(send("GET", "/orders/7", once, NOTHING));
        byte[] form = "item=brick".getBytes(StandardCharsets.US_ASCII);
        print(send("POST", "/orders", signed("POST", "/orders", form), form));
        byte[] changed = "item=house".getBytes(StandardCharsets.US_ASCII);
        print(send("POST", "/orders", signed("POST", "/orders", form), changed));
    }

    private List<Header> signed(String method, String target, byte[] body) {
        return signer.sign(Request.of(method, target).body(body));
    }

    private HttpResponse<String> send(String method, String target, List<Header> headers, byte[] body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(origin + target))
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (body.length > 0) {
            request.header("Content-Type", "application/x-www-form-urlencoded");
        }
        headers.forEach(header -> request.header(header.name(), header.value()));
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private static void print(HttpResponse<String> answer) {
        boolean isRefused = answer.statusCode() >= 400;
        String shown = isRefused ? answer.body().replaceAll(".*\"code\":\"(\\w+)\".*", "$1") : answer.body();
        System.out.println(answer.statusCode() + " " + shown);
    }
}
