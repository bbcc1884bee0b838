/** The counters of a verifier as meters of Micrometer. */
package dev.wiresign.micrometer;
