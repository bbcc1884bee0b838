import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Request;
import dev.wiresign.Signer;
import dev.wiresign.Verifier;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * J1: a whole verify through the foreign-function interface, against the same work by hand with a Mac for each call, and with
 * a Mac that each thread keeps. Reads the fleet that src/fleet.rs describes as JSON from standard input, and prints rows as
 * JSON. The contestants take turns, and each round begins with another one.
 */
public final class Verify {
    private static final int BATCH = 100;
    private static final int ROUNDS = 1500;
    private static final int LONG_ROUNDS = 400;
    private static final int KIB = 1024;

    private final JsonNode fleet;
    private final Map<String, String> secrets = new HashMap<>();
    private final Map<String, String> env = new HashMap<>();
    private final Signer signer;
    private final ArrayNode rows;

    private Verify(JsonNode fleet, ArrayNode rows) {
        this.fleet = fleet;
        this.rows = rows;
        fleet.get("secrets").properties().forEach(secret -> {
            secrets.put(secret.getKey(), secret.getValue().textValue());
            env.put("SECRET_OF_" + secret.getKey(), secret.getValue().textValue());
        });
        signer = new Signer(Config.parse(fleet.get("caller_document").toString(), env), fleet.get("called").textValue());
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Verify bench = new Verify(json.readTree(System.in), json.createArrayNode());
        bench.measure(200, ROUNDS, "200 B", new double[] {1.8, 2.0}, new double[] {1.3, 1.45});
        bench.measure(KIB, ROUNDS, "1 KiB", new double[] {1.4, 1.5}, new double[] {1.15, 1.2});
        bench.measure(16 * KIB, LONG_ROUNDS, "16 KiB", null, null);
        System.out.println(json.writeValueAsString(bench.rows));
    }

    /** One verification of one request. */
    private interface Contestant {
        boolean verify(Sent request) throws Exception;
    }

    private void measure(int bodyBytes, int rounds, String size, double[] againstCalls, double[] againstKept) throws Exception {
        Verifier verifier = new Verifier(Config.parse(fleet.get("called_document").toString(), env));
        String called = fleet.get("called").textValue();
        ByHand perCall = new ByHand(called, secrets, false);
        ByHand kept = new ByHand(called, secrets, true);
        List<Contestant> contestants = List.of(request -> ours(verifier, request), perCall::verify, kept::verify);
        double[] best = {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE};
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < contestants.size(); turn++) {
                int which = (round + turn) % contestants.size();
                best[which] = Math.min(best[which], time(contestants.get(which), batch(bodyBytes)));
            }
        }
        row("Java, whole verify, " + size + " (" + Math.round(best[0]) + " ns) against a Mac for each call", best[1], best[0], againstCalls);
        row("Java, whole verify, " + size + " (" + Math.round(best[0]) + " ns) against a Mac kept", best[2], best[0], againstKept);
        if (bodyBytes == 200) {
            rows.addObject().put("id", "J1").put("what", "Java, bytes of the heap for a whole verify, " + size).put("unit", "bytes")
                    .put("measured", allocated(contestants.get(0), bodyBytes));
        }
        verifier.close();
    }

    private static boolean ours(Verifier verifier, Sent sent) {
        Request request = Request.of(sent.method(), sent.target()).body(sent.body());
        for (Map.Entry<String, String> field : sent.headers().entrySet()) {
            request.header(field.getKey(), field.getValue());
        }
        return verifier.verify(request).service().isPresent();
    }

    private static double time(Contestant contestant, List<Sent> batch) throws Exception {
        long start = System.nanoTime();
        boolean all = true;
        for (Sent request : batch) {
            all &= contestant.verify(request);
        }
        double nanos = (double) (System.nanoTime() - start) / batch.size();
        if (!all) {
            throw new IllegalStateException("a request was refused");
        }
        return nanos;
    }

    private double allocated(Contestant contestant, int bodyBytes) throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            List<Sent> batch = batch(bodyBytes);
            long before = threads.getCurrentThreadAllocatedBytes();
            time(contestant, batch);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return (double) least / BATCH;
    }

    private List<Sent> batch(int bodyBytes) {
        List<Sent> batch = new ArrayList<>(BATCH);
        for (int count = 0; count < BATCH; count++) {
            byte[] body = new byte[bodyBytes];
            String method = fleet.get("method").textValue();
            String target = fleet.get("target").textValue();
            Map<String, String> headers = new LinkedHashMap<>();
            fleet.get("usual_headers").properties().forEach(field -> headers.put(field.getKey().toLowerCase(Locale.ROOT), field.getValue().textValue()));
            headers.put("content-length", String.valueOf(bodyBytes));
            for (Header header : signer.sign(Request.of(method, target).body(body))) {
                headers.put(header.name().toLowerCase(Locale.ROOT), header.value());
            }
            batch.add(new Sent(method, target, headers, body));
        }
        return batch;
    }

    private void row(String what, double theirs, double ours, double[] goals) {
        var row = rows.addObject().put("id", "J1").put("what", what + " (" + Math.round(theirs) + " ns)").put("unit", "faster")
                .put("measured", theirs / ours);
        if (goals != null) {
            row.put("must", goals[0]).put("reach", goals[1]);
        }
    }
}
