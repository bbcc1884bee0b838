package dev.wiresign.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.io.File;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.ErrorPage;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

class TomcatTest extends FilterContract {
    private Tomcat tomcat;

    @Override
    int start(WiresignFilter filter, boolean isLate) throws Exception {
        tomcat = new Tomcat();
        tomcat.setBaseDir(System.getProperty("java.io.tmpdir") + "/wiresign-tomcat");
        tomcat.setPort(0);
        tomcat.getConnector();
        Context context = tomcat.addContext("", new File(System.getProperty("java.io.tmpdir")).getAbsolutePath());
        if (isLate) {
            add(context, "early", Servlets.parameterReader(), "/*");
        }
        add(context, "wiresign", filter, "/*");
        add(context, "only", Servlets.onlyBilling(filter), "/billing");
        add(context, "second", Servlets.onlyShipping(), "/second");
        add(context, "echo", new Servlets.Echo(), "/echo", "/public/echo", "/billing", "/hook", "/perhaps", "/perhaps/hook", "/second");
        add(context, "line", new Servlets.Line(), "/line", "/line/*", "/public/line");
        add(context, "names", new Servlets.Names(), "/names", "/public/names", "/page");
        add(context, "broken", new Servlets.Broken(), "/broken", "/public/broken");
        add(context, "form", new Servlets.Form(), "/form");
        add(context, "text", new Servlets.Text(), "/text");
        add(context, "parts", new Servlets.Parts(), "/parts");
        add(context, "async", new Servlets.Async(), "/async");
        add(context, "later", new Servlets.Later(), "/later");
        add(context, "permitted only", Servlets.onlyPermitted(filter), "/permitted");
        add(context, "permitted", new Servlets.Echo(), "/permitted");
        ErrorPage page = new ErrorPage();
        page.setErrorCode(Servlets.Broken.STATUS);
        page.setLocation("/page");
        context.addErrorPage(page);
        tomcat.start();
        return tomcat.getConnector().getLocalPort();
    }

    private static void add(Context context, String name, HttpServlet servlet, String... paths) {
        Wrapper wrapper = Tomcat.addServlet(context, name, servlet);
        wrapper.setAsyncSupported(true);
        if (servlet instanceof Servlets.Parts) {
            wrapper.setMultipartConfigElement(Servlets.Parts.CONFIG);
        }
        for (String path : paths) {
            context.addServletMappingDecoded(path, name);
        }
    }

    private static void add(Context context, String name, Filter filter, String path) {
        FilterDef definition = new FilterDef();
        definition.setFilterName(name);
        definition.setFilter(filter);
        definition.setAsyncSupported("true");
        context.addFilterDef(definition);
        FilterMap mapping = new FilterMap();
        mapping.setFilterName(name);
        mapping.addURLPattern(path);
        mapping.setDispatcher(DispatcherType.REQUEST.name());
        mapping.setDispatcher(DispatcherType.ASYNC.name());
        mapping.setDispatcher(DispatcherType.ERROR.name());
        context.addFilterMap(mapping);
    }

    @Override
    void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    /** Tomcat refuses it before any filter. */
    @Override
    int statusOfEncodedSlash() {
        return 400;
    }
}
