/**
 * Signs and verifies HTTP requests between services.
 *
 * <pre>{@code
 * Verifier verifier = new Verifier(Config.fromFile(Path.of("wiresign.json")));
 * Verified caller = verifier.verify(Request.of("GET", "/orders/7").header("X-Service-ID", "billing")...);
 * }</pre>
 *
 * <p>A request that is not accepted is a {@link dev.wiresign.Refusal}, which is thrown: there is no verdict that could be
 * overlooked. All work is done by one library in native code, which is the same for every language.
 */
package dev.wiresign;
