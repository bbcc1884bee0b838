package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A verdict as the library writes it: the head of a {@code wiresign_outcome}, and its texts. They become Java's texts when
 * they are asked for, since most never are.
 */
final class Outcome {
    /** Nearly always enough; where it is not, the library gives an object, which is read instead. */
    static final int CAPACITY = 384;

    // Texts of an acceptance.
    static final int REQUEST_ID = 0;
    static final int REPLAY_KEY = 1;
    // Texts of a refusal.
    static final int DETAIL = 0;
    static final int CLAIMED_SERVICE = 1;
    static final int REFUSED_REQUEST_ID = 2;
    static final int BODY = 3;
    static final int WWW_AUTHENTICATE = 4;

    private static final int TEXTS = 5;
    private static final int TIMESTAMP = 1;

    private static final int AGE_AT = 0;
    private static final int TIMESTAMP_AT = 8;
    private static final int OBJECT_AT = 16;
    private static final int FLAGS_AT = 24;
    private static final int FACTS_AT = 28;
    private static final int RESPONSE_STATUS_AT = 32;
    private static final int RESPONSE_CODE_AT = 34;
    private static final int LENGTHS_AT = 36;
    private static final int HEAD_SIZE = 56;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final byte[] bytes;

    Outcome(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The object that holds the verdict in place of this one; 0 where there is none. */
    static long object(byte[] bytes) {
        return (long) LONG.get(bytes, OBJECT_AT);
    }

    /** The number of what the request has in common with others. */
    static int facts(byte[] bytes) {
        return (int) INT.get(bytes, FACTS_AT);
    }

    long age() {
        return (long) LONG.get(bytes, AGE_AT);
    }

    long timestamp() {
        return (long) LONG.get(bytes, TIMESTAMP_AT);
    }

    /** Whether age and time are known. */
    boolean isTimed() {
        return ((int) INT.get(bytes, FLAGS_AT) & TIMESTAMP) != 0;
    }

    int responseStatus() {
        return (short) SHORT.get(bytes, RESPONSE_STATUS_AT);
    }

    int responseCode() {
        return (short) SHORT.get(bytes, RESPONSE_CODE_AT);
    }

    /** A text, or null. */
    String text(int which) {
        int length = length(which);
        if (length == Native.ABSENT) {
            return null;
        }
        int start = HEAD_SIZE;
        for (int at = 0; at < which; at++) {
            start += Math.max(0, length(at));
        }
        return new String(bytes, start, length, StandardCharsets.UTF_8);
    }

    private int length(int which) {
        return (int) INT.get(bytes, LENGTHS_AT + 4 * which);
    }

    /** The verdict that a wiresign_verified holds, which stays as it is. */
    static Outcome ofVerified(long verified) {
        try {
            long[] number = new long[1];
            MemorySegment numbers = MemorySegment.ofArray(number);
            long age = (boolean) Native.VERIFIED_AGE.invokeExact(verified, numbers) ? number[0] : 0;
            number[0] = 0;
            boolean isTimed = (boolean) Native.VERIFIED_TIMESTAMP.invokeExact(verified, numbers);
            Outcome outcome = of(
                    Native.text(Native.VERIFIED_REQUEST_ID, verified), Native.text(Native.VERIFIED_REPLAY_KEY, verified));
            LONG.set(outcome.bytes, AGE_AT, age);
            LONG.set(outcome.bytes, TIMESTAMP_AT, number[0]);
            INT.set(outcome.bytes, FLAGS_AT, isTimed ? TIMESTAMP : 0);
            return outcome;
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }

    /** The verdict that a wiresign_error of a refusal holds, which stays as it is. */
    static Outcome ofRefusal(long error) {
        try {
            Outcome outcome = of(
                    Native.text(Native.ERROR_DETAIL, error),
                    Native.text(Native.ERROR_SERVICE, error),
                    Native.text(Native.ERROR_REQUEST_ID, error),
                    Native.text(Native.ERROR_RESPONSE_BODY, error),
                    Native.text(Native.ERROR_RESPONSE_WWW_AUTHENTICATE, error));
            SHORT.set(outcome.bytes, RESPONSE_STATUS_AT, (short) Native.ERROR_RESPONSE_STATUS.invokeExact(error));
            SHORT.set(outcome.bytes, RESPONSE_CODE_AT, (short) (int) Native.ERROR_RESPONSE_CODE.invokeExact(error));
            return outcome;
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }

    /** A refusal that is made here. */
    static Outcome refused(RefusalCode shown, String detail, String service, String requestId, String realm) {
        // None of the texts holds anything that JSON would escape.
        String id = requestId == null ? "null" : '"' + requestId + '"';
        String body = "{\"error\":\"" + shown.message() + "\",\"code\":\"" + shown.name() + "\",\"requestId\":" + id + "}";
        String challenge = shown.status() == 401 ? "Wiresign realm=\"" + realm + '"' : null;
        Outcome outcome = of(detail, service, requestId, body, challenge);
        SHORT.set(outcome.bytes, RESPONSE_STATUS_AT, (short) shown.status());
        SHORT.set(outcome.bytes, RESPONSE_CODE_AT, (short) shown.number());
        return outcome;
    }

    private static Outcome of(String... texts) {
        byte[][] encoded = new byte[texts.length][];
        int size = HEAD_SIZE;
        for (int at = 0; at < texts.length; at++) {
            encoded[at] = texts[at] == null ? null : texts[at].getBytes(StandardCharsets.UTF_8);
            size += encoded[at] == null ? 0 : encoded[at].length;
        }
        byte[] bytes = new byte[size];
        int at = HEAD_SIZE;
        for (int which = 0; which < TEXTS; which++) {
            byte[] text = which < encoded.length ? encoded[which] : null;
            INT.set(bytes, LENGTHS_AT + 4 * which, text == null ? Native.ABSENT : text.length);
            if (text != null) {
                System.arraycopy(text, 0, bytes, at, text.length);
                at += text.length;
            }
        }
        return new Outcome(bytes);
    }
}
