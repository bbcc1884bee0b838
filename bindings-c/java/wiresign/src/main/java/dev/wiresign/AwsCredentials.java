package dev.wiresign;

import java.util.Objects;

/**
 * What AWS gives a role or a user to sign with. Shows no secret when printed.
 *
 * @param accessKeyId the id of the key
 * @param secret the key
 * @param sessionToken the token that belongs to it; null where there is none
 */
public record AwsCredentials(String accessKeyId, String secret, String sessionToken) {
    /** Checks that what there must be is there. */
    public AwsCredentials {
        Objects.requireNonNull(accessKeyId, "accessKeyId");
        Objects.requireNonNull(secret, "secret");
    }

    @Override
    public String toString() {
        return "AwsCredentials " + accessKeyId;
    }
}
