package dev.wiresign;

import java.util.Optional;

/**
 * A request was judged and is not accepted. Everything but the detail is safe to show to whoever sent it.
 *
 * <p>It has no stack trace: where the verifier was called says nothing about why, and taking the trace would make a forged
 * request dearer than a genuine one.
 */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The stable code. */
    private final RefusalCode code;

    private final transient Outcome outcome;

    Refusal(RefusalCode code, Outcome outcome) {
        super(null, null, false, false);
        this.code = code;
        this.outcome = outcome;
    }

    /**
     * The stable code.
     *
     * @return the code
     */
    public RefusalCode code() {
        return code;
    }

    /**
     * The HTTP status of the code.
     *
     * @return the status
     */
    public int status() {
        return code.status();
    }

    /**
     * One sentence that is safe to show.
     *
     * @return the sentence
     */
    public String message() {
        return code.message();
    }

    /**
     * More, for the operator's log only. It holds no secret.
     *
     * @return the detail; may be empty
     */
    public String detail() {
        String detail = outcome == null ? null : outcome.text(Outcome.DETAIL);
        return detail == null ? "" : detail;
    }

    /**
     * The known service that was claimed, not proven.
     *
     * @return its id, unless the request named none that is known
     */
    public Optional<String> service() {
        return Optional.ofNullable(outcome == null ? null : outcome.text(Outcome.CLAIMED_SERVICE));
    }

    /**
     * The request id, not verified.
     *
     * @return the id, where the request has one that may be logged
     */
    public Optional<String> requestId() {
        return Optional.ofNullable(outcome == null ? null : outcome.text(Outcome.REFUSED_REQUEST_ID));
    }

    /**
     * The answer to send, which honours {@code reveal} of the configuration.
     *
     * @return the answer
     */
    public RefusalResponse response() {
        if (outcome == null) {
            throw new IllegalStateException("a refusal that was serialised has no answer any more");
        }
        RefusalCode shown = RefusalCode.of(outcome.responseCode());
        return new RefusalResponse(
                outcome.responseStatus(),
                shown == null ? code : shown,
                Optional.ofNullable(outcome.text(Outcome.WWW_AUTHENTICATE)),
                outcome.text(Outcome.BODY));
    }

    @Override
    public String getMessage() {
        return code + ": " + code.message();
    }
}
