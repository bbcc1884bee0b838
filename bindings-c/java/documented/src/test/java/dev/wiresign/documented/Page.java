package dev.wiresign.documented;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * A page of the documentation.
 *
 * @param name the name of its file
 * @param text all of it
 */
record Page(String name, String text) {
    private static final Path FOLDER = Path.of(System.getProperty("wiresign.docs"));
    private static final Pattern PROGRAM = Pattern.compile("^```java\n// (\\w+)\\.java\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    /** The port that the pages name. */
    private static final String PORT = "8000";

    static Page of(String name) throws IOException {
        return new Page(name, Files.readString(FOLDER.resolve(name)));
    }

    static List<Page> all() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
            List<Page> pages = new java.util.ArrayList<>();
            for (String name : names) {
                pages.add(of(name));
            }
            return pages;
        }
    }

    /** Its programs, by the names of their classes. */
    Map<String, String> programs() {
        Map<String, String> programs = new LinkedHashMap<>();
        Matcher found = PROGRAM.matcher(text);
        while (found.find()) {
            programs.put(found.group(1), found.group(2));
        }
        return programs;
    }

    /** The first block of a language, with another port. */
    String block(String language, int port) {
        Matcher found = Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL).matcher(text);
        if (!found.find()) {
            throw new IllegalArgumentException(name + " has no block of " + language);
        }
        return found.group(1).replace(PORT, String.valueOf(port));
    }

    /** Writes a program with another port into a folder, and compiles it there. */
    void compile(String program, Path folder, int port) throws IOException {
        Path source = folder.resolve(program + ".java");
        Files.writeString(source, programs().get(program).replace(PORT, String.valueOf(port)));
        // What other people's JARs say of their class path, and the annotations that they lack, is nothing of the page.
        int status = ToolProvider.getSystemJavaCompiler().run(
                null, null, null, "-Xlint:all,-path,-classfile", "-Werror", "-parameters", "-proc:none", "-cp", classPath(), "-d",
                folder.toString(), source.toString());
        if (status != 0) {
            throw new IOException("the program of " + name + " does not compile");
        }
    }

    static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")) + File.pathSeparator;
    }
}
