package dev.wiresign;

import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BiFunction;

/**
 * Signs who acts for whom, and verifies it, between processors of one deployment: {@link Contexts} under the names that such
 * pipelines usually have, with UUIDs for tenants. May be used by all threads.
 *
 * <p>While secrets rotate, signatures of every valid key are accepted; while a migration of the configuration lasts, those
 * of the older form as well, which hashed the secret and a payload without HMAC.
 */
public final class AuthSignatureService {
    private static final System.Logger AUDIT = System.getLogger("wiresign.audit");

    private final Contexts contexts;
    private final BiFunction<UUID, List<String>, byte[]> olderPayload;

    /**
     * A service that takes the current form of signatures only.
     *
     * @param contexts what signs and verifies; it must not be closed while the service is used
     */
    public AuthSignatureService(Contexts contexts) {
        this(contexts, (tenant, roles) -> null);
    }

    /**
     * A service that takes the older form as well, while the migration of the configuration lasts.
     *
     * @param contexts what signs and verifies; it must not be closed while the service is used
     * @param olderPayload builds what the older system signed for a tenant and roles
     */
    public AuthSignatureService(Contexts contexts, BiFunction<UUID, List<String>, byte[]> olderPayload) {
        this.contexts = Objects.requireNonNull(contexts, "contexts");
        this.olderPayload = Objects.requireNonNull(olderPayload, "olderPayload");
    }

    /**
     * Signs a tenant and roles. Their order and repeats make no difference.
     *
     * @param tenantId the tenant
     * @param roles the roles; may be empty
     * @return the signature, 64 hexadecimal digits
     * @throws SigningException where a role cannot be signed, or no key is valid
     */
    public String signAuthContext(UUID tenantId, List<String> roles) {
        return contexts.sign(tenantId.toString(), roles);
    }

    /**
     * Whether a signature of a tenant and roles holds. A failure is counted and logged. Prefer {@link #requireAuthContext}:
     * its answer cannot be overlooked.
     *
     * @param tenantId the tenant, as it came
     * @param roles the roles, as they came
     * @param signature the signature, as it came; null is one that does not hold
     * @return true where it holds
     */
    public boolean verifyAuthContext(UUID tenantId, List<String> roles, String signature) {
        try {
            requireAuthContext(tenantId, roles, signature);
            return true;
        } catch (Refusal refusal) {
            return false;
        }
    }

    /**
     * Verifies a signature of a tenant and roles.
     *
     * @param tenantId the tenant, as it came
     * @param roles the roles, as they came
     * @param signature the signature, as it came; null is one that does not hold
     * @return what was verified: use this, and not what went in
     * @throws Refusal where it does not hold
     */
    public VerifiedContext requireAuthContext(UUID tenantId, List<String> roles, String signature) {
        Objects.requireNonNull(tenantId, "tenantId");
        Objects.requireNonNull(roles, "roles");
        try {
            String claimed = signature == null ? "" : signature;
            return contexts.verify(tenantId.toString(), roles, claimed, Native.NOW, olderPayload.apply(tenantId, roles));
        } catch (Refusal refusal) {
            AUDIT.log(System.Logger.Level.WARNING, () -> "refused context of tenant " + tenantId + " " + refusal.code() + ": " + refusal.detail());
            throw refusal;
        }
    }
}
