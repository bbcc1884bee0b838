package dev.wiresign.documented;

import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A program of a page, as a process of its own. */
final class Running implements AutoCloseable {
    private static final long SECONDS = 120;

    private final Process process;
    private final Path log;

    Running(String program, Path folder, Map<String, String> env) throws IOException {
        log = Files.createTempFile(folder, program, ".log");
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED", "-cp", Page.classPath() + File.pathSeparator + folder, program));
        builder.directory(folder.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(env);
        process = builder.start();
    }

    /** A port below those that the kernel gives to whoever names none, so that nobody gets it before it is used. */
    static int freePort() throws IOException {
        while (true) {
            try (ServerSocket free = new ServerSocket(ThreadLocalRandom.current().nextInt(20_000, 32_000))) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Then another one.
            }
        }
    }

    /** Waits until it listens. */
    void waitForPort(int port) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (true) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException notYet) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    throw new IOException("the program does not listen: " + Files.readString(log), notYet);
                }
                Thread.sleep(50);
            }
        }
    }

    /** Waits for its end, and gives what it printed. */
    String printed() throws IOException, InterruptedException {
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("the program failed: " + Files.readString(log));
        }
        return Files.readString(log);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
