import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The schemes of senders of webhooks. */
final class Senders {
    /** How a scheme looks: its headers, what stands before the digits, and whether it is a list of signatures. */
    record Format(String signature, String time, String prefix, boolean isList) {}

    private static final Format HUB = new Format("x-hub-signature-256", null, "sha256=", false);

    static final Map<String, Format> FORMATS = Map.of(
            "github", HUB,
            "whatsapp", HUB,
            "hub-signature-256", HUB,
            "stripe", new Format("stripe-signature", null, "", true),
            "slack", new Format("x-slack-signature", "x-slack-request-timestamp", "v0=", false),
            "standard-webhooks", new Format("webhook-signature", "webhook-timestamp", "", true),
            "memo", new Format("x-memo-signature", "x-memo-timestamp", "", false),
            "timestamped-body", new Format("x-webhook-signature", "x-webhook-timestamp", "", false));

    private Senders() {}

    private record Item(String key, String value) {}

    static Map<String, Object> verify(Config config, long now, Wire.Request request) throws Refused {
        Format format = FORMATS.get(config.scheme);
        boolean isStandard = config.scheme.equals("standard-webhooks");
        boolean isStripe = config.scheme.equals("stripe");
        if (request.one(format.signature) == null) throw new Refused("AUTHENTICATION_REQUIRED");
        String signature = single(request, format.signature, format.isList ? ", " : ",");
        String timestamp = format.time == null ? null : single(request, format.time, ",");
        String messageId = isStandard ? single(request, "webhook-id", ",") : "";

        List<String> texts = new ArrayList<>();
        if (format.isList) {
            for (Item item : items(signature, isStripe ? "," : " ", isStripe ? "=" : ",", isStripe ? "t" : null)) {
                if (item.key.equals("v1")) texts.add(item.value);
                else if (isStripe && item.key.equals("t")) timestamp = item.value;
            }
        } else {
            texts.add(signature);
        }
        if (texts.size() > 8) throw new Refused("MALFORMED_SIGNATURE");
        boolean isTimed = isStripe || format.time != null;
        if (isTimed && timestamp == null) throw new Refused("MISSING_TIMESTAMP");
        if (messageId == null) throw new Refused("MISSING_NONCE");
        long seconds = isTimed ? Judging.time(timestamp) : 0;
        // One that is written as it should be is enough.
        List<byte[]> tags = texts.stream().map(text -> tag(config.scheme, format, text)).filter(Objects::nonNull).toList();
        if (tags.isEmpty()) throw new Refused("MALFORMED_SIGNATURE");
        // A full stop ends the id in the message.
        if (isStandard && !messageId.matches("[!-+\\-/-~]{1,128}")) throw new Refused("INVALID_NONCE");
        Long age = isTimed ? Judging.age(config, now, seconds) : null;
        String message = message(config.scheme, timestamp, messageId, request.body());
        return Judging.caller(config.accept, Judging.matching(config, config.accept, now, message, tags), config.scheme, age);
    }

    private static byte[] tag(String scheme, Format format, String text) {
        return switch (scheme) {
            case "standard-webhooks" -> Judging.base64(text);
            case "memo", "timestamped-body" -> Judging.hex(text, text.startsWith("sha256=") ? "sha256=" : "");
            default -> Judging.hex(text, format.prefix);
        };
    }

    private static String single(Wire.Request request, String name, String joint) throws Refused {
        List<String> values = request.all(name);
        if (values.size() > 1 || values.size() == 1 && values.get(0).contains(joint)) throw new Refused("DUPLICATE_HEADER");
        return request.one(name);
    }

    /** The items of a list, from left to right; one of the keys may be there only once. */
    private static List<Item> items(String value, String separator, String assign, String once) throws Refused {
        List<Item> found = new ArrayList<>();
        for (String text : value.split(separator, -1)) {
            int sign = text.indexOf(assign);
            if (sign < 0) throw new Refused("MALFORMED_SIGNATURE");
            Item item = new Item(text.substring(0, sign), text.substring(sign + 1));
            if (item.key.equals(once) && found.stream().anyMatch(other -> other.key.equals(once))) {
                throw new Refused("DUPLICATE_HEADER");
            }
            found.add(item);
        }
        if (found.size() > 16) throw new Refused("MALFORMED_SIGNATURE");
        return found;
    }

    private static String message(String scheme, String timestamp, String messageId, String body) {
        return switch (scheme) {
            case "stripe", "memo", "timestamped-body" -> timestamp + "." + body;
            case "slack" -> "v0:" + timestamp + ":" + body;
            case "standard-webhooks" -> messageId + "." + timestamp + "." + body;
            default -> body;
        };
    }

    static Map<String, Object> sign(Config config, Map<?, ?> step, Wire.Request request, Config.Key key) {
        String timestamp = step.get("now").toString();
        String messageId = (String) step.get("nonce");
        String message = message(config.scheme, timestamp, messageId, request.body());
        String digits = Services.tag(key, message);
        return switch (config.scheme) {
            case "stripe" -> Judging.signed(message, "Stripe-Signature", "t=" + timestamp + ",v1=" + digits);
            case "slack" -> Judging.signed(message, "X-Slack-Request-Timestamp", timestamp, "X-Slack-Signature", "v0=" + digits);
            case "standard-webhooks" -> Judging.signed(message, "webhook-id", messageId, "webhook-timestamp", timestamp,
                    "webhook-signature", "v1," + Wire.base64(Wire.hmac("HmacSHA256", key.bytes(), message)));
            case "memo" -> Judging.signed(message, "X-Memo-Timestamp", timestamp, "X-Memo-Signature", digits);
            case "timestamped-body" -> Judging.signed(message, "X-Webhook-Timestamp", timestamp, "X-Webhook-Signature", digits);
            default -> Judging.signed(message, "X-Hub-Signature-256", "sha256=" + digits);
        };
    }
}
