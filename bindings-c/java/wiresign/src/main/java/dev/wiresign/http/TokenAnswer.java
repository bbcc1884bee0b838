package dev.wiresign.http;

import java.net.http.HttpResponse;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a token endpoint has answered.
 *
 * @param text the token
 * @param seconds for how long it lives
 */
record TokenAnswer(String text, long seconds) {
    private static final int OK = 200;
    private static final long LONGEST_LIFE = 7 * 86_400;
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]{1,8192}=*");

    static TokenAnswer of(HttpResponse<byte[]> answer) throws TokenException {
        int status = answer.statusCode();
        Map<String, Object> content = Json.object(answer.body());
        if (status != OK) {
            Object error = content.containsKey("code") ? content.get("code") : content.get("error");
            String word = error instanceof String known ? known : null;
            throw new TokenException(
                    "the token endpoint answered with status " + status + (word == null ? "" : " and " + word), status, word, null);
        }
        boolean isBearer = content.get("token_type") instanceof String kind && kind.equalsIgnoreCase("bearer");
        if (!isBearer || !(content.get("access_token") instanceof String text) || !TOKEN.matcher(text).matches()) {
            throw new TokenException("the answer of the token endpoint holds no bearer token", status, null, null);
        }
        if (!(content.get("expires_in") instanceof Long life) || life < 1 || life > LONGEST_LIFE) {
            throw new TokenException(
                    "the answer of the token endpoint does not say for how long the token lives", status, null, null);
        }
        return new TokenAnswer(text, life);
    }
}
