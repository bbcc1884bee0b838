// What a verification leaves in memory. Alone in its process, so that nothing else decides how the code is compiled.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";

import { Verified, Verifier } from "wiresign";

import { head, listen, ordersConfig, raw, signedRequest } from "./support.mjs";

/** Requests with their headers as Node's own server hands them over. */
async function received(test, count) {
  const headers = [];
  const server = http.createServer((request, response) => {
    headers.push(request.headers);
    response.end();
  });
  const port = await listen(test, server);
  const body = Buffer.alloc(200, 97);
  const requests = Array.from({ length: count }, () => signedRequest({ body }));
  const fields = { Host: "a", "User-Agent": "test", Accept: "*/*", "Accept-Encoding": "gzip", "Content-Length": 0 };
  await raw(
    port,
    requests.map((request) => head("POST", request.target, { ...fields, ...request.headers, host: "a" })).join(""),
    { answers: count },
  );
  return requests.map((request, at) => ({ ...request, headers: headers[at] }));
}

describe("Memory", () => {
  it("stays flat over 100,000 verifications, accepted and refused", () => {
    const config = ordersConfig({ replay: { store: "none" } });
    const verifier = new Verifier(config);
    const request = signedRequest();
    const forged = { ...request, body: Buffer.from("forged") };
    const round = (count) => {
      for (let at = 0; at < count; at += 1) {
        assert.equal(verifier.check(request).service, "billing");
        if (at % 10 === 0) {
          assert.equal(verifier.check(forged).code, "INVALID_SIGNATURE");
          verifier.begin(request).update(request.body);
        }
      }
    };
    const measure = () => {
      globalThis.gc();
      const { heapUsed, rss } = process.memoryUsage();
      return { heapUsed, rss };
    };
    round(20_000);
    // What is lost grows each time. What the engine takes while it has no processor for its garbage does not.
    const growths = [];
    const isFlat = ({ heap, rss }) => heap < 1_000_000 && rss < 30_000_000;
    while (growths.length < 3 && !growths.some(isFlat)) {
      const before = measure();
      round(100_000);
      const after = measure();
      growths.push({ heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss });
    }
    assert.ok(growths.some(isFlat), JSON.stringify(growths));
  });

  it("is at most 64 bytes of the heap for each accepted request", async (test) => {
    const requests = await received(test, 3_000);
    const verdicts = new Array(requests.length).fill(null);
    const round = (verifier, from, to) => {
      for (let at = from; at < to; at += 1) {
        verdicts[at] = verifier.check(requests[at]);
      }
    };
    // Code that is still interpreted takes heap for its numbers, and so does compiling it, which waits for a processor on
    // a busy machine; what a server does all day is the least of several measurements. The first small one settles it.
    const windows = [];
    for (let lap = 0; lap < 20 && Math.min(...windows) > 64; lap += 1) {
      // A verifier that has seen none of the requests.
      const verifier = new Verifier(ordersConfig());
      for (let from = 0; from < requests.length; from += 1000) {
        globalThis.gc();
        const before = process.memoryUsage().heapUsed;
        round(verifier, from, from + 1000);
        windows.push((process.memoryUsage().heapUsed - before) / 1000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(verdicts.every((verdict) => verdict instanceof Verified));
    }
    assert.ok(Math.min(...windows) <= 64, `the least is too much; all windows: ${windows.join(", ")}`);
  });

  it("is given back when verifiers go", async () => {
    const make = () => {
      for (let at = 0; at < 300; at += 1) {
        const verifier = new Verifier(ordersConfig());
        verifier.check(signedRequest());
      }
    };
    const settle = async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        globalThis.gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return process.memoryUsage().rss;
    };
    make();
    // What is lost grows each time.
    const growths = [];
    while (growths.length < 3 && !(growths.at(-1) < 30_000_000)) {
      const before = await settle();
      for (let round = 0; round < 5; round += 1) {
        make();
        await settle();
      }
      growths.push((await settle()) - before);
    }
    assert.ok(growths.at(-1) < 30_000_000, `resident memory grew by ${growths.join(", ")} bytes`);
  });
});
