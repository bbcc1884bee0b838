package dev.wiresign.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static Map<String, Object> read(String text) {
        return Json.object(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everyKindOfValueIsRead() {
        Map<String, Object> read = read("""
                 { "text": "a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9", "whole": -12, "other": 1.5e3, "yes": true, "no": false,
                   "list": [1, [], {}], "object": {"a": {"b": "c"}}, "empty": "" }
                """);
        assertEquals("a\"\\/\b\f\n\r\t\u00e9", read.get("text"));
        assertEquals(-12L, read.get("whole"));
        assertEquals(1500.0, read.get("other"));
        assertEquals(true, read.get("yes"));
        assertEquals(false, read.get("no"));
        assertEquals(3, ((List<?>) read.get("list")).size());
        assertEquals("", read.get("empty"));
        assertEquals(8, read.size());
        List<Object> none = new ArrayList<>();
        none.add(read("{\"none\": null}").get("none"));
        assertEquals(1, none.size());
    }

    @Test
    void whatIsNoObjectHasNoMembers() {
        for (String text : new String[] {
            "", " ", "[]", "\"a\"", "1", "null", "{", "{}}", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":01}", "{\"a\":1.}",
            "{\"a\":+1}", "{\"a\":tru}", "{a:1}", "{'a':1}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\n\"}", "{\"a\":\"b}",
            "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{\"a\":[1,]}", "{\"a\":" + "[".repeat(100_000), "{\"a\":\"\\"}) {
            assertEquals(Map.of(), read(text), text.length() > 40 ? "deep" : text);
        }
        assertEquals(Map.of(), Json.object(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'}));
    }
}
