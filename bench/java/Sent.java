import java.util.Map;

/**
 * One signed request, as a server has it.
 *
 * @param method the method
 * @param target the raw target
 * @param headers the header fields, with names in lower case
 * @param body the body
 */
record Sent(String method, String target, Map<String, String> headers, byte[] body) {}
