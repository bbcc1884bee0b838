import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Signatures of AWS, version 4: in headers, and as links. */
final class Amazon implements Judge {
    /** An access key: whose it is, and the session token that goes with it, or null. */
    private record AccessKey(String owner, String id, Config.Key key, String session) {}

    private final String id;
    private final String region;
    private final String service;
    private final boolean isS3;
    private final boolean mayBeUnsigned;
    private final boolean remembers;
    private final Set<String> demanded = new TreeSet<>();
    private final Map<String, AccessKey> keys = new HashMap<>();
    private final Map<String, List<?>> allowed = new HashMap<>();

    Amazon(Map<?, ?> document, Map<?, ?> env) {
        Config.only(document, "service", "accept", "sign_with", "services", "aws_sigv4", "replay", "environment", "$schema");
        id = (String) document.get("service");
        if (id == null) throw new Unsupported("a service without a name");
        remembers = Config.remembers(document);
        Map<?, ?> settings = Config.only(
                (Map<?, ?>) document.get("aws_sigv4"), "region", "service", "signed_headers", "style", "unsigned_payload");
        region = (String) settings.get("region");
        service = (String) settings.get("service");
        isS3 = "s3".equals(settings.get("style"));
        mayBeUnsigned = Boolean.TRUE.equals(settings.get("unsigned_payload"));
        if (settings.get("signed_headers") instanceof List<?> names) {
            names.forEach(name -> demanded.add(Wire.lower((String) name)));
        }
        ((Map<?, ?>) document.get("services")).forEach((name, value) -> {
            Map<?, ?> entry = Config.only((Map<?, ?>) value, "keys", "aws_keys", "allowed_targets", "url");
            allowed.put((String) name, Config.allowedTargets(entry));
            if (!(entry.get("aws_keys") instanceof List<?> stated)) return;
            for (Object key : stated) {
                AccessKey read = accessKey((String) name, new HashMap<>((Map<?, ?>) key), env);
                keys.put(read.id, read);
            }
        });
    }

    private static AccessKey accessKey(String owner, Map<Object, Object> entry, Map<?, ?> env) {
        Object session = entry.remove("session_token");
        Config.Key key = Config.keys(
                List.of(entry), env, (secret, members) -> secret.getBytes(StandardCharsets.UTF_8)).get(0);
        String id = key.id().startsWith("env:") ? Config.referred(key.id(), env) : key.id();
        String token = session == null ? null : Config.referred(session, env);
        return new AccessKey(owner, id, key, token == null ? null : Wire.of(token));
    }

    @Override
    public boolean remembers() {
        return remembers;
    }

    @Override
    public Map<String, Object> verify(long now, Wire.Request request) throws Refused {
        AmazonClaim claim = AmazonClaim.of(request);
        String canonicalPath = canonicalPath(request.path());
        String canonicalQuery = canonicalQuery(request.query());
        List<Wire.Header> headers = withHost(request);
        checkCoverage(claim, headers);
        String payload = payload(claim, headers, request.body());
        String canonicalHeaders = canonicalHeaders(claim, headers);
        long age = now - claim.seconds();
        if (claim.life() > 604_800 || age > claim.life() || -age > 900) throw new Refused("TIMESTAMP_OUTSIDE_WINDOW");

        AccessKey held = keys.get(claim.accessKey());
        if (held == null) throw new Refused("UNKNOWN_KEY");
        String canonical = String.join("\n", request.method(), canonicalPath, canonicalQuery, canonicalHeaders,
                String.join(";", claim.names()), payload);
        String scope = String.join("/", claim.day(), claim.region(), claim.service(), "aws4_request");
        String toSign = String.join("\n", AmazonClaim.ALGORITHM, claim.time(), scope, sha256(canonical));
        byte[] signing = Wire.bytes("AWS4" + Wire.text(held.key.bytes()));
        for (String part : scope.split("/")) signing = Wire.hmac("HmacSHA256", signing, part);
        String expected = Wire.hex(Wire.hmac("HmacSHA256", signing, toSign));
        if (!MessageDigest.isEqual(Wire.bytes(expected), Wire.bytes(claim.signature()))) throw new Refused("INVALID_SIGNATURE");

        if (!held.key.isValid(now)) throw new Refused("KEY_NOT_VALID_NOW");
        boolean isTokenRight = held.session == null ? claim.session() == null : held.session.equals(claim.session());
        if (!isTokenRight) throw new Refused("INVALID_TOKEN");
        if (!payload.equals("UNSIGNED-PAYLOAD") && !payload.equals(sha256(request.body()))) throw new Refused("DIGEST_MISMATCH");
        List<?> targets = allowed.get(held.owner);
        boolean isHere = claim.region().equals(region) && claim.service().equals(service);
        if (!isHere || targets != null && !targets.contains(id)) throw new Refused("TARGET_NOT_ALLOWED");
        return Judging.caller(held.owner, held.id, "aws-sigv4", age);
    }

    /** For S3 the path as it is sent, else each part encoded once more. A path with the signature of another is refused. */
    private String canonicalPath(String path) throws Refused {
        List<String> encoded = new ArrayList<>();
        List<String> segments = List.of(path.substring(1).split("/", -1));
        for (int at = 0; at < segments.size(); at++) {
            String segment = segments.get(at);
            boolean isLast = at == segments.size() - 1;
            boolean isPlain = isS3
                    ? Percent.encode(Percent.decode(segment)).equals(segment)
                    : !segment.equals(".") && !segment.equals("..") && (isLast || !segment.isEmpty());
            if (!isPlain) throw new Refused("MALFORMED_REQUEST");
            encoded.add(isS3 ? segment : Percent.encode(segment));
        }
        return "/" + String.join("/", encoded);
    }

    /** The parameters by name and then by value, but for the signature of a link. */
    private static String canonicalQuery(String query) throws Refused {
        record Parameter(String name, String value) {}
        List<Parameter> parameters = new ArrayList<>();
        for (String piece : query.split("&", -1)) {
            if (piece.isEmpty()) continue;
            String[] parts = piece.split("=", 2);
            String value = parts.length > 1 ? parts[1] : "";
            parameters.add(new Parameter(Percent.encode(Percent.decode(parts[0])), Percent.encode(Percent.decode(value))));
        }
        if (parameters.size() > 100) throw new Refused("MALFORMED_REQUEST");
        parameters.sort((one, other) -> one.name.equals(other.name)
                ? one.value.compareTo(other.value) : one.name.compareTo(other.name));
        return parameters.stream().filter(parameter -> !parameter.name.equals("X-Amz-Signature"))
                .map(parameter -> parameter.name + "=" + parameter.value).collect(Collectors.joining("&"));
    }

    /** HTTP/2 has the host outside of the headers; where it is in both places, it must be one. */
    private static List<Wire.Header> withHost(Wire.Request request) throws Refused {
        String host = request.one("host");
        String authority = request.authority();
        if (authority == null || authority.isEmpty()) return request.headers();
        if (host != null && !Wire.lower(host).equals(Wire.lower(authority))) throw new Refused("MALFORMED_REQUEST");
        List<Wire.Header> headers = new ArrayList<>(request.headers());
        if (host == null) headers.add(new Wire.Header("host", authority));
        return headers;
    }

    /** What must be signed is signed, and what is signed is there. */
    private void checkCoverage(AmazonClaim claim, List<Wire.Header> headers) throws Refused {
        Set<String> there = headers.stream().map(Wire.Header::name).collect(Collectors.toSet());
        Set<String> must = new TreeSet<>(demanded);
        must.add("host");
        there.stream().filter(name -> name.equals("content-type") || name.startsWith("x-amz-")).forEach(must::add);
        if (!claim.isLink() && !there.contains("x-amz-date")) must.add("date");
        if (!claim.names().containsAll(must) || !there.containsAll(claim.names())) throw new Refused("INSUFFICIENT_COVERAGE");
    }

    /** Each signed header with its values, in which every row of blanks is one space. */
    private static String canonicalHeaders(AmazonClaim claim, List<Wire.Header> headers) throws Refused {
        StringBuilder text = new StringBuilder();
        for (String name : claim.names()) {
            List<String> values = new ArrayList<>();
            for (Wire.Header header : headers) {
                if (!header.name().equals(name)) continue;
                // RFC 9110, 5.5: such a byte may not be sent, and a line end would end the header in what is signed.
                if (header.value().matches("(?s).*[\\x00-\\x08\\x0a-\\x1f\\x7f].*")) throw new Refused("MALFORMED_REQUEST");
                values.add(header.value().replaceAll("[ \\t]+", " ").replaceAll("^ | $", ""));
            }
            text.append(name).append(':').append(String.join(",", values)).append('\n');
        }
        return text.toString();
    }

    /** What stands for the body in what is signed. */
    private String payload(AmazonClaim claim, List<Wire.Header> headers, String body) throws Refused {
        String declared = headers.stream().filter(header -> header.name().equals("x-amz-content-sha256"))
                .map(Wire.Header::value).findFirst().orElse(claim.bodyDigest());
        if (declared == null && isS3) declared = claim.isLink() ? "UNSIGNED-PAYLOAD" : "";
        if (declared == null) return sha256(body);
        if (declared.matches("[0-9a-f]{64}") || declared.equals("UNSIGNED-PAYLOAD") && mayBeUnsigned) return declared;
        boolean leavesOpen = declared.isEmpty() || declared.equals("UNSIGNED-PAYLOAD") || declared.startsWith("STREAMING-");
        throw new Refused(leavesOpen ? "INSUFFICIENT_COVERAGE" : "MALFORMED_SIGNATURE");
    }

    private static String sha256(String wire) {
        return Wire.hex(Wire.hash("SHA-256", wire));
    }
}
