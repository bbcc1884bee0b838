package dev.wiresign.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wiresign.BodyVerification;
import dev.wiresign.Config;
import dev.wiresign.ConfigException;
import dev.wiresign.Contexts;
import dev.wiresign.Explanation;
import dev.wiresign.HandshakeResponse;
import dev.wiresign.Header;
import dev.wiresign.IdentityRequest;
import dev.wiresign.IssuedToken;
import dev.wiresign.Problem;
import dev.wiresign.Refusal;
import dev.wiresign.RefusalResponse;
import dev.wiresign.Request;
import dev.wiresign.Response;
import dev.wiresign.Signer;
import dev.wiresign.SigningException;
import dev.wiresign.TokenIssuer;
import dev.wiresign.TokenResponse;
import dev.wiresign.Verified;
import dev.wiresign.VerifiedContext;
import dev.wiresign.Verifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One question: a configuration, and steps that share a verifier. */
final class Question {
    private final Map<String, String> env;
    private final Config config;
    private final Verifier verifier;

    private Question(Map<String, String> env, Config config, Verifier verifier) {
        this.env = env;
        this.config = config;
        this.verifier = verifier;
    }

    /** The results of all steps, in order. */
    static ArrayNode answer(JsonNode question) {
        ArrayNode results = Json.object().putArray("results");
        Map<String, String> env = new HashMap<>();
        question.path("env").properties().forEach(entry -> env.put(entry.getKey(), entry.getValue().textValue()));
        try (Config config = Config.parse(document(question), env);
                Verifier verifier = new Verifier(config)) {
            Question asked = new Question(env, config, verifier);
            question.get("steps").forEach(step -> results.add(asked.step(step)));
        } catch (ConfigException refused) {
            question.get("steps").forEach(step -> results.add(configErrors(refused)));
        }
        return results;
    }

    private static String document(JsonNode question) {
        return question.has("config_text") ? question.get("config_text").textValue() : Json.text(question.get("config"));
    }

    private JsonNode step(JsonNode step) {
        try {
            return switch (step.get("op").textValue()) {
                case "verify" -> verified(verifier.verify(request(step), step.get("now").longValue()));
                case "verify_stream" -> verified(stream(step));
                case "sign" -> sign(step);
                case "check" -> ok(Json.object().set("warnings", problems(config.warnings())));
                case "replace" -> replace(step);
                case "handshake" -> handshake(step);
                case "explain" -> explain(step);
                case "ask_identity" -> askIdentity(step);
                case "issue_token" -> issueToken(step);
                case "answer_token" -> answerToken(step);
                case "sign_context" -> signContext(step);
                case "verify_context" -> verifyContext(step);
                default -> crashed("a step that this driver does not declare");
            };
        } catch (Refusal refusal) {
            return refused(refusal);
        } catch (ConfigException invalid) {
            return configErrors(invalid);
        } catch (SigningException failure) {
            ObjectNode failed = Json.object();
            failed.putObject("failed").put("code", failure.code().name()).put("message", failure.message());
            return failed;
        } catch (RuntimeException unforeseen) {
            return crashed(unforeseen.toString());
        }
    }

    private Verified stream(JsonNode step) {
        JsonNode received = step.get("request");
        byte[] body = bytes(received.path("body"));
        try (BodyVerification verification = verifier.begin(request(step), step.get("now").longValue())) {
            if (verification.needsBody()) {
                int at = 0;
                for (JsonNode chunk : step.get("chunks")) {
                    verification.update(body, at, chunk.intValue());
                    at += chunk.intValue();
                }
                verification.update(body, at, body.length - at);
            }
            return verification.finish();
        }
    }

    private JsonNode sign(JsonNode step) {
        String target = step.get("target").textValue();
        long now = step.get("now").longValue();
        String nonce = step.get("nonce").textValue();
        try (Signer signer = new Signer(config, target)) {
            Request request = request(step);
            List<Header> headers = signer.sign(request, now, nonce);
            byte[] message = signer.message(request, now, nonce);
            ObjectNode ok = Json.object();
            ArrayNode pairs = ok.putArray("headers");
            headers.forEach(header -> pairs.addArray().add(header.name()).add(header.value()));
            ok.putObject("message").put("base64", Base64.getEncoder().encodeToString(message));
            return ok(ok);
        }
    }

    private JsonNode replace(JsonNode step) {
        try (Config next = Config.parse(Json.text(step.get("config")), env)) {
            verifier.replace(next);
        }
        return ok(Json.object());
    }

    private JsonNode explain(JsonNode step) {
        Explanation explanation = verifier.explain(request(step), step.get("now").longValue());
        ObjectNode ok = Json.object();
        ok.put("verdict", explanation.verdict());
        ArrayNode hints = ok.putArray("hints");
        explanation.hints().forEach(hint -> hints.add(hint.id()));
        return ok(ok);
    }

    private JsonNode handshake(JsonNode step) {
        Optional<HandshakeResponse> answer =
                verifier.handshake(step.get("webhook").textValue(), request(step), step.get("now").longValue());
        ObjectNode ok = Json.object();
        if (answer.isEmpty()) {
            return ok(ok.putNull("handshake"));
        }
        HandshakeResponse response = answer.get();
        ok.set("handshake", answered(response.status(), response.headers(), response.body()));
        return ok(ok);
    }

    private static ObjectNode answered(int status, List<Header> headers, String body) {
        ObjectNode response = Json.object();
        response.put("status", status);
        ArrayNode pairs = response.putArray("headers");
        headers.forEach(header -> pairs.addArray().add(header.name()).add(header.value()));
        return response.put("body", body);
    }

    private JsonNode askIdentity(JsonNode step) {
        long now = step.get("now").longValue();
        Optional<IdentityRequest> asked = verifier.identityRequest(request(step), now);
        ObjectNode ok = Json.object();
        if (asked.isEmpty()) {
            return ok(ok.putNull("question"));
        }
        JsonNode given = step.get("answer");
        IdentityRequest question = asked.get();
        verifier.identityAnswer(
                question,
                given.isNull() ? null : new Response(given.get("status").intValue(), List.of(), bytes(given.get("body"))),
                now);
        ObjectNode shown = ok.putObject("question");
        shown.put("method", question.method());
        shown.put("url", question.url());
        ArrayNode pairs = shown.putArray("headers");
        question.headers().forEach(header -> pairs.addArray().add(header.name()).add(header.value()));
        shown.put("body", question.body());
        return ok(ok);
    }

    private JsonNode issueToken(JsonNode step) {
        Duration lifetime = step.has("lifetime") ? Duration.ofSeconds(step.get("lifetime").longValue()) : null;
        List<String> wanted = step.has("permissions") ? texts(step.get("permissions")) : null;
        try (TokenIssuer issuer = new TokenIssuer(config)) {
            IssuedToken token = issuer.issue(
                    step.get("subject").textValue(), step.get("audience").textValue(), lifetime, wanted,
                    step.path("tenant").textValue(), step.get("now").longValue(), step.get("nonce").textValue());
            ObjectNode ok = Json.object();
            ok.put("text", token.text());
            ok.put("expires", token.expires());
            ok.put("lifetime", token.lifetime());
            ArrayNode permissions = ok.putArray("permissions");
            token.permissions().forEach(permissions::add);
            return ok(ok);
        }
    }

    private JsonNode answerToken(JsonNode step) {
        try (TokenIssuer issuer = new TokenIssuer(config)) {
            TokenResponse answer = issuer.answer(
                    step.get("caller").textValue(), bytes(step.get("form")), step.path("tenant").textValue(),
                    step.get("now").longValue(), step.get("nonce").textValue());
            return ok(answered(answer.status(), answer.headers(), answer.body()));
        }
    }

    private JsonNode signContext(JsonNode step) {
        String tenant = step.get("tenant").textValue();
        List<String> roles = texts(step.get("roles"));
        try (Contexts contexts = new Contexts(config)) {
            ObjectNode ok = Json.object();
            ok.put("signature", contexts.sign(tenant, roles, step.get("now").longValue()));
            ok.putObject("message").put("base64", Base64.getEncoder().encodeToString(contexts.message(tenant, roles)));
            return ok(ok);
        }
    }

    private JsonNode verifyContext(JsonNode step) {
        try (Contexts contexts = new Contexts(config)) {
            VerifiedContext verified = contexts.verify(
                    step.get("tenant").textValue(), texts(step.get("roles")), step.get("signature").textValue(), step.get("now").longValue(),
                    step.has("payload") ? bytes(step.get("payload")) : null);
            ObjectNode ok = Json.object();
            ok.put("key", verified.keyId());
            ok.put("matched", verified.matched());
            ok.put("retiring", verified.keyIsRetiring());
            ArrayNode roles = ok.putArray("roles");
            verified.roles().forEach(roles::add);
            return ok(ok);
        }
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(item -> texts.add(item.textValue()));
        return texts;
    }

    private static Request request(JsonNode step) {
        JsonNode received = step.get("request");
        Request request = Request.of(text(received.get("method")), text(received.get("target")));
        if (received.has("authority")) {
            request.authority(text(received.get("authority")));
        }
        for (JsonNode header : received.get("headers")) {
            request.header(text(header.get(0)), text(header.get(1)));
        }
        return request.body(bytes(received.path("body")));
    }

    private static byte[] bytes(JsonNode value) {
        if (value.isMissingNode()) {
            return new byte[0];
        }
        return value.isTextual()
                ? value.textValue().getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(value.get("base64").textValue());
    }

    /** The text that stands for bytes: one character for each. */
    private static String text(JsonNode value) {
        return new String(bytes(value), StandardCharsets.ISO_8859_1);
    }

    private static JsonNode verified(Verified verified) {
        ObjectNode ok = Json.object();
        ok.put("service", verified.service().orElse(null));
        ok.put("key", verified.keyId().orElse(null));
        ok.put("scheme", verified.scheme().orElse(null));
        if (verified.age().isPresent()) {
            ok.put("age", verified.age().getAsLong());
        } else {
            ok.putNull("age");
        }
        ok.put("request_id", verified.requestId().orElse(null));
        ok.put("route", verified.route().orElse(null));
        ok.put("retiring", verified.keyIsRetiring());
        ok.put("public", verified.isPublic());
        ArrayNode covered = ok.putArray("covered");
        verified.covered().forEach(covered::add);
        ok.put("replay_key", verified.replayKey().orElse(null));
        return ok(ok);
    }

    private static JsonNode refused(Refusal refusal) {
        RefusalResponse answer = refusal.response();
        ObjectNode result = Json.object();
        ObjectNode refused = result.putObject("refused");
        refused.put("code", refusal.code().name());
        refused.put("status", refusal.status());
        ObjectNode response = refused.putObject("response");
        response.put("status", answer.status());
        response.put("body", answer.body());
        put(response, "www_authenticate", answer.wwwAuthenticate());
        put(refused, "request_id", refusal.requestId());
        return result;
    }

    private static void put(ObjectNode node, String name, Optional<String> value) {
        node.put(name, value.orElse(null));
    }

    private static ObjectNode ok(JsonNode content) {
        ObjectNode result = Json.object();
        result.set("ok", content);
        return result;
    }

    private static ObjectNode configErrors(ConfigException refused) {
        ObjectNode result = Json.object();
        result.set("config_errors", problems(refused.problems()));
        return result;
    }

    private static ArrayNode problems(List<Problem> problems) {
        ArrayNode all = Json.object().putArray("problems");
        problems.forEach(problem -> all.addObject().put("pointer", problem.pointer()).put("message", problem.message()));
        return all;
    }

    private static ObjectNode crashed(String text) {
        return Json.object().put("crashed", text);
    }
}
