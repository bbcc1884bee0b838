import java.util.Map;

/** What a config makes of requests. */
interface Judge {
    /** Says who calls, of a request whose bounds hold. */
    Map<String, Object> verify(long now, Wire.Request request) throws Refused;

    /** Whether a request that was accepted may be refused when it comes again. */
    boolean remembers();
}
