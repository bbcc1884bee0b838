import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.wiresign.Verifier;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * J1: a whole verify through the foreign-function interface, against the same work by hand with a Mac for each call, against it
 * with a Mac that each thread keeps, and against the hash alone, by one thread and by two. S2: the same from many virtual threads.
 * Reads the fleet that src/fleet.rs describes as JSON from standard input, and prints rows as JSON. The contestants take turns,
 * and each round begins with another one.
 */
public final class Verify {
    private static final int ROUNDS = 1500;
    private static final int LONG_ROUNDS = 400;
    private static final int PAIR_ROUNDS = 300;
    private static final int VIRTUAL_THREADS = 1_000;
    private static final int VIRTUAL_ROUNDS = 5;
    /** What service-hmac-v2 signs of these requests besides the body. */
    private static final int SIGNED_HEAD_BYTES = 134;
    private static final int KIB = 1024;

    private final Traffic traffic;
    private final ArrayNode rows;

    private Verify(Traffic traffic, ArrayNode rows) {
        this.traffic = traffic;
        this.rows = rows;
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Verify bench = new Verify(new Traffic(json.readTree(System.in)), json.createArrayNode());
        bench.measure(200, ROUNDS, "200 B", new double[] {1.8, 2.0}, new double[] {1.3, 1.45});
        bench.measure(KIB, ROUNDS, "1 KiB", new double[] {1.4, 1.5}, new double[] {1.15, 1.2});
        bench.measure(16 * KIB, LONG_ROUNDS, "16 KiB", null, null);
        bench.virtualThreads();
        System.out.println(json.writeValueAsString(bench.rows));
    }

    private void measure(int bodyBytes, int rounds, String size, double[] againstCalls, double[] againstKept) throws Exception {
        Verifier verifier = verifier();
        String called = traffic.called();
        ByHand perCall = new ByHand(called, traffic.secrets(), false);
        ByHand kept = new ByHand(called, traffic.secrets(), true);
        List<Contest.Contestant> contestants = List.of(request -> Traffic.verify(verifier, request), request -> perCall.verify(request) != null,
                request -> kept.verify(request) != null, hashAlone());
        double[] best = Contest.best(contestants, rounds, contestant -> Contest.time(contestant, traffic.batch(bodyBytes)));
        String own = "Java, whole verify, " + size + " (" + Math.round(best[0]) + " ns)";
        row(own + " against a Mac for each call", best[1], best[0], againstCalls);
        row(own + " against a Mac kept", best[2], best[0], againstKept);
        row(own + " against the HMAC alone", best[3], best[0], null);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            double[] pair = Contest.best(contestants, PAIR_ROUNDS, contestant -> together(threads, contestant, bodyBytes));
            String two = "Java, whole verify by 2 threads, " + size + " (" + Math.round(pair[0]) + " ns)";
            row(two + " against a Mac for each call", pair[1], pair[0], null);
            row(two + " against a Mac kept", pair[2], pair[0], null);
        }
        bytes("Java, bytes of the heap for a whole verify, " + size, allocated(contestants.get(0), bodyBytes));
        bytes("Java, bytes of the heap with a Mac for each call, " + size, allocated(contestants.get(1), bodyBytes));
        bytes("Java, bytes of the heap with a Mac kept, " + size, allocated(contestants.get(2), bodyBytes));
        verifier.close();
    }

    private Verifier verifier() {
        return new Verifier(traffic.config());
    }

    /** The floor: nothing but the HMAC of as many bytes, with a key that is set up. */
    private Contest.Contestant hashAlone() throws Exception {
        byte[] head = new byte[SIGNED_HEAD_BYTES];
        byte[] secret = traffic.secrets().values().iterator().next().getBytes(StandardCharsets.UTF_8);
        ThreadLocal<Mac> macs = ThreadLocal.withInitial(() -> mac(secret));
        return request -> {
            Mac mac = macs.get();
            mac.update(head);
            return mac.doFinal(request.body()).length > 0;
        };
    }

    private static Mac mac(byte[] secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    /** Two threads at the same time, each with requests of its own; what a verification took them on average. */
    private double together(ExecutorService threads, Contest.Contestant contestant, int bodyBytes) throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        List<Callable<Double>> both = new ArrayList<>();
        for (int count = 0; count < 2; count++) {
            List<Sent> batch = traffic.batch(bodyBytes);
            both.add(() -> {
                start.await();
                return Contest.time(contestant, batch);
            });
        }
        double sum = 0;
        for (Future<Double> each : threads.invokeAll(both)) {
            sum += each.get();
        }
        return sum / 2;
    }

    /** Each virtual thread verifies a request with all the others on one verifier. */
    private void virtualThreads() throws Exception {
        double best = Double.MAX_VALUE;
        try (Verifier verifier = verifier()) {
            for (int round = 0; round < VIRTUAL_ROUNDS; round++) {
                List<Callable<Double>> all = new ArrayList<>();
                for (int count = 0; count < VIRTUAL_THREADS; count++) {
                    List<Sent> batch = traffic.batch(200);
                    all.add(() -> Contest.time(request -> Traffic.verify(verifier, request), batch));
                }
                try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                    long start = System.nanoTime();
                    for (Future<Double> each : threads.invokeAll(all)) {
                        each.get();
                    }
                    best = Math.min(best, (double) (System.nanoTime() - start) / (VIRTUAL_THREADS * Traffic.BATCH));
                }
            }
        }
        rows.addObject().put("id", "S2").put("what", "Java, " + VIRTUAL_THREADS + " virtual threads on one verifier: a whole verify, 200 B, of all the time")
                .put("unit", "nanoseconds").put("measured", best);
    }

    private double allocated(Contest.Contestant contestant, int bodyBytes) throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            List<Sent> batch = traffic.batch(bodyBytes);
            long before = threads.getCurrentThreadAllocatedBytes();
            Contest.time(contestant, batch);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return (double) least / Traffic.BATCH;
    }

    private void bytes(String what, double measured) {
        rows.addObject().put("id", "J1").put("what", what).put("unit", "bytes").put("measured", measured);
    }

    private void row(String what, double theirs, double ours, double[] goals) {
        var row = rows.addObject().put("id", "J1").put("what", what + " (" + Math.round(theirs) + " ns)").put("unit", "faster")
                .put("measured", theirs / ours);
        if (goals != null) {
            row.put("must", goals[0]).put("reach", goals[1]);
        }
    }
}
