package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the native library is found: each case in a Java of its own, since a process loads it once. */
class NativeLibraryTest {
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

    @TempDir
    private Path folder;

    /** Started by the tests: makes an object, and prints what came of it. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] arguments) {
            for (int attempt = 0; attempt < 2; attempt++) {
                try {
                    System.out.println("made " + Secrets.generateSecret().length());
                } catch (NativeLibraryException problem) {
                    System.out.println("problem " + problem.getMessage());
                }
            }
        }
    }

    private static Path classes() throws Exception {
        return Path.of(Native.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static Path probe() throws Exception {
        return Path.of(Probe.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static Path bundled() throws Exception {
        NativeLibrary.Platform platform = NativeLibrary.Platform.current();
        return classes().resolve("META-INF/native/" + platform.id() + "/" + platform.file("wiresign"));
    }

    /** The same classes, without the library that belongs to them. */
    private Path bare() throws Exception {
        Path bare = folder.resolve("bare");
        try (var files = Files.walk(classes())) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                Path copy = bare.resolve(classes().relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        return bare;
    }

    private static String run(List<String> prefix, Path classes, String... options) throws Exception {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classes + ":" + probe(), Probe.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(300, TimeUnit.SECONDS), output);
        List<String> lines = output.lines().filter(line -> line.startsWith("made ") || line.startsWith("problem ")).toList();
        assertEquals(2, lines.size(), output);
        assertEquals(lines.get(0), lines.get(1), "a second attempt says the same");
        return lines.get(0);
    }

    private static String run(Path classes, String... options) throws Exception {
        return run(List.of(), classes, options);
    }

    @Test
    void theBundledLibraryIsUnpackedAndLeavesNothing() throws Exception {
        assertEquals("made 64", run(classes(), ACCESS, "-Dwiresign.tmpdir=" + folder));
        try (var left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void thePropertyComesFirst() throws Exception {
        Path file = Files.copy(bundled(), folder.resolve("other-name.so"));
        assertEquals("made 64", run(bare(), ACCESS, "-Dwiresign.library=" + file));
        String missing = run(classes(), ACCESS, "-Dwiresign.library=" + folder.resolve("nothing.so"));
        assertTrue(missing.contains("there is no file") && missing.contains("wiresign.library"), missing);
    }

    @Test
    void theSystemComesLast() throws Exception {
        Files.copy(bundled(), folder.resolve("libwiresign.so"));
        assertEquals("made 64", run(bare(), ACCESS, "-Djava.library.path=" + folder));
    }

    @Test
    void withoutAnyLibraryTheMessageSaysWhatToDo() throws Exception {
        String problem = run(bare(), ACCESS, "-Djava.library.path=" + folder);
        assertTrue(problem.contains("brings no library for linux-") && problem.contains("-Dwiresign.library=FILE"), problem);
    }

    @Test
    void aFileThatIsNoLibraryIsNamed() throws Exception {
        Path file = Files.writeString(folder.resolve("libwiresign.so"), "not a library");
        String problem = run(classes(), ACCESS, "-Dwiresign.library=" + file);
        assertTrue(problem.contains("does not load " + file) && problem.contains("It must be libwiresign for linux-"), problem);
    }

    @Test
    void anotherPlatformIsNamed() throws Exception {
        String problem = run(classes(), ACCESS, "-Dos.arch=sparc", "-Djava.library.path=" + folder);
        assertTrue(problem.contains("brings no library for linux-sparc"), problem);
    }

    @Test
    void platformsHaveOneName() {
        assertEquals("linux-x86_64", NativeLibrary.Platform.of("Linux", "amd64").id());
        assertEquals("linux-aarch64", NativeLibrary.Platform.of("Linux", "aarch64").id());
        assertEquals("libwiresign.dylib", NativeLibrary.Platform.of("Mac OS X", "aarch64").file("wiresign"));
        assertEquals("macos-aarch64", NativeLibrary.Platform.of("Mac OS X", "aarch64").id());
        assertEquals("wiresign.dll", NativeLibrary.Platform.of("Windows 11", "amd64").file("wiresign"));
        assertEquals("free-bsd-riscv64", NativeLibrary.Platform.of("Free BSD", "riscv64").id());
    }

    @Test
    void withoutNativeAccessTheMessageNamesTheOption() throws Exception {
        Assumptions.assumeTrue(Runtime.version().feature() >= 24, "older versions of Java warn and go on");
        String problem = run(classes(), "--illegal-native-access=deny");
        assertTrue(problem.contains("--enable-native-access=ALL-UNNAMED") && problem.contains("Enable-Native-Access"), problem);
    }

    @Test
    void aFolderThatNothingRunsFromIsNamed() throws Exception {
        List<String> mount = List.of("unshare", "--mount", "--map-root-user", "sh", "-c",
                "mount -t tmpfs -o noexec none " + folder + " && exec \"$@\"", "sh");
        Assumptions.assumeTrue(succeeds(mount), "this machine lets nobody mount a folder without leave to run from it");
        String problem = run(mount, classes(), ACCESS, "-Dwiresign.tmpdir=" + folder);
        assertTrue(problem.contains("noexec") && problem.contains("-Dwiresign.tmpdir=FOLDER"), problem);
    }

    private static boolean succeeds(List<String> mount) throws InterruptedException {
        List<String> command = new ArrayList<>(mount);
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    @Test
    void aFolderThatCannotBeWrittenToIsNamed() throws Exception {
        String problem = run(classes(), ACCESS, "-Dwiresign.tmpdir=" + folder.resolve("nowhere"));
        assertTrue(problem.contains("cannot be unpacked") && problem.contains("-Dwiresign.tmpdir=FOLDER"), problem);
    }
}
