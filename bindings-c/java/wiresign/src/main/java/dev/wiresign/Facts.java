package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What many accepted requests have in common. The library gives it a number, and it is read once.
 *
 * @param service the calling service
 * @param keyId the key that matched
 * @param scheme the wire format
 * @param route the pattern of the route
 * @param covered what the signature covers
 * @param schemes the wire formats of all credentials
 * @param isPublic whether nothing was verified
 * @param keyIsRetiring whether the key is on its way out
 * @param requestIdIsSigned whether the signature covers the request id
 */
record Facts(
        Optional<String> service,
        Optional<String> keyId,
        Optional<String> scheme,
        Optional<String> route,
        List<String> covered,
        List<String> schemes,
        boolean isPublic,
        boolean keyIsRetiring,
        boolean requestIdIsSigned) {
    private static final int TEXTS = 6;
    private static final int HEAD_SIZE = 4 + 4 * TEXTS;
    private static final int PUBLIC = 1;
    private static final int RETIRING = 2;
    private static final int REQUEST_ID_SIGNED = 4;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

    /** Reads a {@code wiresign_facts} and its texts. */
    static Facts of(byte[] block) {
        String[] texts = new String[TEXTS];
        int at = HEAD_SIZE;
        for (int which = 0; which < TEXTS; which++) {
            int length = (int) INT.get(block, 4 + 4 * which);
            if (length != Native.ABSENT) {
                texts[which] = new String(block, at, length, StandardCharsets.UTF_8);
                at += length;
            }
        }
        int flags = (int) INT.get(block, 0);
        return new Facts(
                Optional.ofNullable(texts[0]), Optional.ofNullable(texts[1]), Optional.ofNullable(texts[2]),
                Optional.ofNullable(texts[3]), list(texts[4]), list(texts[5]), (flags & PUBLIC) != 0, (flags & RETIRING) != 0,
                (flags & REQUEST_ID_SIGNED) != 0);
    }

    /** The facts of a wiresign_verified, which stays as it is. */
    static Facts ofVerified(long verified) {
        return new Facts(
                Optional.ofNullable(Native.text(Native.VERIFIED_SERVICE, verified)),
                Optional.ofNullable(Native.text(Native.VERIFIED_KEY_ID, verified)),
                Optional.ofNullable(Native.text(Native.VERIFIED_SCHEME, verified)),
                Optional.ofNullable(Native.text(Native.VERIFIED_ROUTE, verified)),
                Native.texts(Native.VERIFIED_COVERED_COUNT, Native.VERIFIED_COVERED, verified),
                Native.texts(Native.VERIFIED_SCHEMES_COUNT, Native.VERIFIED_SCHEMES, verified),
                Native.flag(Native.VERIFIED_IS_PUBLIC, verified),
                Native.flag(Native.VERIFIED_IS_RETIRING, verified),
                Native.flag(Native.VERIFIED_REQUEST_ID_IS_SIGNED, verified));
    }

    private static List<String> list(String all) {
        return all == null || all.isEmpty() ? List.of() : List.of(all.split(","));
    }

    /** The facts of one verifier by their numbers, which mean the same for as long as it lives. */
    static final class Table {
        private volatile Facts[] known = {};

        /** The facts of a number that an outcome of the verifier has given. */
        Facts of(long verifier, int number) {
            Facts[] known = this.known;
            Facts facts = number < known.length ? known[number] : null;
            return facts != null ? facts : learn(verifier, number);
        }

        private Facts learn(long verifier, int number) {
            long[] out = new long[2];
            MemorySegment outputs = MemorySegment.ofArray(out);
            try {
                int status = (int) Native.VERIFIER_FACTS.invokeExact(verifier, number, outputs, outputs.asSlice(8));
                Failure.check(status, out[1]);
            } catch (Throwable failure) {
                throw Native.unforeseen(failure);
            }
            Facts learned = Facts.of(Native.take(out[0]));
            keep(number, learned);
            return learned;
        }

        private synchronized void keep(int number, Facts learned) {
            Facts[] grown = Arrays.copyOf(known, Math.max(known.length, number + 1));
            grown[number] = learned;
            known = grown;
        }
    }
}
