package fleet;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** One method on one path, answered with JSON. */
final class JsonServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient Fleet fleet;
    private final transient Answer answer;
    private final String method;
    private final int status;

    JsonServlet(Fleet fleet, String method, int status, Answer answer) {
        this.fleet = fleet;
        this.method = method;
        this.status = status;
        this.answer = answer;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getMethod().equals(method)) {
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        Object body;
        try {
            body = answer.to(request);
        } catch (IOException failure) {
            fleet.failed(request, failure);
            response.sendError(HttpServletResponse.SC_BAD_GATEWAY);
            return;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            return;
        }
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(Fleet.JSON.writeValueAsBytes(body));
    }

    /** What a request is answered with. */
    interface Answer {
        Object to(HttpServletRequest request) throws IOException, InterruptedException;
    }
}
