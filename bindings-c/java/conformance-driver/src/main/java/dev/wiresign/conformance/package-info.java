/** The driver of the conformance runner: its protocol is described in {@code conformance/README.md}. */
package dev.wiresign.conformance;
