package dev.wiresign;

import dev.wiresign.internal.Access;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One checked configuration document with its secrets. Immutable but for the keys that issuers of tokens publish, may be used by
 * all threads, and shows no secret.
 *
 * <p>It may be closed while signers and verifiers that were made of it live on.
 */
public final class Config implements AutoCloseable {
    static {
        Access.give(new Access() {
            @Override
            public Config copyOf(Config config) {
                return new Config(config.share());
            }

            @Override
            public Optional<Runnable> onReplacement(Verifier verifier, Config config, Consumer<Config> watcher) {
                return verifier.onReplacement(config, watcher);
            }
        });
    }

    private final Handle handle;
    private final String service;
    private final long bodyLimit;

    private Config(long address) {
        this.handle = new Handle("this Config", address, Native.CONFIG_FREE);
        this.service = Native.text(Native.CONFIG_SERVICE, address);
        this.bodyLimit = Native.count(Native.CONFIG_BODY_LIMIT, address);
    }

    /**
     * Reads a configuration document. References to variables and files are looked up in the environment of the process
     * and in its file system.
     *
     * @param json the document
     * @return the configuration
     * @throws ConfigException where the document has problems
     */
    public static Config parse(String json) {
        return parse(json, Map.of(), Native.LOOKUP_SYSTEM);
    }

    /**
     * Reads a configuration document whose variables are these, and no others. References to files are read.
     *
     * @param json the document
     * @param env what {@code env:NAME} finds
     * @return the configuration
     * @throws ConfigException where the document has problems
     */
    public static Config parse(String json, Map<String, String> env) {
        return parse(json, env, Native.LOOKUP_FILES);
    }

    /**
     * Reads a configuration document from a file in UTF-8, as {@link #parse(String)} does.
     *
     * @param file the file
     * @return the configuration
     * @throws ConfigException where the document has problems
     * @throws UncheckedIOException where the file cannot be read
     */
    public static Config fromFile(Path file) {
        return parse(read(file));
    }

    /**
     * Reads a configuration document from a file in UTF-8, as {@link #parse(String, Map)} does.
     *
     * @param file the file
     * @param env what {@code env:NAME} finds
     * @return the configuration
     * @throws ConfigException where the document has problems
     * @throws UncheckedIOException where the file cannot be read
     */
    public static Config fromFile(Path file, Map<String, String> env) {
        return parse(read(file), env);
    }

    /**
     * Makes the configuration of a small service of the environment variables of the process: {@code SERVICE_ID},
     * {@code SERVICE_SECRET}, {@code ALLOWED_SERVICES}, {@code HMAC_WINDOW_SECONDS} and {@code <SERVICE>_SECRET}.
     *
     * @return the configuration
     * @throws ConfigException where the variables have problems
     */
    public static Config fromEnv() {
        return fromEnv(Map.of(), Native.LOOKUP_SYSTEM);
    }

    /**
     * Makes the configuration of a small service of these variables, and no others.
     *
     * @param env the variables
     * @return the configuration
     * @throws ConfigException where the variables have problems
     */
    public static Config fromEnv(Map<String, String> env) {
        return fromEnv(env, Native.LOOKUP_FILES);
    }

    /**
     * The id of the service itself.
     *
     * @return the id
     */
    public String service() {
        return service;
    }

    /**
     * The environment that this service runs in.
     *
     * @return its name, where the document has one
     */
    public Optional<String> environment() {
        long config = handle.enter();
        try {
            return Optional.ofNullable(Native.text(Native.CONFIG_ENVIRONMENT, config));
        } finally {
            handle.leave();
        }
    }

    /**
     * The ids of the registry.
     *
     * @return the ids
     */
    public List<String> serviceIds() {
        return texts(Native.CONFIG_SERVICE_ID_COUNT, Native.CONFIG_SERVICE_ID);
    }

    /**
     * What is allowed but unwise.
     *
     * @return the warnings, each with its place
     */
    public List<Problem> warnings() {
        List<String> pointers = texts(Native.CONFIG_WARNING_COUNT, Native.CONFIG_WARNING_POINTER);
        List<String> messages = texts(Native.CONFIG_WARNING_COUNT, Native.CONFIG_WARNING_MESSAGE);
        List<Problem> warnings = new ArrayList<>();
        for (int at = 0; at < pointers.size(); at++) {
            warnings.add(new Problem(pointers.get(at), messages.get(at)));
        }
        return List.copyOf(warnings);
    }

    /**
     * Where a service of the registry is reached.
     *
     * @param service the id of the service
     * @return the URL, where the document has one
     */
    public Optional<String> url(String service) {
        byte[] id = service.getBytes(StandardCharsets.UTF_8);
        long[] length = new long[1];
        long config = handle.enter();
        try {
            long address = (long) Native.CONFIG_URL.invokeExact(
                    config, MemorySegment.ofArray(id), (long) id.length, MemorySegment.ofArray(length));
            return Optional.ofNullable(Native.text(address, length[0]));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * Where issuers of tokens publish their keys. {@link dev.wiresign.http.KeySets} fetches them.
     *
     * @return the URL of the JWK Set of each issuer, by the name of the issuer, in the order of the document
     */
    public Map<String, String> jwksUrls() {
        List<String> issuers = texts(Native.CONFIG_JWKS_URL_COUNT, Native.CONFIG_JWKS_URL_ISSUER);
        List<String> urls = texts(Native.CONFIG_JWKS_URL_COUNT, Native.CONFIG_JWKS_URL);
        Map<String, String> published = new LinkedHashMap<>();
        for (int at = 0; at < issuers.size(); at++) {
            published.put(issuers.get(at), urls.get(at));
        }
        return Collections.unmodifiableMap(published);
    }

    /**
     * Takes the JWK Set that an issuer publishes now, in place of what it published before. All verifiers that were made of
     * this configuration use its keys from then on.
     *
     * @param issuer the name of the issuer
     * @param jwks the JSON text of the set
     * @throws ConfigException where the set is wrong, or the configuration has no URL for the issuer; then nothing changes
     */
    public void publishKeys(String issuer, String jwks) {
        long config = handle.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(ValueLayout.JAVA_BYTE, issuer.getBytes(StandardCharsets.UTF_8));
            MemorySegment set = arena.allocateFrom(ValueLayout.JAVA_BYTE, jwks.getBytes(StandardCharsets.UTF_8));
            MemorySegment error = arena.allocate(ValueLayout.JAVA_LONG);
            int status = (int) Native.CONFIG_PUBLISH_KEYS.invokeExact(
                    config, name, name.byteSize(), set, set.byteSize(), error);
            Failure.check(status, error.get(ValueLayout.JAVA_LONG, 0));
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /**
     * The longest body that is accepted, in bytes.
     *
     * @return the limit
     */
    public long bodyLimit() {
        return bodyLimit;
    }

    /** Frees the configuration. Whoever calls it afterwards gets an {@link IllegalStateException}. */
    @Override
    public void close() {
        handle.close();
    }

    @Override
    public String toString() {
        return "Config of " + service;
    }

    Handle handle() {
        return handle;
    }

    /** One more native object of the same configuration, which its owner frees. */
    long share() {
        long[] out = new long[2];
        MemorySegment outputs = MemorySegment.ofArray(out);
        long config = handle.enter();
        try {
            int status = (int) Native.CONFIG_CLONE.invokeExact(config, outputs, outputs.asSlice(8));
            Failure.check(status, out[1]);
            return out[0];
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        } finally {
            handle.leave();
        }
    }

    /** Whether any webhook of the configuration makes handshakes. */
    boolean hasHandshakes() {
        long config = handle.enter();
        try {
            return Native.flag(Native.CONFIG_HAS_HANDSHAKES, config);
        } finally {
            handle.leave();
        }
    }

    HeaderNames headerNames() {
        return new HeaderNames(texts(Native.CONFIG_HEADER_NAME_COUNT, Native.CONFIG_HEADER_NAME));
    }

    private List<String> texts(MethodHandle counter, MethodHandle reader) {
        long config = handle.enter();
        try {
            return Native.texts(counter, reader, config);
        } finally {
            handle.leave();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static Config parse(String json, Map<String, String> env, int lookup) {
        Objects.requireNonNull(json, "json");
        Native.require();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment document = arena.allocateFrom(ValueLayout.JAVA_BYTE, json.getBytes(StandardCharsets.UTF_8));
            Variables variables = new Variables(arena, env);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.CONFIG_PARSE.invokeExact(
                    document, document.byteSize(), variables.block, variables.block.byteSize(), variables.lengths,
                    variables.count, lookup, out, out.asSlice(8));
            return made(status, out);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }

    private static Config fromEnv(Map<String, String> env, int lookup) {
        Native.require();
        try (Arena arena = Arena.ofConfined()) {
            Variables variables = new Variables(arena, env);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int status = (int) Native.CONFIG_FROM_ENV.invokeExact(
                    variables.block, variables.block.byteSize(), variables.lengths, variables.count, lookup, out,
                    out.asSlice(8));
            return made(status, out);
        } catch (Throwable failure) {
            throw Native.unforeseen(failure);
        }
    }

    private static Config made(int status, MemorySegment out) {
        Failure.check(status, out.getAtIndex(ValueLayout.JAVA_LONG, 1));
        return new Config(out.getAtIndex(ValueLayout.JAVA_LONG, 0));
    }

    /** Variables as the library takes them: all bytes, and the length of each name and value. */
    private static final class Variables {
        private final MemorySegment block;
        private final MemorySegment lengths;
        private final long count;

        Variables(Arena arena, Map<String, String> env) {
            List<byte[]> texts = new ArrayList<>();
            env.forEach((name, value) -> {
                texts.add(name.getBytes(StandardCharsets.UTF_8));
                texts.add(value.getBytes(StandardCharsets.UTF_8));
            });
            count = env.size();
            block = arena.allocate(texts.stream().mapToLong(text -> text.length).sum());
            lengths = arena.allocate(ValueLayout.JAVA_INT, texts.size());
            long at = 0;
            for (int index = 0; index < texts.size(); index++) {
                byte[] text = texts.get(index);
                MemorySegment.copy(text, 0, block, ValueLayout.JAVA_BYTE, at, text.length);
                lengths.setAtIndex(ValueLayout.JAVA_INT, index, text.length);
                at += text.length;
            }
        }
    }
}
