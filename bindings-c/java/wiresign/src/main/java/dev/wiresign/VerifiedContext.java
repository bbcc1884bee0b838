package dev.wiresign;

import java.util.ArrayList;
import java.util.List;

/** A tenant and its roles, as they were verified. Only a verification makes one. */
public final class VerifiedContext {
    private final String tenant;
    private final List<String> roles;
    private final String keyId;
    private final boolean keyIsRetiring;
    private final String matched;

    /** What a wiresign_verified_context says, which is freed. */
    VerifiedContext(long context) {
        try {
            tenant = Native.text(Native.CONTEXT_TENANT, context);
            keyId = Native.text(Native.CONTEXT_KEY_ID, context);
            keyIsRetiring = Native.flag(Native.CONTEXT_IS_RETIRING, context);
            matched = Native.text(Native.CONTEXT_MATCHED, context);
            List<String> all = new ArrayList<>();
            long count = Native.count(Native.CONTEXT_ROLE_COUNT, context);
            for (long at = 0; at < count; at++) {
                all.add(Native.text(Native.CONTEXT_ROLE, context, at));
            }
            roles = List.copyOf(all);
        } finally {
            Native.free(Native.CONTEXT_FREE, context);
        }
    }

    /**
     * The tenant.
     *
     * @return its UUID, in lower case
     */
    public String tenant() {
        return tenant;
    }

    /**
     * The roles.
     *
     * @return the roles, sorted by their bytes, each once
     */
    public List<String> roles() {
        return roles;
    }

    /**
     * Whether one of the roles is this one.
     *
     * @param role a role
     * @return true where it is
     */
    public boolean hasRole(String role) {
        return roles.contains(role);
    }

    /**
     * Which key matched.
     *
     * @return its id
     */
    public String keyId() {
        return keyId;
    }

    /**
     * Whether that key is on its way out.
     *
     * @return true where the configuration marks it as retiring
     */
    public boolean keyIsRetiring() {
        return keyIsRetiring;
    }

    /**
     * Which form of signature held.
     *
     * @return {@code hmac-sha256}; or {@code sha256-prefix}, while a migration lasts
     */
    public String matched() {
        return matched;
    }

    @Override
    public String toString() {
        return "VerifiedContext{tenant=" + tenant + ", roles=" + roles + ", keyId=" + keyId + ", matched=" + matched + "}";
    }
}
