package dev.wiresign.servlet;

import dev.wiresign.Verified;
import dev.wiresign.Verifier;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/** What stands behind the filter. */
final class Servlets {
    private Servlets() {}

    static String caller(HttpServletRequest request) {
        return WiresignFilter.caller(request).flatMap(Verified::service).orElse("nobody");
    }

    private static void write(HttpServletResponse response, String text) throws IOException {
        response.setContentType("text/plain;charset=utf-8");
        response.getWriter().write(text);
    }

    /** Gives the body back, and tells who called. */
    static final class Echo extends HttpServlet {
        /** How many requests have come so far. */
        static final AtomicInteger SERVED = new AtomicInteger();
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            SERVED.incrementAndGet();
            byte[] body = request.getInputStream().readAllBytes();
            write(response, caller(request) + ":" + new String(body, StandardCharsets.UTF_8));
        }
    }

    /** Tells what the container made of the request line and of the headers that name a caller. */
    static final class Line extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            write(response, request.getRequestURI() + " " + request.getQueryString() + " " + request.getHeader("X-Service-ID") + " "
                    + Collections.list(request.getHeaders("X-Service-Name")));
        }
    }

    /** Tells which of the headers that name a caller are there. */
    static final class Names extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            Set<String> names = new TreeSet<>();
            Collections.list(request.getHeaderNames()).forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
            names.removeIf(name -> !name.startsWith("x-service-") && !name.startsWith("x-user-"));
            write(response, names + " " + request.getIntHeader("X-User-ID"));
        }
    }

    /** Leaves the answer to the error page of the application. */
    static final class Broken extends HttpServlet {
        static final int STATUS = 503;
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.sendError(STATUS);
        }
    }

    /** Tells the parameters. */
    static final class Form extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            Map<String, String> all = new TreeMap<>();
            request.getParameterMap().forEach((name, values) -> all.put(name, String.join("|", values)));
            write(response, all + " " + request.getParameter("a") + " " + Collections.list(request.getParameterNames()).size());
        }
    }

    /** Tells the body as text. */
    static final class Text extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            write(response, request.getReader().readLine());
        }
    }

    /** Tells the parts. */
    static final class Parts extends HttpServlet {
        /** With it a container would like to read the parts itself. */
        static final MultipartConfigElement CONFIG = new MultipartConfigElement("");
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException, ServletException {
            StringBuilder all = new StringBuilder();
            for (Part part : request.getParts()) {
                all.append(part.getName()).append('=').append(part.getSubmittedFileName()).append(',').append(part.getContentType())
                        .append(',').append(new String(part.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).append(';');
            }
            write(response, all + request.getParameter("note"));
        }
    }

    /** Reads the body as a listener, in another thread, and answers after a dispatch. */
    static final class Async extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            byte[] read = (byte[]) request.getAttribute("read");
            if (read != null) {
                write(response, caller(request) + ":" + request.getDispatcherType() + ":" + new String(read, StandardCharsets.UTF_8));
                return;
            }
            AsyncContext context = request.startAsync();
            ServletInputStream in = request.getInputStream();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            in.setReadListener(new ReadListener() {
                @Override
                public void onDataAvailable() throws IOException {
                    byte[] piece = new byte[7];
                    while (in.isReady() && !in.isFinished()) {
                        bytes.write(piece, 0, in.read(piece));
                    }
                }

                @Override
                public void onAllDataRead() {
                    request.setAttribute("read", bytes.toByteArray());
                    context.dispatch();
                }

                @Override
                public void onError(Throwable failure) {
                    context.complete();
                }
            });
        }
    }

    /** Leaves the body to whoever gets the request dispatched. */
    static final class Later extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            if (request.getDispatcherType() == DispatcherType.REQUEST) {
                request.startAsync().dispatch();
                return;
            }
            byte[] body = request.getInputStream().readAllBytes();
            write(response, caller(request) + ":" + new String(body, StandardCharsets.UTF_8) + ":" + request.getHeader("X-Service-Name"));
        }
    }

    /** Admits one service only. */
    static Filter onlyBilling(WiresignFilter filter) {
        return (request, response, chain) -> {
            if (filter.admit((HttpServletRequest) request, (HttpServletResponse) response, "billing")) {
                chain.doFilter(request, response);
            }
        };
    }

    /** Admits callers that may write only. */
    static Filter onlyPermitted(WiresignFilter filter) {
        return (request, response, chain) -> {
            if (filter.admitPermitted((HttpServletRequest) request, (HttpServletResponse) response, "POST /permitted")) {
                chain.doFilter(request, response);
            }
        };
    }

    /** A second filter with a verifier of its own, by which shipping alone may call. */
    static Filter onlyShipping() {
        return new WiresignFilter(new Verifier(Fleet.shippingOnly()));
    }

    /** What must not stand before the filter. */
    static Filter parameterReader() {
        return (request, response, chain) -> {
            request.getParameter("a");
            chain.doFilter(request, response);
        };
    }
}
