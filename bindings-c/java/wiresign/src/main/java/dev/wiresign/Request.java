package dev.wiresign;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * One request as it is on the wire: what a framework decoded, sorted or printed again is not what was signed.
 *
 * <p>A text stands for the bytes of its ISO-8859-1 form, which is what servers and clients make of header fields and
 * request lines. A text with characters beyond that stands for its UTF-8 form.
 *
 * <p>Made by {@link #of}, then completed; not to be changed by one thread while another one uses it.
 */
public final class Request {
    private static final byte[] NO_BODY = {};
    /** Method, target, authority and client, in the order in which the library takes them. */
    static final int LINE_TEXTS = 4;

    /** The texts of a request with a usual signature: a line, and five fields. */
    private static final int USUAL_TEXTS = LINE_TEXTS + 2 * 5;

    /** As many fields, and bytes of them, as a request may have. Half the bytes, as a character may stand for two. */
    private static final int MOST_FIELDS = 256;
    private static final int MOST_BYTES = 65_536 / 2;

    private final String method;
    private final String target;
    private String authority;
    private String client = "";
    private byte[] body = NO_BODY;
    /** Names and values, alternating. */
    private String[] fields = new String[32];
    private int count;

    private Request(String method, String target) {
        this.method = Objects.requireNonNull(method, "method");
        this.target = Objects.requireNonNull(target, "target");
    }

    /**
     * A request without header fields and body.
     *
     * @param method the method, such as {@code GET}
     * @param target the path and the query, exactly as they are sent
     * @return the request
     */
    public static Request of(String method, String target) {
        return new Request(method, target);
    }

    /**
     * Adds a header field. Fields are added in the order in which they are sent, repeats included.
     *
     * @param name the name, in any letter case
     * @param value the value
     * @return this request
     */
    public Request header(String name, String value) {
        if (count == fields.length) {
            fields = Arrays.copyOf(fields, 2 * count);
        }
        fields[count] = Objects.requireNonNull(name, "name");
        fields[count + 1] = Objects.requireNonNull(value, "value");
        count += 2;
        return this;
    }

    /**
     * Says where the request was sent to.
     *
     * @param authority the {@code Host} or {@code :authority}; null where it is not known
     * @return this request
     */
    public Request authority(String authority) {
        this.authority = authority;
        return this;
    }

    /**
     * Says where the request came from.
     *
     * @param client the IP address; null, or any other text, where it is not known
     * @return this request
     */
    public Request client(String client) {
        this.client = client == null ? "" : client;
        return this;
    }

    /**
     * Sets the body.
     *
     * @param body the bytes, which are not copied, and must not change while the request is used
     * @return this request
     */
    public Request body(byte[] body) {
        this.body = Objects.requireNonNull(body, "body");
        return this;
    }

    byte[] body() {
        return body;
    }

    /** The address of the client in network byte order; empty where it is not known. */
    byte[] clientAddress() {
        // Only a literal: a name would be looked up.
        boolean isLiteral = !client.isEmpty() && client.chars().allMatch(unit -> unit == '.' || unit == ':' || Character.digit(unit, 16) >= 0);
        if (!isLiteral || client.indexOf(':') < 0 && !client.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return NO_BODY;
        }
        try {
            return InetAddress.ofLiteral(client).getAddress();
        } catch (IllegalArgumentException malformed) {
            return NO_BODY;
        }
    }

    @Override
    public String toString() {
        return method + " " + target;
    }

    /** All texts in one block, and the length of each. */
    Flat flat() {
        return flat(null);
    }

    /**
     * The texts in one block, and the length of each; of the header fields only those of these names, unless they are so many
     * or so long that the library has to see it.
     */
    Flat flat(HeaderNames wanted) {
        // Of a filtered request nearly always enough.
        String[] texts = new String[wanted == null ? Math.max(USUAL_TEXTS, LINE_TEXTS + count) : USUAL_TEXTS];
        int[] lengths = new int[texts.length];
        texts[0] = method;
        texts[1] = target;
        texts[2] = authority == null ? "" : authority;
        texts[3] = client;
        int length = 0;
        for (int at = 0; at < LINE_TEXTS; at++) {
            lengths[at] = texts[at].length();
            length += lengths[at];
        }
        int used = LINE_TEXTS;
        long characters = 0;
        for (int at = 0; at < count; at += 2) {
            String name = fields[at];
            String value = fields[at + 1];
            int both = name.length() + value.length();
            characters += both;
            if (wanted == null || wanted.has(name)) {
                if (used == texts.length) {
                    texts = Arrays.copyOf(texts, LINE_TEXTS + count);
                    lengths = Arrays.copyOf(lengths, texts.length);
                }
                texts[used] = name;
                texts[used + 1] = value;
                lengths[used] = name.length();
                lengths[used + 1] = value.length();
                length += both;
                used += 2;
            }
        }
        if (wanted != null && (count > 2 * MOST_FIELDS || characters > MOST_BYTES)) {
            return flat(null);
        }
        byte[] block = joined(texts, used).getBytes(StandardCharsets.UTF_8);
        if (block.length != length) {
            return encoded();
        }
        // No byte more than characters: all of it is ASCII, where every text has as many bytes as characters.
        if (authority == null) {
            lengths[2] = Native.ABSENT;
        }
        return new Flat(block, lengths, used);
    }

    private static String joined(String[] texts, int used) {
        if (used > USUAL_TEXTS) {
            return String.join("", Arrays.copyOf(texts, used));
        }
        for (int at = used; at < USUAL_TEXTS; at++) {
            texts[at] = "";
        }
        // Of one expression the virtual machine makes one copy, in half the time.
        return texts[0] + texts[1] + texts[2] + texts[3] + texts[4] + texts[5] + texts[6] + texts[7] + texts[8] + texts[9]
                + texts[10] + texts[11] + texts[12] + texts[13];
    }

    /** The same, for texts that are not all ASCII. */
    private Flat encoded() {
        byte[][] texts = new byte[LINE_TEXTS + count][];
        texts[0] = bytes(method);
        texts[1] = bytes(target);
        texts[2] = authority == null ? NO_BODY : bytes(authority);
        texts[3] = bytes(client);
        for (int at = 0; at < count; at++) {
            texts[LINE_TEXTS + at] = bytes(fields[at]);
        }
        int[] lengths = new int[texts.length];
        int size = 0;
        for (int at = 0; at < texts.length; at++) {
            lengths[at] = texts[at].length;
            size += texts[at].length;
        }
        if (authority == null) {
            lengths[2] = Native.ABSENT;
        }
        byte[] block = new byte[size];
        int at = 0;
        for (byte[] text : texts) {
            System.arraycopy(text, 0, block, at, text.length);
            at += text.length;
        }
        return new Flat(block, lengths, lengths.length);
    }

    /** The bytes that a text stands for. */
    static byte[] bytes(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) > 0xFF) {
                return text.getBytes(StandardCharsets.UTF_8);
            }
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /**
     * All texts of a request.
     *
     * @param block method, target, authority, client, and the header fields with name and value alternating
     * @param lengths the length of each
     * @param count how many there are; the array may be longer
     */
    record Flat(byte[] block, int[] lengths, int count) {
        /** The length of a text of the line; 0 where it is absent. */
        int length(int which) {
            return Math.max(0, lengths[which]);
        }

        /** Where a text of the line begins; behind them, where the header fields begin. */
        int start(int which) {
            int start = 0;
            for (int at = 0; at < which; at++) {
                start += length(at);
            }
            return start;
        }

        boolean hasAuthority() {
            return lengths[2] != Native.ABSENT;
        }

        /** How many header fields there are. */
        int fields() {
            return (count - LINE_TEXTS) / 2;
        }
    }
}
