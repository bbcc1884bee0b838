/**
 * Shows the counters of verifiers to Prometheus, through prom-client.
 *
 * @packageDocumentation
 */

import type { Counter } from "./native.js";
import type { Metrics } from "./verifier.js";

/** As much of a registry of prom-client as is used. */
export interface Registry {
  registerMetric(metric: never): void;
}

/** What counts: a `Verifier`, or `Contexts`. */
export interface Source {
  metrics(): Metrics;
}

const HELP = /^# HELP (\S+) (.*)$/gm;

/** Registers the counters of one source; they are read whenever the registry is asked. */
export function registerMetrics(registry: Registry, source: Source): void {
  for (const [, name, help] of source.metrics().prometheus().matchAll(HELP)) {
    registry.registerMetric(metricOf(name ?? "", help ?? "", source) as never);
  }
}

/** A metric as prom-client has its own ones, but read when it is asked for. */
function metricOf(name: string, help: string, source: Source): object {
  const values = (): Pick<Counter, "labels" | "value">[] =>
    source
      .metrics()
      .counters()
      .filter((counter) => counter.name === name)
      .map(({ labels, value }) => ({ labels, value }));
  return {
    name,
    help,
    type: "counter",
    aggregator: "sum",
    get: () => ({ name, help, type: "counter", aggregator: "sum", values: values() }),
    // A registry that is reset forgets what it has counted itself; these counters belong to somebody else.
    reset: () => undefined,
  };
}
