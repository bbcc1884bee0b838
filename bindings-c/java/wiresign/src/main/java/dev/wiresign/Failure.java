package dev.wiresign;

import java.util.ArrayList;
import java.util.List;

/** Turns the status of a native call, and the wiresign_error beside it, into what Java throws. */
final class Failure {
    private Failure() {}

    /** Throws unless the status is that of success. The error is freed. */
    static void check(int status, long error) {
        if (status != 0) {
            throw of(status, error);
        }
    }

    /** The exception for a status that is not that of success. The error, which may be 0, is freed. */
    static RuntimeException of(int status, long error) {
        try {
            RefusalCode refusal = RefusalCode.of(status);
            if (refusal != null && error != 0) {
                return new Refusal(refusal, Outcome.ofRefusal(error));
            }
            String message = error == 0 ? "status " + status : Native.text(Native.ERROR_MESSAGE, error);
            FailureCode code = FailureCode.of(status);
            if (code == null) {
                return defect(message);
            }
            return switch (code) {
                case CONFIG_INVALID -> new ConfigException(problems(error));
                case SIGNING_FAILED -> new SigningException(message);
                case INVALID_ARGUMENT -> new IllegalArgumentException(message);
                case OBJECT_SPENT -> new IllegalStateException(message);
                case BUFFER_TOO_SMALL, INTERNAL -> defect(
                        error == 0 ? message : message + " " + Native.text(Native.ERROR_DETAIL, error));
            };
        } finally {
            if (error != 0) {
                Native.free(Native.ERROR_FREE, error);
            }
        }
    }

    private static IllegalStateException defect(String message) {
        return new IllegalStateException("wiresign: " + message);
    }

    private static List<Problem> problems(long error) {
        List<Problem> problems = new ArrayList<>();
        for (long at = 0; at < Native.count(Native.ERROR_PROBLEM_COUNT, error); at++) {
            problems.add(new Problem(
                    Native.text(Native.ERROR_PROBLEM_POINTER, error, at),
                    Native.text(Native.ERROR_PROBLEM_MESSAGE, error, at)));
        }
        return problems;
    }
}
