package fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wiresign.Verified;
import dev.wiresign.servlet.WiresignFilter;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends parcels, and prints of photos.
 *
 * <pre>
 * delivery-service                            serves
 * delivery-service call TARGET METHOD PATH    makes one call, with the key of this service
 * </pre>
 */
public final class DeliveryService {
    static final String NAME = "delivery-service";

    private final Fleet fleet;
    private final AtomicInteger addresses = new AtomicInteger();
    private final AtomicInteger parcels = new AtomicInteger();

    private DeliveryService(Fleet fleet) {
        this.fleet = fleet;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Fleet fleet = Fleet.join(NAME);
        if (arguments.length == 4 && arguments[0].equals("call")) {
            fleet.callOnce(arguments[1], arguments[2], arguments[3]);
            return;
        }
        DeliveryService service = new DeliveryService(fleet);
        fleet.serve(Map.of(
                "/health", new JsonServlet(fleet, "GET", 200, request -> Map.of("service", NAME, "status", "ok")),
                "/api/addresses", new JsonServlet(fleet, "POST", 201, service::keepAddress),
                "/api/parcels", new JsonServlet(fleet, "POST", 201, service::sendParcel),
                "/api/prints", new JsonServlet(fleet, "POST", 202, service::sendPrint)));
    }

    private Object keepAddress(HttpServletRequest request) throws IOException {
        String owner = text(Fleet.JSON.readTree(request.getInputStream()), "owner");
        return Map.of("number", addresses.incrementAndGet(), "owner", owner, "askedBy", caller(request));
    }

    private Object sendParcel(HttpServletRequest request) throws IOException {
        String owner = text(Fleet.JSON.readTree(request.getInputStream()), "owner");
        return Map.of("number", parcels.incrementAndGet(), "owner", owner, "askedBy", caller(request));
    }

    /** A print goes out in a frame. Its owner is told, and earns a point. */
    private Object sendPrint(HttpServletRequest request) throws IOException, InterruptedException {
        JsonNode print = Fleet.JSON.readTree(request.getInputStream());
        JsonNode image = fleet.call("image-service", "GET", "/api/images/" + text(print, "image") + "?variant=print", null);
        JsonNode frames = fleet.call("stock-service", "GET", "/api/stock/frame", null);
        fleet.call("notifications-service", "POST", "/api/notifications", Map.of(
                "to", text(print, "owner"), "kind", "print-sent", "project", text(print, "project")));
        fleet.call("rewards-service", "POST", "/api/points", Map.of("owner", text(print, "owner"), "points", 1));
        return Map.of("number", parcels.incrementAndGet(), "image", text(image, "id"), "framesLeft", frames.path("left").asInt());
    }

    private static String caller(HttpServletRequest request) {
        return WiresignFilter.caller(request).flatMap(Verified::service).orElseThrow();
    }

    private static String text(JsonNode body, String name) throws IOException {
        JsonNode value = body.path(name);
        if (!value.isTextual()) {
            throw new IOException("the body has no text " + name);
        }
        return value.textValue();
    }
}
