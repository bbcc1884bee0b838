package dev.wiresign;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds and loads the native library: the file that the system property names, else the one that this JAR brings for the
 * platform, else the one that the system has.
 */
final class NativeLibrary {
    /** Names the file of the library. Nothing else is tried then. */
    static final String FILE_PROPERTY = "wiresign.library";
    /** Names the folder that the library of the JAR is unpacked to, in place of {@code java.io.tmpdir}. */
    static final String FOLDER_PROPERTY = "wiresign.tmpdir";

    private static final String NAME = "wiresign";
    /** The number of the C ABI that this code was written for. */
    private static final String SONAME = "libwiresign.so.0";

    private NativeLibrary() {}

    /** Loads the library; the symbols that it gives live as long as the process. */
    static SymbolLookup load() {
        String file = System.getProperty(FILE_PROPERTY);
        if (file != null) {
            return loadFile(Path.of(file), "the system property " + FILE_PROPERTY + " names it");
        }
        Platform platform = Platform.current();
        String resource = "/META-INF/native/" + platform.id() + "/" + platform.file(NAME);
        try (InputStream bundled = NativeLibrary.class.getResourceAsStream(resource)) {
            if (bundled != null) {
                return loadBundled(bundled, platform.file(NAME));
            }
        } catch (IOException failure) {
            throw new NativeLibraryException("the library in the JAR cannot be unpacked: " + failure + ". " + ADVICE_FOLDER, failure);
        }
        return loadFromSystem(platform);
    }

    private static final String ADVICE_FOLDER =
            "Name a folder that files can be written to and run from with -D" + FOLDER_PROPERTY
                    + "=FOLDER, or an installed library with -D" + FILE_PROPERTY + "=FILE.";

    private static SymbolLookup loadBundled(InputStream bundled, String name) throws IOException {
        String parent = System.getProperty(FOLDER_PROPERTY, System.getProperty("java.io.tmpdir"));
        // A folder of its own that nobody else may write to: else another user could lay a library there.
        Path folder = Files.createTempDirectory(Path.of(parent), "wiresign-", ownerOnly());
        Path file = folder.resolve(name);
        try {
            Files.copy(bundled, file);
            try {
                System.load(file.toAbsolutePath().toString());
            } catch (UnsatisfiedLinkError refused) {
                throw new NativeLibraryException(whyNot(file, refused), refused);
            }
            return SymbolLookup.loaderLookup();
        } finally {
            // A library that is mapped needs no name any more. Where the system holds on to it, it is for the next clean-up.
            delete(file);
            delete(folder);
        }
    }

    private static String whyNot(Path file, UnsatisfiedLinkError refused) {
        String reason = String.valueOf(refused.getMessage());
        if (reason.contains("failed to map segment") || reason.contains("Operation not permitted")) {
            return "the library was unpacked to " + file.getParent()
                    + ", and the system does not run files from there (is it mounted noexec?). " + ADVICE_FOLDER;
        }
        return "the library was unpacked to " + file.getParent() + ", and the system does not load it: " + reason + ". "
                + ADVICE_FOLDER;
    }

    private static SymbolLookup loadFile(Path file, String why) {
        if (!Files.isRegularFile(file)) {
            throw new NativeLibraryException(
                    "there is no file " + file + ", and " + why + ". Correct it, or leave it out to use the library in the JAR.", null);
        }
        try {
            System.load(file.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError refused) {
            throw new NativeLibraryException(
                    "the system does not load " + file + " (" + why + "): " + refused.getMessage()
                            + ". It must be libwiresign for " + Platform.current().id() + ".", refused);
        }
        return SymbolLookup.loaderLookup();
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup loadFromSystem(Platform platform) {
        List<String> tried = new ArrayList<>();
        try {
            System.loadLibrary(NAME);
            return SymbolLookup.loaderLookup();
        } catch (UnsatisfiedLinkError missing) {
            tried.add("java.library.path");
        }
        try {
            return SymbolLookup.libraryLookup(platform.isLinux() ? SONAME : platform.file(NAME), Arena.global());
        } catch (IllegalArgumentException missing) {
            tried.add("the system's folders");
        }
        throw new NativeLibraryException(
                "this JAR brings no library for " + platform.id() + ", and none was found in " + String.join(" or ", tried)
                        + ". Build it with bindings-c/install.sh on such a machine, and name it with -D" + FILE_PROPERTY + "=FILE.",
                null);
    }

    private static FileAttribute<?>[] ownerOnly() {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))}
                : new FileAttribute<?>[0];
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException held) {
            path.toFile().deleteOnExit();
        }
    }

    /** A kind of machine, named as the folders in the JAR are. */
    record Platform(String system, String processor) {
        static Platform current() {
            return of(System.getProperty("os.name"), System.getProperty("os.arch"));
        }

        static Platform of(String name, String arch) {
            String system = name.startsWith("Linux") ? "linux" : name.startsWith("Mac") ? "macos" : name.startsWith("Windows") ? "windows" : name.toLowerCase(java.util.Locale.ROOT).replace(' ', '-');
            String processor = switch (arch) {
                case "amd64", "x86_64" -> "x86_64";
                case "arm64", "aarch64" -> "aarch64";
                default -> arch;
            };
            return new Platform(system, processor);
        }

        String id() {
            return system + "-" + processor;
        }

        boolean isLinux() {
            return system.equals("linux");
        }

        String file(String library) {
            return switch (system) {
                case "windows" -> library + ".dll";
                case "macos" -> "lib" + library + ".dylib";
                default -> "lib" + library + ".so";
            };
        }
    }
}
