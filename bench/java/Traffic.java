import com.fasterxml.jackson.databind.JsonNode;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The fleet that src/fleet.rs describes, and requests between two of its services. */
final class Traffic {
    static final int BATCH = 100;

    private final JsonNode fleet;
    private final Map<String, String> secrets = new HashMap<>();
    private final Map<String, String> env = new HashMap<>();
    private final Signer signer;

    Traffic(JsonNode fleet) {
        this.fleet = fleet;
        fleet.get("secrets").properties().forEach(secret -> {
            secrets.put(secret.getKey(), secret.getValue().textValue());
            env.put("SECRET_OF_" + secret.getKey(), secret.getValue().textValue());
        });
        signer = new Signer(callerConfig(), called());
    }

    /** The id of the service that is called. */
    String called() {
        return fleet.get("called").textValue();
    }

    Map<String, String> secrets() {
        return secrets;
    }

    Map<String, String> env() {
        return env;
    }

    /** The config document of the service that calls, or of the one that is called. */
    String document(String side) {
        return fleet.get(side + "_document").toString();
    }

    /** The config of the service that is called. */
    Config config() {
        return Config.parse(document("called"), env);
    }

    /** The config of the service that calls. */
    Config callerConfig() {
        return Config.parse(document("caller"), env);
    }

    /** One request with its usual headers, and not signed. */
    Sent unsigned(int bodyBytes) {
        Map<String, String> headers = new LinkedHashMap<>();
        fleet.get("usual_headers").properties().forEach(field -> headers.put(field.getKey().toLowerCase(Locale.ROOT), field.getValue().textValue()));
        headers.put("content-length", String.valueOf(bodyBytes));
        return new Sent(fleet.get("method").textValue(), fleet.get("target").textValue(), headers, new byte[bodyBytes]);
    }

    /** Fresh requests, each with a nonce of its own. */
    List<Sent> batch(int bodyBytes) {
        List<Sent> batch = new ArrayList<>(BATCH);
        for (int count = 0; count < BATCH; count++) {
            Sent request = unsigned(bodyBytes);
            for (Header header : signer.sign(Request.of(request.method(), request.target()).body(request.body()))) {
                request.headers().put(header.name().toLowerCase(Locale.ROOT), header.value());
            }
            batch.add(request);
        }
        return batch;
    }

    /** A whole verify through the foreign-function interface. */
    static boolean verify(Verifier verifier, Sent sent) {
        return verifier.verify(request(sent)).service().isPresent();
    }

    /** The request as the package takes it. */
    static Request request(Sent sent) {
        Request request = Request.of(sent.method(), sent.target()).body(sent.body());
        for (Map.Entry<String, String> field : sent.headers().entrySet()) {
            request.header(field.getKey(), field.getValue());
        }
        return request;
    }
}
