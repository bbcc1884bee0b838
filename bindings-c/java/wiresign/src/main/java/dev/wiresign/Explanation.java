package dev.wiresign;

import java.util.ArrayList;
import java.util.List;

/** How a verification went, and what probably went wrong. For operators, not for the answer to a caller. */
public final class Explanation {
    private final String verdict;
    private final List<Hint> hints;
    private final String json;
    private final String text;

    private Explanation(String verdict, List<Hint> hints, String json, String text) {
        this.verdict = verdict;
        this.hints = List.copyOf(hints);
        this.json = json;
        this.text = text;
    }

    /** What a wiresign_explanation says, which is freed. */
    static Explanation of(long explanation) {
        try {
            List<Hint> hints = new ArrayList<>();
            long count = Native.count(Native.EXPLANATION_HINT_COUNT, explanation);
            for (long at = 0; at < count; at++) {
                hints.add(new Hint(
                        Native.text(Native.EXPLANATION_HINT_ID, explanation, at),
                        Native.text(Native.EXPLANATION_HINT_CAUSE, explanation, at),
                        Native.text(Native.EXPLANATION_HINT_FIX, explanation, at),
                        (boolean) Native.EXPLANATION_HINT_IS_PROVED.invokeExact(explanation, at)));
            }
            return new Explanation(
                    Native.text(Native.EXPLANATION_VERDICT, explanation),
                    hints,
                    Native.text(Native.EXPLANATION_JSON, explanation),
                    Native.text(Native.EXPLANATION_TEXT, explanation));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            Native.free(Native.EXPLANATION_FREE, explanation);
        }
    }

    /**
     * What came out.
     *
     * @return {@code OK}, or the code of the refusal
     */
    public String verdict() {
        return verdict;
    }

    /**
     * What may be the cause.
     *
     * @return the causes; those that a signature proves come first
     */
    public List<Hint> hints() {
        return hints;
    }

    /**
     * All of it for programs.
     *
     * @return one JSON object
     */
    public String json() {
        return json;
    }

    /**
     * All of it for people.
     *
     * @return text of several lines
     */
    @Override
    public String toString() {
        return text;
    }
}
