package dev.wiresign.redis;

import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import java.util.Objects;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/**
 * Asks Redis or Valkey through Jedis. The client is the application's, with the time-outs that it was given.
 *
 * <pre>{@code
 * new WiresignFilter(verifier, null, new JedisReplay(new JedisPooled("redis://redis:6379")));
 * }</pre>
 */
public final class JedisReplay implements ReplayStore {
    private final Redis redis;

    /**
     * A store.
     *
     * @param client a client for many threads, such as a {@code JedisPooled}; it must not be closed while the store is used
     */
    public JedisReplay(UnifiedJedis client) {
        Objects.requireNonNull(client, "client");
        redis = new Redis() {
            @Override
            public boolean setIfAbsent(String name, String value, long seconds) {
                return client.set(name, value, SetParams.setParams().nx().ex(seconds)) != null;
            }

            @Override
            public String get(String name) {
                return client.get(name);
            }
        };
    }

    @Override
    public ReplayOutcome insert(String key, long seconds) {
        return redis.insert(key, seconds);
    }
}
