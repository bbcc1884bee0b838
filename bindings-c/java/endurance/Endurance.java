import dev.wiresign.BodyVerification;
import dev.wiresign.Config;
import dev.wiresign.Header;
import dev.wiresign.Refusal;
import dev.wiresign.RefusalCode;
import dev.wiresign.Request;
import dev.wiresign.Secrets;
import dev.wiresign.Signer;
import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Many verifies by the Java module, for LongRun to watch. */
public final class Endurance {
    private static final Map<String, String> ENV =
            Map.of("ORDERS_SECRET", Secrets.generateSecret(), "BILLING_SECRET", Secrets.generateSecret());
    /** Longer than what is verified in one call, so that it goes into the library in pieces. */
    private static final int LONG_BODY = 20_000;

    private final long started = System.currentTimeMillis() / 1000;
    private final Verifier verifier = new Verifier(config("orders"));
    private final Signer signer = new Signer(config("billing"), "orders");
    private final long count;
    private byte[] body;
    private Request last;
    private long now;

    private Endurance(long count) {
        this.count = count;
    }

    public static void main(String[] arguments) throws IOException {
        long count = LongRun.countIn(arguments);
        LongRun.of("Java", count, new Endurance(count)::one);
    }

    private static Config config(String service) {
        return Config.parse("""
                {"service": "%s", "services": {
                  "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
                  "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}}""".formatted(service), ENV);
    }

    /** Verifies one request, in one of the ways that there are. */
    private void one(long number) {
        switch ((int) (number % 8)) {
            case 3 -> {
                sign(number, 0);
                inPieces();
            }
            case 4 -> {
                sign(number, number % 128 == 4 ? LONG_BODY : 0);
                accepted(verifier.verify(last, now));
            }
            case 5 -> {
                sign(number, 0);
                body[0] = '[';
                refused(RefusalCode.INVALID_SIGNATURE);
            }
            case 7 -> refused(RefusalCode.REPLAYED_REQUEST);
            default -> {
                sign(number, 0);
                accepted(verifier.verify(last, now));
            }
        }
        if (number % 1_000 == 0) {
            verifier.metrics();
            // Neither it nor what it replaces is closed: nearly everybody forgets.
            verifier.replace(config("orders"));
        }
    }

    private void sign(long number, int least) {
        byte[] content = ("{\"invoice\":" + number + "}").getBytes(StandardCharsets.US_ASCII);
        body = Arrays.copyOf(content, Math.max(content.length, least));
        now = started + number * LongRun.SECONDS / count;
        last = Request.of("POST", "/invoices?draft=1").body(body);
        for (Header header : signer.sign(last, now, null)) {
            last.header(header.name(), header.value());
        }
        last.header("User-Agent", "endurance");
    }

    private void inPieces() {
        try (BodyVerification verification = verifier.begin(last, now)) {
            for (int at = 0; at < body.length; at++) {
                verification.update(body, at, 1);
            }
            accepted(verification.finish());
        }
    }

    private static void accepted(Verified verified) {
        if (!verified.service().orElseThrow().equals("billing")) {
            throw new AssertionError(verified);
        }
    }

    private void refused(RefusalCode code) {
        try {
            verifier.verify(last, now);
        } catch (Refusal refusal) {
            if (refusal.code() == code && refusal.response().status() == 401) {
                return;
            }
            throw refusal;
        }
        throw new AssertionError("accepted instead of " + code);
    }
}
