package dev.wiresign.redis;

import dev.wiresign.ReplayOutcome;
import java.util.UUID;

/** The two commands that a replay store takes. */
interface Redis {
    /** How the keys of all languages begin. */
    String PREFIX = "wiresign:replay:";

    /** {@code SET name value NX EX seconds}: whether it was set. */
    boolean setIfAbsent(String name, String value, long seconds);

    /** {@code GET name}; null where there is none. */
    String get(String name);

    /** Remembers a key for so long, unless it is there. */
    default ReplayOutcome insert(String key, long seconds) {
        String name = PREFIX + key;
        String mark = UUID.randomUUID().toString();
        if (setIfAbsent(name, mark, seconds)) {
            return ReplayOutcome.FIRST;
        }
        // Tells a request that came before from a command that the client itself sent twice, because an answer was lost.
        String found = get(name);
        if (found == null) {
            // It ended between the two questions, so nobody knows.
            return ReplayOutcome.UNAVAILABLE;
        }
        return found.equals(mark) ? ReplayOutcome.FIRST : ReplayOutcome.REPEATED;
    }
}
