package dev.wiresign;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The counters of one verifier, as they stood when they were asked for. */
public final class Metrics {
    /** The library writes no escapes: names of services, schemes and codes need none. */
    private static final Pattern LINE = Pattern.compile("([a-z_]+)(?:\\{(.*)\\})? (\\d+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");

    private final String text;

    Metrics(String text) {
        this.text = text;
    }

    /**
     * The counters in the text format of Prometheus.
     *
     * @return the text, with a line end behind each line
     */
    public String prometheus() {
        return text;
    }

    /**
     * The counters as values.
     *
     * @return the counters, in the order of the text
     */
    public List<Counter> counters() {
        List<Counter> counters = new ArrayList<>();
        for (String line : text.split("\n")) {
            Matcher counter = LINE.matcher(line);
            if (counter.matches()) {
                counters.add(new Counter(counter.group(1), labels(counter.group(2)), Long.parseLong(counter.group(3))));
            }
        }
        return List.copyOf(counters);
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new LinkedHashMap<>();
        if (text != null) {
            Matcher label = LABEL.matcher(text);
            while (label.find()) {
                labels.put(label.group(1), label.group(2));
            }
        }
        return Collections.unmodifiableMap(labels);
    }

    @Override
    public String toString() {
        return text;
    }
}
