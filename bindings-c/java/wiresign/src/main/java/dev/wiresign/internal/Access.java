package dev.wiresign.internal;

import dev.wiresign.Config;
import dev.wiresign.Verifier;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** What {@code dev.wiresign.http} needs of {@code dev.wiresign} and applications do not. The module keeps it to itself. */
public abstract class Access {
    private static volatile Access given;

    /** Made by {@link Config}. */
    protected Access() {}

    /**
     * Gives the access; called while {@link Config} is initialised.
     *
     * @param access the access
     */
    public static void give(Access access) {
        given = access;
    }

    /**
     * The access, for whoever has a configuration already.
     *
     * @return the access
     */
    public static Access get() {
        return Objects.requireNonNull(given, "there is no configuration yet");
    }

    /**
     * The same configuration once more, which is closed by itself.
     *
     * @param config the configuration
     * @return an object of its own
     */
    public abstract Config copyOf(Config config);

    /**
     * Begins to tell somebody of each configuration that a verifier gets, just before it is put in force.
     *
     * @param verifier the verifier
     * @param config the configuration that it is expected to have
     * @param watcher called with the next one, which is open until the call ends; where it throws, nothing is replaced
     * @return what ends it; absent where the verifier has another configuration
     */
    public abstract Optional<Runnable> onReplacement(Verifier verifier, Config config, Consumer<Config> watcher);
}
