package dev.wiresign;

import java.util.ArrayList;
import java.util.List;

/** The header fields that a configuration reads: of most requests, a few among many. */
final class HeaderNames {
    private static final int LONGEST = 64;

    /** By length, which tells most names apart without a look at them. */
    private final String[][] byLength = new String[LONGEST + 1][];
    /** Whether a name is too long for the table; then all fields are passed. */
    private final boolean takesAll;

    HeaderNames(List<String> names) {
        boolean isTooLong = false;
        List<List<String>> all = new ArrayList<>();
        for (int length = 0; length <= LONGEST; length++) {
            all.add(new ArrayList<>());
        }
        for (String name : names) {
            if (name.length() > LONGEST) {
                isTooLong = true;
            } else {
                all.get(name.length()).add(name);
            }
        }
        for (int length = 0; length <= LONGEST; length++) {
            byLength[length] = all.get(length).toArray(String[]::new);
        }
        takesAll = isTooLong;
    }

    /** Whether the field is one of those, in any letter case. */
    boolean has(String name) {
        int length = name.length();
        if (length > LONGEST) {
            return takesAll;
        }
        for (String one : byLength[length]) {
            if (one.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return takesAll;
    }
}
