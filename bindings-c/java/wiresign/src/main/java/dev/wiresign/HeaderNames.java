package dev.wiresign;

import java.util.List;

/** The header fields that a configuration reads: of most requests, a few among many. */
final class HeaderNames {
    private static final int LONGEST = 63;
    private static final int TELLING = 2;
    private static final char TO_LOWER_CASE = 0x20;

    /** A bit for each length of a name, which tells most names apart without a look at them. */
    private final long lengths;
    private final Name[][] byLength = new Name[LONGEST + 1][];
    /** Whether a name does not fit into the table; then all fields are passed. */
    private final boolean takesAll;

    HeaderNames(List<String> names) {
        takesAll = names.stream().anyMatch(name -> name.length() <= TELLING || name.length() > LONGEST);
        List<String> filtered = takesAll ? List.of() : names;
        long bits = 0;
        for (int length = 0; length <= LONGEST; length++) {
            int wanted = length;
            byLength[length] = filtered.stream().filter(name -> name.length() == wanted)
                    .map(name -> new Name(name, (char) (name.charAt(TELLING) | TO_LOWER_CASE))).toArray(Name[]::new);
            bits |= byLength[length].length == 0 ? 0 : 1L << length;
        }
        lengths = bits;
    }

    /** Whether the field is one of those, in any letter case. */
    boolean has(String name) {
        int length = name.length();
        if (takesAll || length > LONGEST || (lengths >> length & 1) == 0) {
            return takesAll;
        }
        // The first characters are the same in many names.
        int telling = name.charAt(TELLING) | TO_LOWER_CASE;
        for (Name one : byLength[length]) {
            if (one.telling == telling && (one.text.equals(name) || one.text.equalsIgnoreCase(name))) {
                return true;
            }
        }
        return false;
    }

    /**
     * One name.
     *
     * @param text in lower case
     * @param telling its third character
     */
    private record Name(String text, char telling) {}
}
