package dev.wiresign.redis;

import dev.wiresign.ReplayOutcome;
import dev.wiresign.ReplayStore;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.sync.RedisStringCommands;
import java.util.Objects;

/**
 * Asks Redis or Valkey through Lettuce. The connection is the application's, with the time-outs that it was given.
 *
 * <pre>{@code
 * new WiresignFilter(verifier, null, new LettuceReplay(RedisClient.create("redis://redis:6379").connect().sync()));
 * }</pre>
 */
public final class LettuceReplay implements ReplayStore {
    private final Redis redis;

    /**
     * A store.
     *
     * @param commands of one server or of a cluster; the connection must not be closed while the store is used
     */
    public LettuceReplay(RedisStringCommands<String, String> commands) {
        Objects.requireNonNull(commands, "commands");
        redis = new Redis() {
            @Override
            public boolean setIfAbsent(String name, String value, long seconds) {
                return commands.set(name, value, SetArgs.Builder.nx().ex(seconds)) != null;
            }

            @Override
            public String get(String name) {
                return commands.get(name);
            }
        };
    }

    @Override
    public ReplayOutcome insert(String key, long seconds) {
        return redis.insert(key, seconds);
    }
}
