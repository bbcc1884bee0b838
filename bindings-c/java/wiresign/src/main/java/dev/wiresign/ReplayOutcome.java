package dev.wiresign;

/** What an external replay store says of a request. */
public enum ReplayOutcome {
    /** The key was not in the store, and is now. */
    FIRST,
    /** The key was in the store already. */
    REPEATED,
    /** The store gave no answer. */
    UNAVAILABLE
}
