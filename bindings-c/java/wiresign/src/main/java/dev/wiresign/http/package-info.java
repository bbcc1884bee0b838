/** Signs what {@code java.net.http} sends, and fetches the keys that token issuers publish. */
package dev.wiresign.http;
