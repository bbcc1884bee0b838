import dev.wiresign.kotlin.BodyVerification;
import dev.wiresign.kotlin.Config;
import dev.wiresign.kotlin.Refusal;
import dev.wiresign.kotlin.RefusalCode;
import dev.wiresign.kotlin.Request;
import dev.wiresign.kotlin.Signer;
import dev.wiresign.kotlin.Verified;
import dev.wiresign.kotlin.Verifier;
import dev.wiresign.kotlin.ffi.Header;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import kotlin.Pair;

/** Many verifies by the Kotlin modules, for LongRun to watch. It is written in Java, so that it is compiled without Maven. */
public final class KotlinEndurance {
    private static final Map<String, String> ENV = Map.of(
            "ORDERS_SECRET", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
            "BILLING_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");

    private final long started = System.currentTimeMillis() / 1000;
    private final Verifier verifier = new Verifier(config("orders"));
    private final Signer signer = new Signer(config("billing"), "orders");
    private final long count;
    private byte[] body;
    private Request last;
    private long now;

    private KotlinEndurance(long count) {
        this.count = count;
    }

    public static void main(String[] arguments) throws IOException {
        long count = LongRun.countIn(arguments);
        LongRun.of("Kotlin", count, new KotlinEndurance(count)::one);
    }

    private static Config config(String service) {
        return Config.Companion.parse("""
                {"service": "%s", "services": {
                  "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
                  "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}}""".formatted(service), ENV);
    }

    /** Verifies one request, in one of the ways that there are. */
    private void one(long number) {
        switch ((int) (number % 8)) {
            case 3 -> {
                sign(number);
                inPieces();
            }
            case 5 -> {
                sign(number);
                body[0] = '[';
                refused(RefusalCode.INVALID_SIGNATURE);
            }
            case 7 -> refused(RefusalCode.REPLAYED_REQUEST);
            default -> {
                sign(number);
                accepted(verifier.verify(last, now));
            }
        }
        if (number % 1_000 == 0) {
            verifier.metrics();
            // Neither it nor what it replaces is closed: nearly everybody forgets.
            verifier.replace(config("orders"));
        }
    }

    private void sign(long number) {
        body = ("{\"invoice\":" + number + "}").getBytes(StandardCharsets.US_ASCII);
        now = started + number * LongRun.SECONDS / count;
        List<Pair<String, String>> headers = new ArrayList<>();
        for (Header header : signer.sign(request(List.of()), now, null)) {
            headers.add(new Pair<>(header.getName(), header.getValue()));
        }
        headers.add(new Pair<>("User-Agent", "endurance"));
        last = request(headers);
    }

    private Request request(List<Pair<String, String>> headers) {
        return new Request("POST", "/invoices?draft=1", headers, body, null, null);
    }

    private void inPieces() {
        try (BodyVerification verification = verifier.begin(last, now)) {
            for (byte each : body) {
                verification.update(new byte[] {each});
            }
            accepted(verification.finish());
        }
    }

    private static void accepted(Verified verified) {
        if (!"billing".equals(verified.getService())) {
            throw new AssertionError(verified);
        }
    }

    private void refused(RefusalCode code) {
        try {
            verifier.verify(last, now);
        } catch (Refusal refusal) {
            if (refusal.getCode() == code && refusal.response().getStatus() == 401) {
                return;
            }
            throw refusal;
        }
        throw new AssertionError("accepted instead of " + code);
    }
}
