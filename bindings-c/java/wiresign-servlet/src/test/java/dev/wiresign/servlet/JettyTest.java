package dev.wiresign.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

class JettyTest extends FilterContract {
    private Server server;

    @Override
    int start(WiresignFilter filter, boolean isLate) throws Exception {
        server = new Server(0);
        ServletContextHandler context = new ServletContextHandler("/");
        if (isLate) {
            add(context, Servlets.parameterReader(), "/*");
        }
        add(context, filter, "/*");
        add(context, Servlets.onlyBilling(filter), "/billing");
        add(context, Servlets.onlyShipping(), "/second");
        add(context, new Servlets.Echo(), "/echo", "/public/echo", "/billing", "/hook", "/perhaps", "/perhaps/hook", "/second");
        add(context, new Servlets.Line(), "/line", "/line/*", "/public/line");
        add(context, new Servlets.Names(), "/names", "/public/names", "/page");
        add(context, new Servlets.Broken(), "/broken", "/public/broken");
        add(context, new Servlets.Form(), "/form");
        add(context, new Servlets.Text(), "/text");
        add(context, new Servlets.Parts(), "/parts");
        add(context, new Servlets.Async(), "/async");
        add(context, new Servlets.Later(), "/later");
        add(context, Servlets.onlyPermitted(filter), "/permitted");
        add(context, new Servlets.Echo(), "/permitted");
        ErrorPageErrorHandler pages = new ErrorPageErrorHandler();
        pages.addErrorPage(Servlets.Broken.STATUS, "/page");
        context.setErrorHandler(pages);
        server.setHandler(context);
        server.start();
        return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    }

    private static void add(ServletContextHandler context, HttpServlet servlet, String... paths) {
        ServletHolder holder = new ServletHolder(servlet);
        holder.setAsyncSupported(true);
        for (String path : paths) {
            context.addServlet(holder, path);
        }
        if (servlet instanceof Servlets.Parts) {
            holder.getRegistration().setMultipartConfig(Servlets.Parts.CONFIG);
        }
    }

    private static void add(ServletContextHandler context, Filter filter, String path) {
        FilterHolder holder = new FilterHolder(filter);
        holder.setAsyncSupported(true);
        context.addFilter(holder, path, EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR));
    }

    @Override
    void stop() throws Exception {
        server.stop();
    }

    /** Jetty refuses it as an ambiguous URI before any filter. */
    @Override
    int statusOfEncodedSlash() {
        return 400;
    }
}
