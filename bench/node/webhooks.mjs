// T2: whole verifies of webhooks through the addon, against the packages that their senders publish.
// Reads what src/fleet.rs describes as JSON from stdin, and prints rows as JSON.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { verify as verifyGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

import { Config, Signer, Verifier } from "../../bindings-node/dist/index.mjs";
import { contest } from "./contest.mjs";

const BATCH = 50;
const ROUNDS = 400;

const described = JSON.parse(readFileSync(0, "utf8"));
const secret = described.webhook_secret;
const stripe = new Stripe("sk_test_nothing").webhooks.signature;
const standard = new Webhook(secret);

// Each does as little as the package lets it: nothing is parsed where that can be left out.
const packages = {
  stripe: {
    name: "stripe",
    run: ({ body, headers }) => stripe.verifyHeader(body, headers["stripe-signature"], secret, 300),
  },
  github: {
    name: "@octokit/webhooks-methods",
    isAsync: true,
    run: async ({ text, headers }) => {
      if (!(await verifyGithub(secret, text, headers["x-hub-signature-256"]))) {
        throw new Error("the package refuses");
      }
      return true;
    },
  },
  "standard-webhooks": {
    name: "standardwebhooks",
    run: ({ text, headers }) => standard.verify(text, headers),
  },
};

/** A string as Node's HTTP parser makes it: flat, one byte a character. */
const received = (text) => Buffer.from(text, "latin1").toString("latin1");

function sender(scheme) {
  const config = Config.parse(described.webhook_documents[scheme], { env: { WEBHOOK_SECRET: secret } });
  const signer = new Signer(config);
  const usual = Object.entries({ ...described.usual_headers, "content-length": String(described.body_bytes) });
  const request = () => {
    const { method, target } = described;
    const start = `{"id":"${randomUUID()}","data":"`;
    const text = `${start.padEnd(described.body_bytes - 2, "x")}"}`;
    const body = Buffer.from(text);
    const signed = signer.sign({ method, target, headers: {}, body }, { nonce: `msg_${randomUUID()}` });
    const headers = {};
    for (const [name, value] of [...usual, ...signed]) {
      headers[name.toLowerCase()] = received(value);
    }
    return { method: received(method), target: received(target), headers, body, text };
  };
  return { config, prepare: () => Array.from({ length: BATCH }, request) };
}

const rows = [];
for (const [scheme, theirs] of Object.entries(packages)) {
  const { config, prepare } = sender(scheme);
  const verifier = new Verifier(config);
  const [ours, their] = await contest(ROUNDS, [
    { prepare, run: (made) => verifier.verify(made) },
    { prepare, ...theirs },
  ]);
  rows.push({
    id: "T2",
    what: `Node, whole verify of ${scheme} (${Math.round(ours)} ns) against ${theirs.name} (${Math.round(their)} ns)`,
    measured: their / ours,
    unit: "faster",
    must: 3,
    reach: 3,
  });
}
console.log(JSON.stringify(rows));
