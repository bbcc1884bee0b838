import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends with 1
 * when memory has grown after the first tenth: by then the replay store is as large as it gets.
 */
final class LongRun {
    /** How long the whole run takes by the verifier's clock: a tenth of it is longer than a request is remembered. */
    static final long SECONDS = 20_000;
    private static final double ALLOWED_GROWTH_MEBIBYTES = 16;

    private LongRun() {}

    /** How many verifies the arguments of a program ask for. */
    static long countIn(String[] arguments) {
        return arguments.length > 0 ? Long.parseLong(arguments[0]) : 10_000_000;
    }

    /** Does one after the other, each by its number, and ends the process. */
    static void of(String language, long count, LongConsumer one) throws IOException {
        double tenth = 0;
        double middle = 0;
        double start = residentMebibytes();
        for (long number = 0; number < count; number++) {
            one.accept(number);
            if (number == count / 10) {
                tenth = residentMebibytes();
            } else if (number == count / 2) {
                middle = residentMebibytes();
            }
        }
        double end = residentMebibytes();
        System.out.printf("%s: %d verifies, resident memory %.1f MiB at the start, %.1f after a tenth, %.1f in the middle, %.1f at the end%n",
                language, count, start, tenth, middle, end);
        System.exit(end - tenth > ALLOWED_GROWTH_MEBIBYTES ? 1 : 0);
    }

    /** What the process has in memory, of the JVM and of the library, without what is garbage. */
    private static double residentMebibytes() throws IOException {
        System.gc();
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(each -> each.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
    }
}
