package dev.wiresign;

/** A request cannot be signed. The message says what is missing. */
public final class SigningException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SigningException(String message) {
        super(message);
    }

    /**
     * The code of all of them.
     *
     * @return {@link FailureCode#SIGNING_FAILED}
     */
    public FailureCode code() {
        return FailureCode.SIGNING_FAILED;
    }

    /**
     * A sentence that says what is missing.
     *
     * @return the sentence
     */
    public String message() {
        return getMessage();
    }
}
