import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The peer of Java: some schemes once more, on the library of the JDK and from the documentation of the formats alone.
 * What it answers, and what it leaves to others, is the same as in python/peer.py.
 */
final class Peer {
    private Peer() {}

    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Map<String, Object> hello = new LinkedHashMap<>();
        hello.put("protocol", 1L);
        hello.put("binding", "peer-java");
        hello.put("version", "1");
        hello.put("runtime", "Java " + Runtime.version());
        hello.put("capabilities", List.of("verify", "sign"));
        answers.print(Json.write(hello) + "\n");
        answers.flush();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<?, ?> question = (Map<?, ?>) Json.read(line);
            answers.print(Json.write(Map.of("id", question.get("id"), "results", answer(question))) + "\n");
            answers.flush();
        }
    }

    private static List<Object> answer(Map<?, ?> question) {
        List<Object> results = new ArrayList<>();
        List<?> steps = (List<?>) question.get("steps");
        Judge judge;
        try {
            Object document = question.containsKey("config_text")
                    ? Json.read((String) question.get("config_text")) : question.get("config");
            judge = judge((Map<?, ?>) document, Config.object(question.get("env")));
        } catch (Unsupported | NullPointerException | ClassCastException | IllegalArgumentException
                | java.time.DateTimeException another) {
            steps.forEach(step -> results.add(Map.of("unsupported", "this configuration")));
            return results;
        }
        boolean hasAccepted = false;
        boolean hasOtherConfig = false;
        for (Object asked : steps) {
            Map<?, ?> step = (Map<?, ?>) asked;
            hasOtherConfig |= step.get("op").equals("replace");
            try {
                if (step.get("op").equals("sign") && judge instanceof Config config) {
                    results.add(Map.of("ok", sign(config, step)));
                } else if (!step.get("op").equals("verify") || hasOtherConfig || hasAccepted && judge.remembers()) {
                    throw new Unsupported("this step");
                } else {
                    results.add(Map.of("ok", verify(judge, step)));
                    hasAccepted = true;
                }
            } catch (Refused refused) {
                results.add(Map.of("refused", Map.of("code", refused.getMessage())));
            } catch (Unsupported problem) {
                results.add(Map.of("unsupported", problem.getMessage()));
                // It may have been accepted.
                hasAccepted |= step.get("op").toString().startsWith("verify");
            }
        }
        return results;
    }

    private static Judge judge(Map<?, ?> document, Map<?, ?> env) {
        List<?> accepted = document.get("accept") instanceof List<?> list ? list : List.of();
        return switch (accepted.size() == 1 ? (String) accepted.get(0) : "") {
            case "aws-sigv4" -> new Amazon(document, env);
            case "jwt" -> new Tokens(document, env);
            case "rfc9421" -> new Messages(document, env);
            default -> new Config(document, env);
        };
    }

    private static Map<String, Object> verify(Judge judge, Map<?, ?> step) throws Refused {
        Wire.Request request = Wire.Request.of((Map<?, ?>) step.get("request"));
        Wire.checkBounds(request);
        return judge.verify((Long) step.get("now"), request);
    }

    private static Map<String, Object> sign(Config config, Map<?, ?> step) {
        Wire.Request sent = Wire.Request.of((Map<?, ?>) step.get("request"));
        Wire.Request request = sent.withMethod(Wire.upper(sent.method()));
        try {
            Wire.checkBounds(request);
        } catch (Refused refused) {
            throw new Unsupported("a request that nobody would accept");
        }
        long now = (Long) step.get("now");
        boolean isPlain = request.headers().isEmpty() && now <= 999_999_999_999L;
        if (!isPlain || !((String) step.get("nonce")).matches("[A-Za-z0-9_-]{16,64}")) {
            throw new Unsupported("a request with more than a head and a body");
        }
        Object called = step.get("target");
        if (called != null && !config.registry.containsKey(called)) throw new Unsupported("a target that is not known");
        boolean isSender = config.signWith.startsWith("webhook:");
        String owner = isSender ? config.signWith : config.id;
        List<Config.Key> valid = config.keysOf(owner).stream().filter(key -> key.isValid(now)).toList();
        Config.Key active = valid.stream().filter(key -> key.state().equals("active")).findFirst().orElse(null);
        if (active == null) throw new Unsupported("no active key");
        if (!isSender) return Services.sign(config, step, request, active, valid);
        if (config.keysOf(owner).size() != 1 || !config.accept.equals(owner)) throw new Unsupported("several keys of a sender");
        return Senders.sign(config, step, request, active);
    }
}
