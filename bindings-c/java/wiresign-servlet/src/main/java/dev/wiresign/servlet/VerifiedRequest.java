package dev.wiresign.servlet;

import dev.wiresign.Verified;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.Part;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * An accepted request whose body can be read again: as a stream, as text, as parameters of a form and as parts. Whatever
 * names a caller and is not verified is left out of its header fields. It also stands for what an error page gets to see of any
 * request.
 */
final class VerifiedRequest extends HttpServletRequestWrapper {
    // What an application might take for the name of the caller.
    private static final String SERVICE_ID = "X-Service-ID";
    private static final String SERVICE_NAME = "X-Service-Name";
    /** What a container gives for a number or a date that is not there. */
    private static final int ABSENT = -1;

    private final ServletResponse response;
    /** Who called; null where nobody has verified anything. */
    private final Verified verified;
    /** What was received and verified; null where there is no body, or a public route or an error page does not look at it. */
    private final byte[] body;
    private Set<String> identityHeaders;
    private ReplayedStream stream;
    private BufferedReader reader;
    private Map<String, String[]> parameters;
    private List<Part> parts;

    /** @param identityHeaders what is never shown, by names in any case */
    VerifiedRequest(
            HttpServletRequest request, ServletResponse response, Verified verified, byte[] body, Set<String> identityHeaders) {
        super(request);
        this.response = response;
        this.verified = verified;
        this.body = body;
        this.identityHeaders = identityHeaders;
    }

    /** Hides more from whoever is behind a second filter of the same verifier. */
    static void hideAlso(ServletRequest request, Set<String> names) {
        ServletRequest at = request;
        while (at instanceof ServletRequestWrapper wrapper) {
            if (at instanceof VerifiedRequest verified && !verified.identityHeaders.containsAll(names)) {
                Set<String> all = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
                all.addAll(verified.identityHeaders);
                all.addAll(names);
                verified.identityHeaders = all;
            }
            at = wrapper.getRequest();
        }
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
        if (body == null) {
            return super.getInputStream();
        }
        if (reader != null) {
            throw new IllegalStateException("getReader() has been called for this request");
        }
        if (stream == null) {
            stream = new ReplayedStream(body, this);
        }
        return stream;
    }

    @Override
    public BufferedReader getReader() throws IOException {
        if (body == null) {
            return super.getReader();
        }
        if (stream != null) {
            throw new IllegalStateException("getInputStream() has been called for this request");
        }
        if (reader == null) {
            String name = getCharacterEncoding();
            try {
                Charset charset = name == null ? StandardCharsets.ISO_8859_1 : Charset.forName(name);
                reader = new BufferedReader(new InputStreamReader(new ByteArrayInputStream(body), charset));
            } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
                throw (UnsupportedEncodingException) new UnsupportedEncodingException(name).initCause(unknown);
            }
        }
        return reader;
    }

    @Override
    public String getParameter(String name) {
        if (body == null) {
            return super.getParameter(name);
        }
        String[] values = parameters().get(name);
        return values == null ? null : values[0];
    }

    @Override
    public String[] getParameterValues(String name) {
        if (body == null) {
            return super.getParameterValues(name);
        }
        String[] values = parameters().get(name);
        return values == null ? null : values.clone();
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return body == null ? super.getParameterNames() : Collections.enumeration(parameters().keySet());
    }

    @Override
    public Map<String, String[]> getParameterMap() {
        return body == null ? super.getParameterMap() : Collections.unmodifiableMap(parameters());
    }

    @Override
    public Collection<Part> getParts() throws IOException, ServletException {
        return body == null ? super.getParts() : Collections.unmodifiableList(parts());
    }

    @Override
    public Part getPart(String name) throws IOException, ServletException {
        if (body == null) {
            return super.getPart(name);
        }
        return parts().stream().filter(part -> part.getName().equals(name)).findFirst().orElse(null);
    }

    @Override
    public String getHeader(String name) {
        return isForeign(name) ? null : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        return isForeign(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
    }

    @Override
    public int getIntHeader(String name) {
        return isForeign(name) ? ABSENT : super.getIntHeader(name);
    }

    @Override
    public long getDateHeader(String name) {
        return isForeign(name) ? ABSENT : super.getDateHeader(name);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        List<String> names = Collections.list(super.getHeaderNames());
        names.removeIf(this::isForeign);
        return Collections.enumeration(names);
    }

    /** A container starts the unwrapped request in the first form, and its body is gone. */
    @Override
    public AsyncContext startAsync() {
        return getRequest().startAsync(this, response);
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse answer) {
        return getRequest().startAsync(request == getRequest() ? this : request, answer);
    }

    /** Whether a header names a caller who is not the one that was verified: anybody may have written it. */
    private boolean isForeign(String name) {
        if (name == null) {
            return false;
        }
        if (identityHeaders.contains(name)) {
            return true;
        }
        if (!name.equalsIgnoreCase(SERVICE_ID) && !name.equalsIgnoreCase(SERVICE_NAME)) {
            return false;
        }
        if (verified == null || verified.isPublic()) {
            return true;
        }
        List<String> values = Collections.list(super.getHeaders(name));
        String service = verified.service().orElse(null);
        return values.size() != 1 || !values.get(0).equals(service);
    }

    private Map<String, String[]> parameters() {
        if (parameters != null) {
            return parameters;
        }
        Map<String, List<String>> all = new LinkedHashMap<>();
        String type = FormBody.mediaType(getContentType());
        if (type.equals("multipart/form-data")) {
            // Where the servlet has a MultipartConfig, Jetty wants to read the parts itself, and fails: they were read.
            byte[] query = Objects.requireNonNullElse(getQueryString(), "").getBytes(StandardCharsets.ISO_8859_1);
            FormBody.parse(query, StandardCharsets.UTF_8).forEach(pair -> add(all, pair.getKey(), pair.getValue()));
        } else {
            // The container finds its stream read, and so gives the parameters of the query alone.
            super.getParameterMap().forEach((name, values) -> all.put(name, new ArrayList<>(List.of(values))));
        }
        if (type.equals("application/x-www-form-urlencoded") && getMethod().equals("POST")) {
            FormBody.parse(body, charset()).forEach(pair -> add(all, pair.getKey(), pair.getValue()));
        } else if (type.equals("multipart/form-data")) {
            try {
                for (Part part : parts()) {
                    if (part.getSubmittedFileName() == null) {
                        add(all, part.getName(), ((MultipartBody.InMemoryPart) part).text(charset()));
                    }
                }
            } catch (ServletException malformed) {
                throw new IllegalStateException(malformed);
            }
        }
        parameters = new LinkedHashMap<>();
        all.forEach((name, values) -> parameters.put(name, values.toArray(String[]::new)));
        return parameters;
    }

    private static void add(Map<String, List<String>> all, String name, String value) {
        all.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
    }

    private List<Part> parts() throws ServletException {
        if (parts == null) {
            parts = MultipartBody.parse(getContentType(), body);
        }
        return parts;
    }

    private Charset charset() {
        String name = getCharacterEncoding();
        try {
            return name == null ? StandardCharsets.UTF_8 : Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
            return StandardCharsets.UTF_8;
        }
    }
}
