package dev.wiresign;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Who called, from verified material only. Only a verification makes one. */
public final class Verified {
    private static final int SCOPE_BYTES = 16;
    private static final Optional<String> KEYED_BY_REQUEST_ID = Optional.of("service-hmac-v2");

    private final Facts facts;
    private final Outcome outcome;
    private final Verifier.Terms terms;
    /** The object of the library, where an external replay store has a say; else null. */
    private final Handle handle;
    private final long replaySeconds;
    /** What the token or the IAM identity of the request says; null where it has none. */
    private final Individual individual;

    Verified(Facts facts, Outcome outcome, Verifier.Terms terms) {
        this(facts, outcome, terms, null, 0, null);
    }

    private Verified(
            Facts facts, Outcome outcome, Verifier.Terms terms, Handle handle, long replaySeconds, Individual individual) {
        this.facts = facts;
        this.outcome = outcome;
        this.terms = terms;
        this.handle = handle;
        this.replaySeconds = replaySeconds;
        this.individual = individual;
    }

    /** What a wiresign_verified says. The object is freed as soon as nobody needs it. */
    static Verified of(long verified, Verifier.Terms terms) {
        Handle handle = new Handle("this Verified", verified, Native.VERIFIED_FREE);
        try {
            Facts facts = Facts.ofVerified(verified);
            Outcome outcome = Outcome.ofVerified(verified);
            Individual individual = Individual.of(verified);
            long[] seconds = new long[1];
            boolean isSettled = !(boolean) Native.VERIFIED_REPLAY_SECONDS.invokeExact(verified, MemorySegment.ofArray(seconds));
            if (isSettled) {
                handle.close();
            }
            return new Verified(facts, outcome, terms, isSettled ? null : handle, seconds[0], individual);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }

    /** The object of the library, where there is one. */
    Optional<Handle> handle() {
        return Optional.ofNullable(handle);
    }

    /**
     * The calling service.
     *
     * @return its id; absent only on a public route
     */
    public Optional<String> service() {
        return facts.service();
    }

    /**
     * Which key of the caller matched.
     *
     * @return its id; absent only on a public route
     */
    public Optional<String> keyId() {
        return facts.keyId();
    }

    /**
     * Whether that key is on its way out.
     *
     * @return true where the configuration marks it as retiring
     */
    public boolean keyIsRetiring() {
        return facts.keyIsRetiring();
    }

    /**
     * The wire format of the signature.
     *
     * @return the id of the scheme; absent only on a public route
     */
    public Optional<String> scheme() {
        return facts.scheme();
    }

    /**
     * The wire formats of all credentials that were verified: several where a route asks for all of its schemes.
     *
     * @return the ids of the schemes; empty on a public route
     */
    public List<String> schemes() {
        return facts.schemes();
    }

    /**
     * Seconds since the request was signed; negative when it comes from the future.
     *
     * @return the age, where it is known
     */
    public OptionalLong age() {
        return outcome.isTimed() ? OptionalLong.of(outcome.age()) : OptionalLong.empty();
    }

    /**
     * When the request was signed, in Unix seconds.
     *
     * @return the time, where it is known
     */
    public OptionalLong timestamp() {
        return outcome.isTimed() ? OptionalLong.of(outcome.timestamp()) : OptionalLong.empty();
    }

    /**
     * The request id.
     *
     * @return the id, where the request has one of the usual form
     */
    public Optional<String> requestId() {
        return Optional.ofNullable(outcome.text(Outcome.REQUEST_ID));
    }

    /**
     * Whether the signature covers the request id. If not, anybody may have written it.
     *
     * @return true where it is signed
     */
    public boolean requestIdIsSigned() {
        return facts.requestIdIsSigned();
    }

    /**
     * The pattern of the route that matched.
     *
     * @return the pattern, where one did
     */
    public Optional<String> route() {
        return facts.route();
    }

    /**
     * What the signature covers.
     *
     * @return the names of parts of the request; empty on a public route
     */
    public List<String> covered() {
        return facts.covered();
    }

    /**
     * The subject ({@code sub}) of the request's token; where it has none, the ARN of the IAM identity that AWS has confirmed.
     *
     * @return the subject; absent where the request has neither, or the token no subject
     */
    public Optional<String> subject() {
        return Optional.ofNullable(individual).map(Individual::subject);
    }

    /**
     * The tenant that the request's token names, in the claim that the configuration says.
     *
     * @return the tenant; absent where none is named
     */
    public Optional<String> tenant() {
        return Optional.ofNullable(individual).map(Individual::tenant);
    }

    /**
     * When the request's token expires, in Unix seconds.
     *
     * @return the time; absent where the request has no token
     */
    public OptionalLong tokenExpires() {
        return claims().isEmpty() ? OptionalLong.empty() : OptionalLong.of(individual.expires());
    }

    /**
     * All claims of the request's token.
     *
     * @return the text of the JSON object that was signed; absent where the request has no token
     */
    public Optional<String> claims() {
        return Optional.ofNullable(individual).map(Individual::claims);
    }

    /**
     * What a store that several verifiers share keeps to see the same request again. The same in every language.
     *
     * @return the key; absent where the scheme has neither a time nor a nonce, and on a public route
     */
    public Optional<String> replayKey() {
        String key = outcome.text(Outcome.REPLAY_KEY);
        if (key != null || !facts.scheme().equals(KEYED_BY_REQUEST_ID)) {
            return Optional.ofNullable(key);
        }
        // Here the key is made of the signed id, in the scope of its service. The library leaves that to whoever asks.
        String service = facts.service().orElseThrow();
        MessageDigest digest = sha256();
        digest.update("wiresign-replay\n".getBytes(StandardCharsets.US_ASCII));
        byte[] scope = digest.digest(service.getBytes(StandardCharsets.US_ASCII));
        digest.update(Arrays.copyOf(scope, SCOPE_BYTES));
        byte[] hash = digest.digest(outcome.text(Outcome.REQUEST_ID).getBytes(StandardCharsets.US_ASCII));
        return Optional.of("n:" + HexFormat.of().formatHex(hash));
    }

    /**
     * For how many seconds an external replay store must remember the request. Where it must, the request is accepted for
     * good only when {@link Verifier#settleReplay} has been told what the store says.
     *
     * @return the seconds; absent where no external store has a say
     */
    public OptionalLong replaySeconds() {
        return handle == null ? OptionalLong.empty() : OptionalLong.of(replaySeconds);
    }

    /**
     * Whether a public route let the request in without a look at its credentials.
     *
     * @return true where nothing was verified
     */
    public boolean isPublic() {
        return facts.isPublic();
    }

    /**
     * Refuses the request unless one of these services made it: a rule that an application adds to those of its
     * configuration. Without any service named each caller will do, but there must be one.
     *
     * @param services the ids of the services that may call
     * @throws Refusal {@code SERVICE_NOT_ALLOWED}, or {@code AUTHENTICATION_REQUIRED} where a public route let the request in
     */
    public void requireService(String... services) {
        String service = required();
        if (services.length > 0 && !Arrays.asList(services).contains(service)) {
            RefusalCode shown = terms.revealsCodes() ? RefusalCode.SERVICE_NOT_ALLOWED : RefusalCode.PERMISSION_DENIED;
            String detail = "the application does not take " + service + " here";
            String requestId = outcome.text(Outcome.REQUEST_ID);
            throw new Refusal(
                    RefusalCode.SERVICE_NOT_ALLOWED, Outcome.refused(shown, detail, service, requestId, terms.realm()));
        }
    }

    /**
     * Refuses the request unless its caller may do all that a pattern matches: by {@code permissions} of the configuration, and
     * by those of the request's token. It is a rule that an application adds for one of its handlers.
     *
     * @param permission a pattern such as {@code POST /invoices/**}
     * @throws Refusal {@code PERMISSION_DENIED}, or {@code AUTHENTICATION_REQUIRED} where a public route let the request in
     * @throws IllegalArgumentException for what is no pattern, which {@link Permissions#check} finds before there is a request
     * @throws IllegalStateException where the verifier is closed
     */
    public void requirePermission(String permission) {
        Permissions.check(permission);
        String service = required();
        if (!terms.permissions().permit(service, claims().orElse(null), permission)) {
            RefusalCode code = RefusalCode.PERMISSION_DENIED;
            String detail = service + " lacks a permission that the application requires here";
            throw new Refusal(
                    code, Outcome.refused(code, detail, service, outcome.text(Outcome.REQUEST_ID), terms.realm()));
        }
    }

    /** The id of the calling service, where an application needs one. */
    private String required() {
        return facts.service().orElseThrow(() -> {
            RefusalCode code = RefusalCode.AUTHENTICATION_REQUIRED;
            String detail = "the route is public in the config, and the application needs a caller here";
            return new Refusal(code, Outcome.refused(code, detail, null, null, terms.realm()));
        });
    }

    @Override
    public String toString() {
        return isPublic()
                ? "Verified{public}"
                : "Verified{service=" + facts.service().orElse(null) + ", keyId=" + facts.keyId().orElse(null) + ", scheme="
                        + facts.scheme().orElse(null) + ", requestId=" + outcome.text(Outcome.REQUEST_ID) + "}";
    }

    /** What a token or an IAM identity says of one caller; the expiry only where there are claims. */
    private record Individual(String subject, String tenant, String claims, long expires) {
        /** What a wiresign_verified says; null where it has neither. */
        static Individual of(long verified) throws Throwable {
            String subject = Native.text(Native.VERIFIED_SUBJECT, verified);
            String claims = Native.text(Native.VERIFIED_CLAIMS, verified);
            if (subject == null && claims == null) {
                return null;
            }
            long[] expires = new long[1];
            boolean isKnown = (boolean) Native.VERIFIED_TOKEN_EXPIRES.invokeExact(verified, MemorySegment.ofArray(expires));
            if (isKnown != (claims != null)) {
                throw new AssertionError("every token ends, and nothing else does");
            }
            return new Individual(subject, Native.text(Native.VERIFIED_TENANT, verified), claims, expires[0]);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new AssertionError("every Java has SHA-256", missing);
        }
    }
}
