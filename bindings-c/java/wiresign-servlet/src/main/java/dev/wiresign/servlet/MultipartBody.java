package dev.wiresign.servlet;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bodies of the type multipart/form-data (RFC 7578), which are in memory as a whole. */
final class MultipartBody {
    private static final int MOST_PARTS = 1_000;
    private static final byte[] END_OF_HEAD = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** A parameter of a header field: a token, or a quoted string with escapes. */
    private static final Pattern PARAMETER = Pattern.compile(";\\s*([\\w!#$%&'*+.^`|~-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;\\s]*))");

    private MultipartBody() {}

    static List<Part> parse(String contentType, byte[] body) throws ServletException {
        if (!FormBody.mediaType(contentType).equals("multipart/form-data")) {
            throw new ServletException("the body is not of the type multipart/form-data");
        }
        String boundary = parameter(contentType, "boundary");
        if (boundary == null || boundary.isEmpty()) {
            throw new ServletException("the type multipart/form-data names no boundary");
        }
        byte[] delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        List<Part> parts = new ArrayList<>();
        // The first delimiter may stand at the very start, without the line end before it.
        int at = startsWith(body, delimiter, 2) ? delimiter.length - 2 : behindFirst(body, delimiter);
        while (!isLast(body, at)) {
            int head = lineEnd(body, at);
            int content = indexOf(body, END_OF_HEAD, head - 2);
            int end = content < 0 ? -1 : indexOfDelimiter(body, delimiter, content + 2);
            if (end < 0) {
                throw new ServletException("the multipart body ends within a part");
            }
            if (parts.size() == MOST_PARTS) {
                throw new ServletException("the multipart body has more than " + MOST_PARTS + " parts");
            }
            Map<String, List<String>> fields = content < head ? Map.of() : fields(new String(body, head, content - head, StandardCharsets.UTF_8));
            parts.add(part(fields, body, content + END_OF_HEAD.length, end));
            at = end + delimiter.length;
        }
        return parts;
    }

    private static int behindFirst(byte[] body, byte[] delimiter) throws ServletException {
        int at = indexOfDelimiter(body, delimiter, 0);
        if (at < 0) {
            throw new ServletException("the multipart body does not have its boundary");
        }
        return at + delimiter.length;
    }

    /** A line of the content may begin as the delimiter does, and go on. */
    private static int indexOfDelimiter(byte[] body, byte[] delimiter, int from) {
        int at = indexOf(body, delimiter, from);
        while (at >= 0 && !isLineEnd(body, at + delimiter.length) && !isLast(body, at + delimiter.length)) {
            at = indexOf(body, delimiter, at + 1);
        }
        return at;
    }

    private static boolean isLineEnd(byte[] body, int at) {
        return at < body.length && (body[at] == '\r' || body[at] == ' ' || body[at] == '\t');
    }

    private static boolean isLast(byte[] body, int at) {
        return at + 1 < body.length && body[at] == '-' && body[at + 1] == '-';
    }

    /** Behind the line end of a delimiter, which blanks may stand before. */
    private static int lineEnd(byte[] body, int at) throws ServletException {
        int end = at;
        while (end < body.length && (body[end] == ' ' || body[end] == '\t')) {
            end++;
        }
        if (end + 1 >= body.length || body[end] != '\r' || body[end + 1] != '\n') {
            throw new ServletException("the multipart body has more than its boundary in a line");
        }
        return end + 2;
    }

    private static Part part(Map<String, List<String>> fields, byte[] body, int start, int end) throws ServletException {
        String disposition = fields.getOrDefault("content-disposition", List.of("")).get(0);
        String name = parameter(disposition, "name");
        if (!FormBody.mediaType(disposition).equals("form-data") || name == null) {
            throw new ServletException("a part of the multipart body has no name");
        }
        return new InMemoryPart(name, parameter(disposition, "filename"), fields, body, start, Math.max(0, end - start));
    }

    private static Map<String, List<String>> fields(String head) throws ServletException {
        Map<String, List<String>> fields = new LinkedHashMap<>();
        for (String line : head.split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new ServletException("a part of the multipart body has a malformed header field");
            }
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            fields.computeIfAbsent(name, key -> new ArrayList<>()).add(line.substring(colon + 1).strip());
        }
        return fields;
    }

    private static String parameter(String field, String name) {
        Matcher parameter = PARAMETER.matcher(field);
        while (parameter.find()) {
            if (parameter.group(1).equalsIgnoreCase(name)) {
                return parameter.group(2) == null ? parameter.group(3) : parameter.group(2).replaceAll("\\\\(.)", "$1");
            }
        }
        return null;
    }

    private static boolean startsWith(byte[] body, byte[] delimiter, int skip) {
        int length = delimiter.length - skip;
        return body.length >= length && java.util.Arrays.equals(body, 0, length, delimiter, skip, delimiter.length);
    }

    private static int indexOf(byte[] body, byte[] wanted, int from) {
        for (int at = Math.max(0, from); at <= body.length - wanted.length; at++) {
            if (body[at] == wanted[0] && java.util.Arrays.equals(body, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
        return -1;
    }

    /** A part that is a piece of the body. */
    static final class InMemoryPart implements Part {
        private final String name;
        private final String fileName;
        private final Map<String, List<String>> fields;
        private final byte[] body;
        private final int start;
        private final int length;

        InMemoryPart(String name, String fileName, Map<String, List<String>> fields, byte[] body, int start, int length) {
            this.name = name;
            this.fileName = fileName;
            this.fields = fields;
            this.body = body;
            this.start = start;
            this.length = length;
        }

        String text(Charset charset) {
            return new String(body, start, length, charset);
        }

        @Override
        public InputStream getInputStream() {
            return new ByteArrayInputStream(body, start, length);
        }

        @Override
        public String getContentType() {
            return getHeader("Content-Type");
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public String getSubmittedFileName() {
            return fileName;
        }

        @Override
        public long getSize() {
            return length;
        }

        /** Writes to the file of that name; a name that is not absolute stands for one in the temporary folder. */
        @Override
        public void write(String file) throws IOException {
            Path folder = Path.of(System.getProperty("java.io.tmpdir"));
            Files.copy(getInputStream(), folder.resolve(file), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public void delete() {
            // Nothing of it is kept outside the memory of the request.
        }

        @Override
        public String getHeader(String header) {
            Collection<String> values = getHeaders(header);
            return values.isEmpty() ? null : values.iterator().next();
        }

        @Override
        public Collection<String> getHeaders(String header) {
            return fields.getOrDefault(header.toLowerCase(Locale.ROOT), List.of());
        }

        @Override
        public Collection<String> getHeaderNames() {
            return List.copyOf(fields.keySet());
        }
    }
}
