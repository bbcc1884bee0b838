package dev.wiresign.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads questions from standard input, one per line, and writes answers to standard output. */
public final class Driver {
    private static final int PROTOCOL = 1;
    /** What it can be asked. */
    static final List<String> CAPABILITIES = List.of(
            "verify", "verify_stream", "sign", "check", "replace", "sign_context", "verify_context", "handshake", "explain",
            "ask_identity", "issue_token", "answer_token");

    private Driver() {}

    /**
     * Runs until the input ends.
     *
     * @param arguments none
     * @throws IOException where standard input cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        out.println(Json.text(hello()));
        out.flush();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode question = Json.parse(line);
            ObjectNode answer = Json.object();
            answer.set("id", question.get("id"));
            ArrayNode results = Question.answer(question);
            answer.set("results", results);
            out.println(Json.text(answer));
            out.flush();
        }
    }

    private static ObjectNode hello() {
        ObjectNode hello = Json.object();
        hello.put("protocol", PROTOCOL);
        hello.put("binding", "java");
        hello.put("version", "0.1.0");
        hello.put("runtime", "Java " + Runtime.version());
        ArrayNode capabilities = hello.putArray("capabilities");
        for (String capability : CAPABILITIES) {
            capabilities.add(capability);
        }
        return hello;
    }
}
