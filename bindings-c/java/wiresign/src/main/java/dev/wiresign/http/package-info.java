/** Signs what {@code java.net.http} sends. */
package dev.wiresign.http;
