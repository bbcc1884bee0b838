import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What a request says of its signature of AWS, in its form. `session` and `bodyDigest` may be null. */
record AmazonClaim(
        boolean isLink, String accessKey, String day, String region, String service, List<String> names, String signature,
        long seconds, String time, long life, String session, String bodyDigest) {
    static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final List<String> ONCE =
            List.of("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host");
    private static final Set<String> OF_LINKS = Set.of(
            "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
            "X-Amz-Security-Token", "X-Amz-Content-Sha256");
    private static final Set<String> OF_HEADERS = Set.of("Credential", "SignedHeaders", "Signature");
    private static final DateTimeFormatter BASIC = formatter("uuuuMMdd'T'HHmmss'Z'");
    /** The form of a Date header (RFC 9110, 5.6.7), also with the zone as it is in mail (RFC 5322, 3.3). */
    private static final List<DateTimeFormatter> TIMES = List.of(
            BASIC, formatter("EEE, dd MMM uuuu HH:mm:ss 'GMT'"), formatter("EEE, dd MMM uuuu HH:mm:ss '+0000'"),
            formatter("EEE, dd MMM uuuu HH:mm:ss '-0000'"));

    private static DateTimeFormatter formatter(String pattern) {
        DateTimeFormatter form = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH);
        return form.withResolverStyle(ResolverStyle.STRICT).withZone(ZoneOffset.UTC);
    }

    /** The one credential of a request. */
    static AmazonClaim of(Wire.Request request) throws Refused {
        for (String name : ONCE) {
            List<String> values = request.all(name);
            int commas = name.equals("authorization") ? 2 : 0;
            boolean isJoined = values.stream().anyMatch(value -> value.chars().filter(letter -> letter == ',').count() > commas);
            if (values.size() > 1 || isJoined) throw new Refused("DUPLICATE_HEADER");
        }
        String header = request.one("authorization");
        boolean isHeader = header != null && Wire.lower(header).startsWith("aws4-");
        boolean isLink = isLink(request.query());
        if (isHeader && isLink) throw new Refused("AMBIGUOUS_CREDENTIALS");
        if (!isHeader && !isLink) throw new Refused("AUTHENTICATION_REQUIRED");
        return isHeader ? inHeader(header, request) : inLink(request.query());
    }

    private static boolean isLink(String query) {
        for (String piece : query.split("&")) {
            String name = Wire.lower(Percent.decodeLoosely(piece.split("=", 2)[0]));
            if (Set.of("x-amz-algorithm", "x-amz-credential", "x-amz-signature").contains(name)) return true;
        }
        return false;
    }

    /** `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`; blanks may stand before a member. */
    private static AmazonClaim inHeader(String header, Wire.Request request) throws Refused {
        String[] parts = header.split(" ", 2);
        if (!parts[0].equals(ALGORITHM)) throw new Refused("ALGORITHM_NOT_ALLOWED");
        Map<String, String> members = new HashMap<>();
        for (String text : parts.length > 1 && !parts[1].isEmpty() ? parts[1].split(",", -1) : new String[0]) {
            String[] member = text.replaceFirst("^ +", "").split("=", 2);
            boolean isGood = member.length == 2 && OF_HEADERS.contains(member[0]);
            if (!isGood || members.put(member[0], member[1]) != null) throw new Refused("MALFORMED_SIGNATURE");
        }
        String date = request.one("x-amz-date");
        return read(false, members.get("Credential"), members.get("SignedHeaders"), members.get("Signature"),
                date == null ? request.one("date") : date, null, request.one("x-amz-security-token"), null);
    }

    /** Each parameter is there once, and in its one spelling. */
    private static AmazonClaim inLink(String query) throws Refused {
        Map<String, String> members = new HashMap<>();
        for (String piece : query.split("&")) {
            String[] pair = piece.split("=", 2);
            String name = Percent.decodeLoosely(pair[0]);
            if (OF_LINKS.stream().noneMatch(name::equalsIgnoreCase)) continue;
            String value = Percent.decode(pair.length > 1 ? pair[1] : "");
            if (!OF_LINKS.contains(name) || members.put(name, value) != null) throw new Refused("MALFORMED_REQUEST");
        }
        if (!ALGORITHM.equals(members.get("X-Amz-Algorithm"))) throw new Refused("ALGORITHM_NOT_ALLOWED");
        return read(true, members.get("X-Amz-Credential"), members.get("X-Amz-SignedHeaders"), members.get("X-Amz-Signature"),
                members.get("X-Amz-Date"), members.get("X-Amz-Expires"), members.get("X-Amz-Security-Token"),
                members.get("X-Amz-Content-Sha256"));
    }

    private static AmazonClaim read(
            boolean isLink, String credential, String signed, String signature, String date, String expires, String session,
            String bodyDigest) throws Refused {
        if (credential == null) throw new Refused("MISSING_SERVICE_ID");
        if (signed == null || signed.isEmpty()) throw new Refused("INSUFFICIENT_COVERAGE");
        if (signature == null) throw new Refused("MISSING_SIGNATURE");
        if (date == null || isLink && expires == null) throw new Refused("MISSING_TIMESTAMP");

        String[] scope = credential.split("/", -1);
        if (!credential.matches("[^/]+/[0-9]{8}/[^/]+/[^/]+/aws4_request")) throw new Refused("MALFORMED_SIGNATURE");
        List<String> names = List.of(signed.split(";", -1));
        if (names.size() > 64) throw new Refused("MALFORMED_REQUEST");
        boolean areNames = names.stream().allMatch(name -> name.matches("[a-z0-9!#$%&'*+.^_`|~-]+"));
        boolean areSorted = List.copyOf(new TreeSet<>(names)).equals(names);
        if (!areNames || !areSorted || !signature.matches("[0-9a-f]{64}")) throw new Refused("MALFORMED_SIGNATURE");
        Instant moment = moment(date);
        String time = BASIC.format(moment);
        boolean isLife = !isLink || expires.matches("[1-9][0-9]{0,11}");
        if (!isLife || !time.startsWith(scope[1])) throw new Refused("INVALID_TIMESTAMP");
        return new AmazonClaim(isLink, scope[0], scope[1], scope[2], scope[3], names, signature, moment.getEpochSecond(), time,
                isLink ? Long.parseLong(expires) : 900, session, bodyDigest);
    }

    private static Instant moment(String text) throws Refused {
        for (DateTimeFormatter form : TIMES) {
            try {
                Instant moment = form.parse(text, Instant::from);
                // Written again, since the library reads names in some other spellings too.
                if (moment.getEpochSecond() >= 0 && form.format(moment).equals(text)) return moment;
            } catch (DateTimeException another) {
                // It may be of the next form.
            }
        }
        throw new Refused("INVALID_TIMESTAMP");
    }
}
