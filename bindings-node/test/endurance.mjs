// Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends
// with 1 when memory has grown after the first tenth: by then the replay store is as large as it gets.
//
//     node --expose-gc endurance.mjs [COUNT]      ten million unless given

import assert from "node:assert/strict";

import { Refusal, Verifier } from "wiresign";

import { billingSigner, ordersConfig } from "./support.mjs";

// How long the whole run takes by the verifier's clock: a tenth of it is longer than a request is remembered.
const SECONDS = 20_000;
const ALLOWED_GROWTH_MEBIBYTES = 16;
const count = Number(process.argv[2] ?? 10_000_000);
const STARTED = Math.floor(Date.now() / 1000);

const verifier = new Verifier(ordersConfig());
const signer = billingSigner();
let last;
let now;

function sign(number) {
  now = STARTED + Math.floor((number * SECONDS) / count);
  const request = { method: "POST", target: "/invoices?draft=1", body: Buffer.from(`{"invoice":${number}}`) };
  const headers = { "user-agent": "endurance" };
  for (const [name, value] of signer.sign(request, { now })) {
    headers[name.toLowerCase()] = value;
  }
  last = { ...request, headers };
}

function inPieces() {
  const verification = verifier.begin(last, { now });
  for (let at = 0; at < last.body.length; at += 1) {
    verification.update(last.body.subarray(at, at + 1));
  }
  return verification.finish();
}

function refused(code) {
  const refusal = verifier.check(last, { now });
  assert.ok(refusal instanceof Refusal);
  assert.equal(refusal.code, code);
  assert.equal(refusal.response.status, 401);
}

/** Verifies one request, in one of the ways that there are. */
function one(number) {
  const turn = number % 8;
  if (turn !== 7) {
    sign(number);
  }
  if (turn === 3) {
    assert.equal(inPieces().service, "billing");
  } else if (turn === 5) {
    last.body[0] = 0x5b;
    refused("INVALID_SIGNATURE");
  } else if (turn === 7) {
    refused("REPLAYED_REQUEST");
  } else {
    assert.equal(verifier.verify(last, { now }).service, "billing");
  }
  if (number % 100_000 === 0) {
    verifier.metrics();
    verifier.replace(ordersConfig());
  }
}

/** What is forgotten is only freed when the loop turns. */
async function residentMebibytes() {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

const start = await residentMebibytes();
let tenth = start;
let middle = start;
for (let number = 0; number < count; number += 1) {
  one(number);
  if (number === Math.floor(count / 10)) {
    tenth = await residentMebibytes();
  } else if (number === Math.floor(count / 2)) {
    middle = await residentMebibytes();
  } else if (number % 10_000 === 0) {
    // A server's loop turns all the time.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const end = await residentMebibytes();
const text = [start, tenth, middle, end].map((mebibytes) => mebibytes.toFixed(1));
console.log(
  `Node.js: ${count} verifies, resident memory ${text[0]} MiB at the start, ${text[1]} after a tenth, ${text[2]} in the middle, ${text[3]} at the end`,
);
process.exitCode = end - tenth > ALLOWED_GROWTH_MEBIBYTES ? 1 : 0;
