import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A part of a message that a signature covers (RFC 9421, 2). */
record Component(String name, Map<String, Structured.Bare> parameters, String identifier) {
    /** What is covered along with a component that is no field. */
    private static final Map<String, Set<String>> DERIVED = Map.of(
            "@method", Set.of(), "@authority", Set.of(), "@scheme", Set.of(), "@path", Set.of(), "@query", Set.of("@query-param"),
            "@query-param", Set.of(), "@target-uri", Set.of("@scheme", "@authority", "@path", "@query", "@query-param"),
            "@request-target", Set.of("@path", "@query", "@query-param"));
    /** Fields of requests that are registered as dictionaries, and as other structured fields. */
    private static final Set<String> DICTIONARIES = Set.of(
            "accept-signature", "content-digest", "priority", "repr-digest", "signature", "signature-input",
            "want-content-digest", "want-repr-digest");
    private static final Set<String> ITEMS_AND_LISTS = Set.of("client-cert", "client-cert-chain");

    static List<Component> listOf(Structured.Member input) throws Refused {
        if (!input.isList() || input.items().size() > 32) throw new Refused("MALFORMED_SIGNATURE");
        List<Component> components = new ArrayList<>();
        for (Structured.Member item : input.items()) {
            Component component = of(item);
            // The order of parameters makes no other component of it.
            boolean isThere = components.stream().anyMatch(
                    other -> other.name.equals(component.name) && other.parameters.equals(component.parameters));
            if (isThere) throw new Refused("MALFORMED_SIGNATURE");
            components.add(component);
        }
        return components;
    }

    static Component of(Structured.Member item) throws Refused {
        Map<String, Structured.Bare> parameters = item.parameters().values();
        String name = item.bare().text();
        boolean isField = name.matches("[a-z0-9!#$%&'*+.^_`|~-]+");
        boolean isGood = item.bare().kind() == Structured.Kind.STRING && (isField || DERIVED.containsKey(name));
        isGood &= !item.parameters().isRepeated() && parameters.size() <= 16;
        isGood &= parameters.entrySet().stream().allMatch(parameter -> switch (parameter.getKey()) {
            case "sf", "bs" -> isField && parameter.getValue().equals(Structured.Bare.TRUE);
            case "key" -> isField && parameter.getValue().kind() == Structured.Kind.STRING;
            case "name" -> name.equals("@query-param") && parameter.getValue().kind() == Structured.Kind.STRING;
            // `req` is for responses, and trailers (`tr`) are not read.
            default -> false;
        });
        isGood &= !parameters.containsKey("bs") || parameters.size() == 1;
        isGood &= !name.equals("@query-param") || parameters.containsKey("name");
        isGood &= !parameters.containsKey("sf") || parameters.containsKey("key")
                || DICTIONARIES.contains(name) || ITEMS_AND_LISTS.contains(name);
        if (!isGood) throw new Refused("MALFORMED_SIGNATURE");
        return new Component(name, parameters, item.written());
    }

    /** Whether all that is needed is in this. */
    boolean standsFor(Component needed) {
        if (DERIVED.getOrDefault(name, Set.of()).contains(needed.name)) return true;
        if (!name.equals(needed.name)) return false;
        if (parameters.containsKey("key") || parameters.containsKey("name")) {
            return parameters.getOrDefault("key", Structured.Bare.TRUE)
                    .equals(needed.parameters.getOrDefault("key", Structured.Bare.TRUE))
                    && parameters.getOrDefault("name", Structured.Bare.TRUE)
                    .equals(needed.parameters.getOrDefault("name", Structured.Bare.TRUE));
        }
        return !needed.parameters.containsKey("bs") || parameters.containsKey("bs");
    }

    /** What stands for this in what is signed (2.1 and 2.2). */
    String valueIn(Wire.Request request, String scheme) throws Refused {
        return switch (name) {
            case "@method" -> request.method();
            case "@scheme" -> scheme;
            case "@path" -> request.path();
            case "@query" -> "?" + request.query();
            case "@request-target" -> request.target();
            case "@query-param" -> queryParameter(request.query(), parameters.get("name").text());
            case "@authority" -> authority(request, scheme);
            // The star of OPTIONS stands for no path (RFC 9110, 7.1).
            case "@target-uri" -> scheme + "://" + authority(request, scheme) + request.target().replaceAll("^\\*$", "");
            default -> fieldValue(request.all(name));
        };
    }

    private String fieldValue(List<String> lines) throws Refused {
        if (lines.isEmpty()) throw new Refused("INSUFFICIENT_COVERAGE");
        if (parameters.containsKey("bs")) {
            return lines.stream().map(line -> ":" + Wire.base64(Wire.bytes(Structured.trimmed(line))) + ":")
                    .collect(Collectors.joining(", "));
        }
        if (!parameters.containsKey("sf") && !parameters.containsKey("key")) return Structured.joined(lines);
        if (ITEMS_AND_LISTS.contains(name)) throw new Unsupported("a structured field that is no dictionary");
        try {
            Structured.Dictionary dictionary = Structured.dictionary(lines);
            if (!parameters.containsKey("key")) return dictionary.written();
            Structured.Member member = dictionary.members().get(parameters.get("key").text());
            if (member == null) throw new Refused("INSUFFICIENT_COVERAGE");
            return member.written();
        } catch (Structured.Malformed another) {
            throw new Refused("MALFORMED_REQUEST");
        }
    }

    /** The one value of a name, decoded as a form is and encoded again (2.2.8). */
    private static String queryParameter(String query, String wanted) throws Refused {
        List<String> found = new ArrayList<>();
        String[] pieces = query.split("&", -1);
        if (pieces.length > 100) throw new Refused("MALFORMED_REQUEST");
        for (String piece : pieces) {
            if (piece.isEmpty()) continue;
            String[] pair = piece.split("=", 2);
            if (pair[0].matches(".*%(?![0-9A-Fa-f]{2}).*")) throw new Refused("MALFORMED_REQUEST");
            if (Percent.encodeForm(Percent.decodeForm(pair[0])).equals(wanted)) {
                found.add(Percent.encodeForm(Percent.decodeForm(pair.length > 1 ? pair[1] : "")));
            }
        }
        if (found.isEmpty()) throw new Refused("INSUFFICIENT_COVERAGE");
        if (found.size() > 1) throw new Refused("MALFORMED_REQUEST");
        return found.get(0);
    }

    /** The authority in its one form (RFC 9110, 4.2.3); the request may say it in two places. */
    private static String authority(Wire.Request request, String scheme) throws Refused {
        List<String> said = new ArrayList<>(request.all("host").stream().map(Structured::trimmed).toList());
        if (said.size() > 1) throw new Refused("DUPLICATE_HEADER");
        if (request.authority() != null && !request.authority().isEmpty()) said.add(request.authority());
        String found = null;
        for (String text : said) {
            String host = "(\\[[0-9A-Za-z:._~!$&'()*+,;=%-]+\\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)";
            if (!text.matches(host + "(:[0-9]{0,5})?")) throw new Refused("MALFORMED_REQUEST");
            String plain = Wire.lower(text).replaceAll(scheme.equals("https") ? ":(443)?$" : ":(80)?$", "");
            if (found != null && !found.equals(plain)) throw new Refused("MALFORMED_REQUEST");
            found = plain;
        }
        if (found == null) throw new Refused("INSUFFICIENT_COVERAGE");
        return found;
    }
}
