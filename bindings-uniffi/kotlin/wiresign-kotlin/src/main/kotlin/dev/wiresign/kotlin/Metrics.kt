package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Metrics as NativeMetrics

/** One counter: its name and labels as Prometheus has them, and how often it was counted. */
public data class Counter(val name: String, val labels: Map<String, String>, val value: Long)

/** Counters, as they stood when they were asked for. */
public class Metrics internal constructor(private val native: NativeMetrics) {
    /** The counters in the Prometheus text format. */
    public fun prometheus(): String = native.prometheus

    /** The counters as values, those at zero included. */
    public fun counters(): List<Counter> = native.counters.map { Counter(it.name, it.labels, it.value.toLong()) }

    override fun toString(): String = native.prometheus
}
