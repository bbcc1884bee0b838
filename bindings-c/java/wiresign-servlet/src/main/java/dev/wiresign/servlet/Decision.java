package dev.wiresign.servlet;

import dev.wiresign.Refusal;
import dev.wiresign.Verified;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;

/**
 * What was decided about one request: exactly one of {@code verified} and {@code refusal} is there.
 *
 * @param verified who called
 * @param refusal why the request was refused
 * @param method the method, with whatever cannot be printed escaped
 * @param path the raw path without its query, escaped likewise and cut at 1024 characters
 * @param client the address that the request came from, as the container has it
 * @param durationMicros what the verification took, in microseconds, without waiting for the body
 */
public record Decision(
        Optional<Verified> verified, Optional<Refusal> refusal, String method, String path, Optional<String> client,
        long durationMicros) {
    private static final int LONGEST_PATH = 1024;

    static Decision of(Verified verified, Refusal refusal, HttpServletRequest request, String target, long durationNanos) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        return new Decision(
                Optional.ofNullable(verified), Optional.ofNullable(refusal), printable(request.getMethod()), printable(path),
                Optional.ofNullable(request.getRemoteAddr()), durationNanos / 1000);
    }

    /**
     * The name of the audit event.
     *
     * @return {@code accepted}, {@code public} or {@code refused}
     */
    public String event() {
        return verified.map(caller -> caller.isPublic() ? "public" : "accepted").orElse("refused");
    }

    private static String printable(String text) {
        String cut = text.length() > LONGEST_PATH ? text.substring(0, LONGEST_PATH) : text;
        if (cut.chars().allMatch(unit -> unit >= ' ' && unit <= '~')) {
            return cut;
        }
        StringBuilder escaped = new StringBuilder();
        cut.chars().forEach(unit -> {
            if (unit >= ' ' && unit <= '~') {
                escaped.append((char) unit);
            } else {
                escaped.append(String.format("\\u%04x", unit));
            }
        });
        return escaped.toString();
    }
}
