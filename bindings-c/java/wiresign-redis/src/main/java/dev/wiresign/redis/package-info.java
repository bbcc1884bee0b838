/** Replay stores that several processes share, in Redis or Valkey. */
package dev.wiresign.redis;
