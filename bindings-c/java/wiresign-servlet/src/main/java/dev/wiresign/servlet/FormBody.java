package dev.wiresign.servlet;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Bodies of the type application/x-www-form-urlencoded. */
final class FormBody {
    /** As many as containers take: a body of nothing but names would cost far more memory than it has bytes. */
    static final int MOST_PARAMETERS = 10_000;

    private FormBody() {}

    /** The type of a body without its parameters, in lower case; empty where there is none. */
    static String mediaType(String contentType) {
        if (contentType == null) {
            return "";
        }
        int end = contentType.indexOf(';');
        return (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    /** Names and values in the order of the body. */
    static List<Map.Entry<String, String>> parse(byte[] body, Charset charset) {
        List<Map.Entry<String, String>> pairs = new ArrayList<>();
        int start = 0;
        while (start < body.length) {
            int end = indexOf(body, '&', start, body.length);
            if (end > start) {
                if (pairs.size() == MOST_PARAMETERS) {
                    throw new IllegalStateException("the request has more than " + MOST_PARAMETERS + " parameters");
                }
                int equals = indexOf(body, '=', start, end);
                String name = decode(body, start, equals, charset);
                pairs.add(Map.entry(name, equals < end ? decode(body, equals + 1, end, charset) : ""));
            }
            start = end + 1;
        }
        return pairs;
    }

    private static int indexOf(byte[] body, char wanted, int start, int end) {
        for (int at = start; at < end; at++) {
            if (body[at] == wanted) {
                return at;
            }
        }
        return end;
    }

    private static String decode(byte[] body, int start, int end, Charset charset) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(end - start);
        for (int at = start; at < end; at++) {
            int high = at + 2 < end ? Character.digit(body[at + 1], 16) : -1;
            int low = at + 2 < end ? Character.digit(body[at + 2], 16) : -1;
            if (body[at] == '%' && high >= 0 && low >= 0) {
                bytes.write(high << 4 | low);
                at += 2;
            } else if (body[at] == '%') {
                throw new IllegalStateException("a parameter has a % without two hexadecimal digits");
            } else {
                bytes.write(body[at] == '+' ? ' ' : body[at]);
            }
        }
        return bytes.size() == 0 ? "" : bytes.toString(charset == null ? StandardCharsets.UTF_8 : charset);
    }
}
