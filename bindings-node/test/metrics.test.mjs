// The counters in the registry of prom-client.

import assert from "node:assert/strict";
import { it } from "node:test";

import { Registry } from "prom-client";
import { Verifier } from "wiresign";
import { registerMetrics } from "wiresign/prometheus";

import { ordersConfig, signedRequest } from "./support.mjs";

it("prom-client shows what the verifier counts, whenever it is asked", async () => {
  const registry = new Registry();
  const verifier = new Verifier(ordersConfig());
  registerMetrics(registry, verifier);
  verifier.verify(signedRequest());
  verifier.check({ method: "GET", target: "/", headers: {} });
  registry.resetMetrics();
  const lines = (text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  const own = lines(verifier.metrics().prometheus());
  assert.deepEqual(lines(await registry.metrics()), own);
  assert.ok(own.some((line) => line.startsWith("wiresign_") && line.endsWith(" 1")));
  const json = await registry.getMetricsAsJSON();
  assert.ok(json.every(({ type, aggregator }) => type === "counter" && aggregator === "sum"));
});
