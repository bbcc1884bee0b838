package frameworks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wiresign.Config;
import dev.wiresign.Signer;
import dev.wiresign.http.SigningClient;
import dev.wiresign.spring.SigningInterceptor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/**
 * Sends signed requests, which are told on standard input, one JSON object on a line: Client java.net.http|RestClient.
 * The answer to each is one line, too.
 */
public final class Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    // A request to change to HTTP/2 would take the connection away from those who look at what is sent.
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final boolean isSpring;
    private final Map<String, Signer> signers = new HashMap<>();

    private Client(boolean isSpring) {
        this.isSpring = isSpring;
    }

    public static void main(String[] arguments) throws IOException {
        Client client = new Client(arguments[0].equals("RestClient"));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(JSON.writeValueAsString(client.answer(JSON.readTree(line))));
        }
    }

    private Map<String, Object> answer(JsonNode told) {
        try {
            Signer signer = signers.computeIfAbsent(told.get("config").textValue(), file -> new Signer(Config.fromFile(Path.of(file)), "orders"));
            URI uri = URI.create(told.get("url").textValue() + told.get("target").textValue());
            String method = told.get("method").textValue();
            byte[] body = told.get("body").isNull() ? null : told.get("body").binaryValue();
            String type = told.get("type").textValue();
            return isSpring ? bySpring(signer, uri, method, body, type) : byJava(signer, uri, method, body, type);
        } catch (InterruptedException | IOException | RuntimeException failure) {
            return Map.of("error", failure.toString());
        }
    }

    private static Map<String, Object> byJava(Signer signer, URI uri, String method, byte[] body, String type)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (body == null) {
            request.method(method, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", type).method(method, BodyPublishers.ofByteArray(body));
        }
        var answer = new SigningClient(HTTP, signer).send(request.build(), BodyHandlers.ofString());
        return Map.of("status", answer.statusCode(), "body", answer.body());
    }

    private static Map<String, Object> bySpring(Signer signer, URI uri, String method, byte[] body, String type) {
        RestClient client = RestClient.builder()
                .requestFactory(new JdkClientHttpRequestFactory(HTTP))
                .requestInterceptor(new SigningInterceptor(signer))
                .build();
        RestClient.RequestBodySpec request = client.method(HttpMethod.valueOf(method)).uri(uri);
        if (body != null) {
            request.contentType(MediaType.parseMediaType(type)).body(body);
        }
        return request.exchange((sent, answer) ->
                Map.of("status", answer.getStatusCode().value(), "body", new String(answer.getBody().readAllBytes(), StandardCharsets.UTF_8)));
    }
}
