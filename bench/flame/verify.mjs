// Verifies many requests, to be watched by a profiler: node --perf-basic-prof bench/flame/verify.mjs SECONDS

import { randomUUID } from "node:crypto";

import { Config, Signer, Verifier, generateSecret } from "../../bindings-node/dist/index.mjs";

const document = {
  services: {
    orders: {},
    billing: { keys: [{ secret: "env:BILLING_SECRET" }], allowed_targets: ["orders"] },
  },
  routes: [{ match: "POST /invoices/*", services: ["billing"] }],
};
const env = { BILLING_SECRET: generateSecret() };
const verifier = new Verifier(Config.parse({ ...document, service: "orders" }, { env }));
const signer = new Signer(Config.parse({ ...document, service: "billing" }, { env }), { target: "orders" });
const body = Buffer.alloc(200, "x");

/** A string as Node's HTTP parser makes it: flat, one byte a character. */
const received = (text) => Buffer.from(text, "latin1").toString("latin1");

function request() {
  const headers = { host: "orders" };
  for (const [name, value] of signer.sign({ method: "POST", target: "/invoices/7", body }, { nonce: randomUUID() })) {
    headers[name.toLowerCase()] = received(value);
  }
  return { method: "POST", target: "/invoices/7", headers, body };
}

const end = performance.now() + 1000 * Number(process.argv[2]);
while (performance.now() < end) {
  for (const made of Array.from({ length: 2000 }, request)) verifier.verify(made);
}
