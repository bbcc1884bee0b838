import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * U1: what Kotlin takes through UniFFI and JNA, beside Java through the foreign-function interface: a whole verify, and signing.
 * Both work in one process and take turns. There is no goal: whoever counts microseconds takes the other binding.
 */
public final class Cost {
    private static final int ROUNDS = 300;
    private static final int SHORT_BYTES = 200;
    private static final int LONG_BYTES = 16 * 1024;

    private final Traffic traffic;
    private final ArrayNode rows;

    private Cost(Traffic traffic, ArrayNode rows) {
        this.traffic = traffic;
        this.rows = rows;
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Cost cost = new Cost(new Traffic(json.readTree(System.in)), json.createArrayNode());
        cost.verify(SHORT_BYTES, "200 B");
        cost.verify(LONG_BYTES, "16 KiB");
        cost.sign(SHORT_BYTES, "200 B");
        System.out.println(json.writeValueAsString(cost.rows));
    }

    private void verify(int bodyBytes, String size) throws Exception {
        try (Verifier java = new Verifier(traffic.config());
                var kotlin = new dev.wiresign.kotlin.Verifier(config("called"))) {
            measure("a whole verify, " + size, () -> traffic.batch(bodyBytes),
                    sent -> Traffic.verify(java, sent),
                    sent -> kotlin.verify(request(sent), null).getService() != null);
        }
    }

    private void sign(int bodyBytes, String size) throws Exception {
        try (Signer java = new Signer(traffic.callerConfig(), traffic.called());
                var kotlin = new dev.wiresign.kotlin.Signer(config("caller"), traffic.called())) {
            measure("signing, " + size, () -> Collections.nCopies(Traffic.BATCH, traffic.unsigned(bodyBytes)),
                    sent -> !java.sign(Traffic.request(sent)).isEmpty(),
                    sent -> !kotlin.sign(request(sent), null, null).isEmpty());
        }
    }

    /** Makes the requests of one turn. */
    private interface Requests {
        List<Sent> batch();
    }

    private void measure(String work, Requests requests, Contest.Contestant java, Contest.Contestant kotlin) throws Exception {
        double[] best = Contest.best(List.of(java, kotlin), ROUNDS, contestant -> Contest.time(contestant, requests.batch()));
        row("Kotlin through UniFFI and JNA, " + work, best[1]);
        row("Java beside it, through the foreign-function interface, " + work, best[0]);
    }

    private dev.wiresign.kotlin.Config config(String side) {
        return dev.wiresign.kotlin.Config.Companion.parse(traffic.document(side), traffic.env());
    }

    private static dev.wiresign.kotlin.Request request(Sent sent) {
        List<kotlin.Pair<String, String>> headers = new ArrayList<>();
        for (Map.Entry<String, String> field : sent.headers().entrySet()) {
            headers.add(new kotlin.Pair<>(field.getKey(), field.getValue()));
        }
        return new dev.wiresign.kotlin.Request(sent.method(), sent.target(), headers, sent.body(), null, null);
    }

    private void row(String what, double nanoseconds) {
        rows.addObject().put("id", "U1").put("what", what).put("unit", "nanoseconds").put("measured", nanoseconds);
    }
}
