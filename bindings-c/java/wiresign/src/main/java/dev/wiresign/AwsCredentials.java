package dev.wiresign;

import java.time.Instant;
import java.util.Objects;

/**
 * What AWS gives a role or a user to sign with. Shows no secret when printed.
 *
 * @param accessKeyId the id of the key
 * @param secret the key
 * @param sessionToken the token that belongs to it; null where there is none
 * @param expires when they end; null where that is not known
 */
public record AwsCredentials(String accessKeyId, String secret, String sessionToken, Instant expires) {
    /** Checks that what there must be is there. */
    public AwsCredentials {
        Objects.requireNonNull(accessKeyId, "accessKeyId");
        Objects.requireNonNull(secret, "secret");
    }

    /**
     * Credentials of which it is not known when they end.
     *
     * @param accessKeyId the id of the key
     * @param secret the key
     * @param sessionToken the token that belongs to it; null where there is none
     */
    public AwsCredentials(String accessKeyId, String secret, String sessionToken) {
        this(accessKeyId, secret, sessionToken, null);
    }

    @Override
    public String toString() {
        return "AwsCredentials " + accessKeyId;
    }
}
