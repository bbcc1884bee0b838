package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Makes new secrets. */
public final class Secrets {
    private Secrets() {}

    /** How the bytes of a secret are written. */
    public enum Encoding {
        /** 64 lower-case hexadecimal digits. */
        HEX,
        /** 44 characters of base64. */
        BASE64
    }

    /**
     * A new secret of 32 random bytes, in hexadecimal digits.
     *
     * @return the secret
     */
    public static String generateSecret() {
        return generateSecret(Encoding.HEX);
    }

    /**
     * A new secret of 32 random bytes.
     *
     * @param encoding how it is written
     * @return the secret
     */
    public static String generateSecret(Encoding encoding) {
        Native.require();
        byte[] secret = new byte[Native.SECRET_SIZE];
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        try {
            int status = (int) Native.GENERATE_SECRET.invokeExact(
                    encoding.ordinal(), MemorySegment.ofArray(secret), (long) secret.length, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
        return new String(secret, 0, (int) out[0], StandardCharsets.US_ASCII);
    }
}
