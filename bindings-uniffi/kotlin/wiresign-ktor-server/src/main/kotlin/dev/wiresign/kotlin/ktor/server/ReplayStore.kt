package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.ReplayOutcome

/** A store that several processes share, such as Redis with `SET key 1 NX EX seconds`. */
public fun interface ReplayStore {
    /**
     * Remembers a key for so many seconds unless it is there already, in one step. What it throws counts as
     * [ReplayOutcome.UNAVAILABLE].
     */
    public suspend fun insert(key: String, seconds: Long): ReplayOutcome
}
