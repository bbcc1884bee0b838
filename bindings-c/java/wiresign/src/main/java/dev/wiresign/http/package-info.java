/**
 * Signs what {@code java.net.http} sends, gets tokens and sends them, fetches the keys that token issuers publish, and asks AWS
 * about IAM identities.
 */
package dev.wiresign.http;
