package dev.wiresign.redis;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A real Redis, that can be killed and started again. */
public final class RedisServer implements AutoCloseable {
    private final int port;
    private final Path folder;
    private Process process;

    /** One that keeps its data below a folder, and runs. */
    public RedisServer(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        port = freePort();
        start();
    }

    /** Where it is. */
    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    void start() throws IOException, InterruptedException {
        process = new ProcessBuilder(
                        "redis-server", "--port", String.valueOf(port), "--bind", "127.0.0.1", "--dir", folder.toString(), "--save", "",
                        "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!listens()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IOException("redis-server does not start; the Debian package redis-server has it");
            }
            Thread.sleep(10);
        }
    }

    /** Ends it as a crash does. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    @Override
    public void close() {
        kill();
    }

    /** A port below those that the kernel gives to whoever names none, so that nobody gets it before it is used. */
    private static int freePort() throws IOException {
        while (true) {
            try (ServerSocket free = new ServerSocket(ThreadLocalRandom.current().nextInt(20_000, 32_000))) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Then another one.
            }
        }
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }
}
