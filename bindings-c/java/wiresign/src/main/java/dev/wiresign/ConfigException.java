package dev.wiresign;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration document cannot be used. All that is wrong with it is told at once. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    ConfigException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /**
     * Every problem, in the order of the document.
     *
     * @return the problems; not empty, unless this object was serialised
     */
    public List<Problem> problems() {
        return problems == null ? List.of() : problems;
    }
}
