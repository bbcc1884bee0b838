package fleet;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/** Writes the lines that the others of the fleet write: one JSON object per event, with its fields. */
public final class JsonLines extends LayoutBase<ILoggingEvent> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String doLayout(ILoggingEvent event) {
        ObjectNode line = JSON.createObjectNode()
                .put("time", event.getInstant().toString())
                .put("level", event.getLevel().toString().toLowerCase(Locale.ROOT))
                .put("process", DeliveryService.NAME)
                .put("message", event.getFormattedMessage());
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair field : event.getKeyValuePairs()) {
                line.putPOJO(field.key, field.value);
            }
        }
        if (event.getThrowableProxy() != null) {
            line.put("exception", event.getThrowableProxy().getClassName() + ": " + event.getThrowableProxy().getMessage());
        }
        return line + "\n";
    }
}
