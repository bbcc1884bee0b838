// N1 and N3: a whole verify through the addon, against node:crypto alone and against the same work by hand.
// Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON.

import { createHmac, createSecretKey, randomUUID, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";

import { Config, Signer, Verifier } from "../../bindings-node/dist/index.mjs";
import { ByHand } from "./by-hand.mjs";
import { contest } from "./contest.mjs";

// Together as many requests as a replay store holds in the Rust bench.
const BATCH = 50;
const ROUNDS = 1300;
// So many that what the runtime allocates once, about 150 kB, does not count.
const HEAP_REQUESTS = 100_000;

const fleet = JSON.parse(readFileSync(0, "utf8"));
const env = Object.fromEntries(Object.entries(fleet.secrets).map(([id, secret]) => [`SECRET_OF_${id}`, secret]));
const called = Config.parse(fleet.called_document, { env });
const caller = Config.parse(fleet.caller_document, { env });
const signer = new Signer(caller, { target: fleet.called });
const body = Buffer.alloc(fleet.body_bytes, "x");

/** A string as Node's HTTP parser makes it: flat, one byte a character. */
const received = (text) => Buffer.from(text, "latin1").toString("latin1");

/** A request with the headers that an IncomingMessage has, as many as the Rust bench sends. */
function request() {
  const { method, target } = fleet;
  const signed = signer.sign({ method, target, headers: {}, body }, { nonce: randomUUID() });
  const headers = {};
  const fields = Object.entries({ ...fleet.usual_headers, "content-length": String(body.length) });
  for (const [name, value] of [...fields, ...signed]) {
    headers[name.toLowerCase()] = received(value);
  }
  return { method: received(method), target: received(target), headers, body };
}

const requests = (count = BATCH) => Array.from({ length: count }, request);

/** What the signature of a request is computed over, and the signature. */
function message(made) {
  const { headers } = made;
  const [path, query] = made.target.split("?");
  const fields = ["x-timestamp", "x-service-id", "x-target-service", "x-request-id"].map((name) => headers[name]);
  const text = ["wiresign-v2", made.method, path, query, ...fields, ""].join("\n");
  return { bytes: Buffer.concat([Buffer.from(text), body]), signature: headers["x-signature"].slice(3) };
}

const secret = fleet.secrets[fleet.caller];
const key = createSecretKey(Buffer.from(secret));
const alone = (what) => ({
  prepare: () => requests().map(message),
  run: ({ bytes, signature }) => {
    if (!timingSafeEqual(createHmac("sha256", what).update(bytes).digest(), Buffer.from(signature, "hex"))) {
      throw new Error("the message is not what was signed");
    }
    return true;
  },
});

const verifier = new Verifier(called);
const byHand = new ByHand(fleet.called, new Map(Object.entries(fleet.secrets)));
const [ours, withText, withKey, handmade] = await contest(ROUNDS, [
  { prepare: requests, run: (made) => verifier.verify(made) },
  alone(secret),
  alone(key),
  { prepare: requests, run: (made) => byHand.verify(made) },
]);
// Which of the two is faster depends on the version of Node; the faster one is what there is to beat.
const crypto = Math.min(withText, withKey);

/** The bytes that the heap grows by for each call, while nothing is collected. */
function heapGrowth(items, call) {
  globalThis.gc();
  const before = getHeapStatistics().used_heap_size;
  for (let at = 0; at < items.length; at += 1) {
    call(items[at]);
  }
  return (getHeapStatistics().used_heap_size - before) / items.length;
}

// The loop itself is warmed up, and what it costs is taken off.
const verify = (made) => verifier.verify(made);
const nothing = (made) => made;
for (const call of [nothing, verify]) {
  heapGrowth(requests(HEAP_REQUESTS), call);
}
const least = (call) => Math.min(...Array.from({ length: 5 }, () => heapGrowth(requests(HEAP_REQUESTS), call)));
const heap = least(verify) - least(nothing);

const nanoseconds = (number) => `${Math.round(number)} ns`;
const row = (id, what, measured, unit, must, reach) => ({ id, what, measured, unit, must, reach });
console.log(
  JSON.stringify([
    row(
      "N1",
      `Node, whole verify (${nanoseconds(ours)}) against node:crypto HMAC alone (${nanoseconds(crypto)})`,
      crypto / ours,
      "faster",
      3,
      4,
    ),
    row(
      "N1",
      `Node, whole verify against the same work by hand (${nanoseconds(handmade)})`,
      handmade / ours,
      "faster",
      4.5,
      6,
    ),
    row("N3", "Node, JS heap per verify", heap, "bytes", 64, 8),
  ]),
);
