package dev.wiresign;

/**
 * What remembers requests for several processes, where the configuration says {@code "replay": {"store": "external"}}. A
 * store in Redis, with Jedis:
 *
 * <pre>{@code
 * ReplayStore store = (key, seconds) ->
 *         "OK".equals(jedis.set("wiresign:replay:" + key, "1", SetParams.setParams().nx().ex(seconds)))
 *                 ? ReplayOutcome.FIRST : ReplayOutcome.REPEATED;
 * }</pre>
 *
 * <p>What it throws counts as {@link ReplayOutcome#UNAVAILABLE}.
 */
@FunctionalInterface
public interface ReplayStore {
    /**
     * Remembers a key for so long, unless it is there: both in one step for all processes.
     *
     * @param key the {@link Verified#replayKey} of a request
     * @param seconds for how long
     * @return whether the key was there
     */
    ReplayOutcome insert(String key, long seconds);
}
