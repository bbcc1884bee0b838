package dev.wiresign;

import java.util.List;
import java.util.Objects;

/**
 * A token that was issued. Whoever has its text can use it, so it shows none when printed.
 *
 * @param text the token in compact form
 * @param expires the first Unix second at which it has ended
 * @param lifetime for how many seconds it lives
 * @param permissions what it allows, as patterns
 */
public record IssuedToken(String text, long expires, long lifetime, List<String> permissions) {
    /** Checks that all are there. */
    public IssuedToken {
        Objects.requireNonNull(text, "text");
        permissions = List.copyOf(permissions);
    }

    /** What a wiresign_issued_token says, which is freed. */
    static IssuedToken of(long token) {
        try {
            return new IssuedToken(
                    Native.text(Native.ISSUED_TEXT, token),
                    Native.count(Native.ISSUED_EXPIRES, token),
                    Native.count(Native.ISSUED_LIFETIME, token),
                    Native.texts(Native.ISSUED_PERMISSION_COUNT, Native.ISSUED_PERMISSION, token));
        } finally {
            Native.free(Native.ISSUED_FREE, token);
        }
    }

    @Override
    public String toString() {
        return "IssuedToken of " + lifetime + " s";
    }
}
