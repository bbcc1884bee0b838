// The service client against real servers that misbehave.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { inspect, promisify } from "node:util";

import express from "express";
import { Verifier } from "wiresign";
import { checkHealth, ServiceClient, ServiceError } from "wiresign/client";
import { wiresign } from "wiresign/express";

import { config, freePort, listen, ordersConfig } from "./support.mjs";

// The pauses are short, and the times so long that a busy machine keeps them.
const FAST = { backoff: 5, longestBackoff: 20, timeout: 60_000, totalTimeout: 120_000, breakerFailures: 1000 };

/** A server that verifies each request, then answers as told; it remembers what came. */
async function orders(test, answer) {
  const verifier = new Verifier(ordersConfig());
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const verdict = verifier.check({ method: request.method, target: request.url, headers: request.headers, body });
    seen.push({ request, body, verdict });
    if (verdict instanceof Error) {
      response.writeHead(verdict.response.status, verdict.response.headers).end(verdict.response.body);
    } else {
      answer(response, seen.length, request, body);
    }
  });
  const port = await listen(test, server);
  return { port, seen, url: `http://127.0.0.1:${port}` };
}

const client = (url, policy = {}, options = {}) =>
  new ServiceClient(config("billing"), "orders", { url, policy: { ...FAST, ...policy }, ...options });

async function failure(promise, code) {
  const error = await promise.then(
    () => assert.fail("the call went well"),
    (reason) => reason,
  );
  assert.ok(error instanceof ServiceError, String(error?.stack ?? error));
  assert.equal(error.code, code, error.stack);
  assert.equal(error.target, "orders");
  return error;
}

const ok = (response) => response.end("done");
const status = (code, headers) => (response) => response.writeHead(code, headers).end("no");

describe("What is sent", () => {
  it("is what was signed: JSON, forms, files, text, bytes, streams, queries", async (test) => {
    const { url, seen } = await orders(test, (response, _count, request, body) => {
      response.end(JSON.stringify({ type: request.headers["content-type"] ?? null, text: body.toString("latin1") }));
    });
    const files = new FormData();
    files.set("file", new File(["\u0000\u00ff"], "a.bin"));
    const calls = [
      [{ json: { n: 1, s: "ž" } }, "application/json", Buffer.from('{"n":1,"s":"ž"}').toString("latin1")],
      [
        { body: new URLSearchParams({ a: "1 2", b: "&" }) },
        "application/x-www-form-urlencoded;charset=UTF-8",
        "a=1+2&b=%26",
      ],
      [{ body: files }, /^multipart\/form-data; boundary=/, /a\.bin/],
      [{ body: "text" }, "text/plain;charset=UTF-8", "text"],
      [{ body: Buffer.from([0, 255]) }, null, "\u0000\u00ff"],
      [{ body: Readable.toWeb(Readable.from([Buffer.from("a"), Buffer.from("b")])) }, null, "ab"],
      [{ query: { a: "1 2", b: true } }, null, ""],
      [{}, null, ""],
    ];
    for (const [options, type, text] of calls) {
      const got = await (await client(url).post("/things?x=%20", options)).json();
      for (const [found, wanted] of [
        [got.type, type],
        [got.text, text],
      ]) {
        wanted instanceof RegExp ? assert.match(found, wanted) : assert.equal(found, wanted);
      }
    }
    assert.equal(seen[6].request.url, "/things?x=%20&a=1+2&b=true");
    for (const [method, call] of Object.entries({ GET: "get", PUT: "put", PATCH: "patch", DELETE: "delete" })) {
      await client(url)[call]("/things");
      assert.equal(seen.at(-1).request.method, method);
    }
    const tooLong = client(url, { bodyLimit: 10 }).post("/things", { body: "b".repeat(11) });
    assert.equal((await failure(tooLong, "BODY_TOO_LARGE")).attempts, 0);
  });

  it("goes where the registry says", async (test) => {
    const { url, seen } = await orders(test, ok);
    const services = structuredClone(SERVICES);
    services.orders.url = `${url}/`;
    const registry = new ServiceClient(config("billing", { services }), "orders");
    assert.equal(await (await registry.get("/here")).text(), "done");
    assert.equal(seen[0].request.url, "/here");
    assert.throws(() => new ServiceClient(config("billing"), "orders"), /has no url/);
    await assert.rejects(client(url).get("http://elsewhere/"), /a path starts with/);
  });

  it("says for which request it is sent", async (test) => {
    const { url, seen } = await orders(test, ok);
    const app = express();
    app.use(wiresign(config("billing", { services: SERVICES })));
    const inner = client(url);
    app.get("/outer", async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await inner.get("/inner");
      response.end("ok");
    });
    const port = await listen(test, http.createServer(app));
    const outer = new ServiceClient(config("orders", { services: SERVICES }), "billing", {
      url: `http://127.0.0.1:${port}`,
    });
    let sent;
    const watch = { onRequest: ({ headers }) => void headers.set("X-Watched", "1") };
    await Promise.all([outer.get("/outer"), outer.get("/outer")]);
    const ids = seen.map(({ request }) => request.headers["x-correlation-id"]);
    assert.equal(new Set(ids).size, 2);
    ids.forEach((id) => assert.match(id, /^[0-9a-f-]{36}$/));
    await client(url, {}, watch).get("/inner", { correlationId: "mine" });
    sent = seen.at(-1).request.headers;
    assert.deepEqual([sent["x-correlation-id"], sent["x-watched"]], ["mine", "1"]);
  });
});

/** Moves the clock by which a circuit closes again. What is signed meanwhile stays within the window. */
function adjustableClock(test) {
  const now = Date.now.bind(Date);
  let later = 0;
  test.mock.method(Date, "now", () => now() + later);
  return (milliseconds) => (later += milliseconds);
}

const SERVICES = {
  orders: { keys: [{ secret: "env:ORDERS_SECRET" }], allowed_targets: ["billing"] },
  billing: { keys: [{ secret: "env:BILLING_SECRET" }], allowed_targets: ["orders"] },
};

describe("Repeats", () => {
  it("are signed anew, each with a request id of its own", async (test) => {
    const { url, seen } = await orders(test, (response, count) => (count < 3 ? status(503)(response) : ok(response)));
    assert.equal(await (await client(url).get("/things")).text(), "done");
    const ids = seen.map(({ request }) => request.headers["x-request-id"]);
    assert.equal(new Set(ids).size, 3);
    assert.ok(seen.every(({ verdict }) => !(verdict instanceof Error)));
  });

  it("are made of calls only that may be made twice", async (test) => {
    const { url, seen } = await orders(test, status(503));
    const error = await failure(client(url).post("/things", { json: {} }), "HTTP_STATUS");
    assert.deepEqual([error.status, error.attempts, seen.length], [503, 1, 1]);
    assert.equal(error.requestId, seen[0].request.headers["x-request-id"]);
    assert.ok(!inspect(error).includes("headers") && inspect(error).includes("HTTP_STATUS"), inspect(error));
    assert.equal(await error.response.text(), "no");
    await failure(client(url).post("/things", { json: {}, idempotent: true }), "HTTP_STATUS");
    assert.equal(seen.length, 4);
    await failure(client(url).get("/things", { idempotent: false }), "HTTP_STATUS");
    assert.equal(seen.length, 5);
  });

  it("are not made of answers that will not change", async (test) => {
    for (const code of [400, 404, 500]) {
      const { url, seen } = await orders(test, status(code));
      const error = await failure(client(url).get("/things"), "HTTP_STATUS");
      assert.deepEqual([error.status, seen.length], [code, 1]);
    }
  });

  it("wait as long as the service asks, and not longer than the call may take", async (test) => {
    const { url } = await orders(test, (response, count) =>
      count < 2 ? status(429, { "Retry-After": "1" })(response) : ok(response),
    );
    const started = performance.now();
    await client(url).get("/things");
    // Timers may be a little early by another clock.
    assert.ok(performance.now() - started >= 990);
    const patient = await orders(test, status(503, { "Retry-After": "3600" }));
    const before = performance.now();
    await failure(client(patient.url).get("/things"), "HTTP_STATUS");
    assert.ok(performance.now() - before < 60_000, "no wait was begun");
    assert.equal(patient.seen.length, 1);
  });

  it("stop at once when the caller gives up", async (test) => {
    const controller = new AbortController();
    const { url, seen } = await orders(test, (response) => {
      status(503, { "Retry-After": "20" })(response);
      setTimeout(() => controller.abort(new Error("no longer needed")), 100);
    });
    const started = performance.now();
    const error = await failure(client(url).get("/things", { signal: controller.signal }), "CANCELLED");
    assert.ok(performance.now() - started < 15_000);
    assert.equal(error.cause.message, "no longer needed");
    assert.equal(seen.length, 1);
    await failure(client(url).get("/things", { signal: controller.signal }), "CANCELLED");
    assert.equal(seen.length, 1);
  });
});

describe("A call that its caller gives up", () => {
  it("keeps no process alive for the wait before the next try", async () => {
    const program = `
      import { ServiceClient } from "wiresign/client";
      import { config } from "./support.mjs";
      const away = async () => new Response("no", { status: 503, headers: { "Retry-After": "90" } });
      const url = "http://127.0.0.1:1";
      const orders = new ServiceClient(config("billing"), "orders", { url, fetch: away, policy: { totalTimeout: 120_000 } });
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 100);
      const error = await orders.get("/things", { signal: controller.signal }).catch((reason) => reason);
      console.log(error.code, error.attempts);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: import.meta.dirname,
      timeout: 60_000,
    });
    assert.equal(stdout, "CANCELLED 1\n");
  });
});

describe("Servers that misbehave", () => {
  it("do not answer, or answer for ever", async (test) => {
    const silent = await orders(test, () => undefined);
    const error = await failure(client(silent.url, { timeout: 1000, attempts: 2 }).get("/things"), "TIMEOUT");
    assert.equal(error.attempts, 2);
    await failure(client(silent.url).post("/things", { timeout: 1000 }), "TIMEOUT");
    assert.equal(silent.seen.length, 3);
    const started = performance.now();
    const tries = client(silent.url, { attempts: 10_000 }).get("/things", { timeout: 50, totalTimeout: 300 });
    await failure(tries, "TIMEOUT");
    assert.ok(performance.now() - started < 60_000, "ten thousand tries take eight minutes");
    const dripping = await orders(test, (response) => {
      const drip = setInterval(() => response.write("x"), 10);
      response.on("close", () => clearInterval(drip));
    });
    await failure(client(dripping.url, { attempts: 1, timeout: 100 }).get("/things"), "TIMEOUT");
  });

  it("hang up in the middle", async (test) => {
    const { url, seen } = await orders(test, (response, count) => {
      if (count % 2 === 1) {
        response.writeHead(200, { "Content-Length": 100 }).write("half");
        setTimeout(() => response.destroy(), 10);
      } else {
        ok(response);
      }
    });
    assert.equal(await (await client(url).get("/things")).text(), "done");
    assert.equal(seen.length, 2);
    const error = await failure(client(url).post("/things"), "CONNECTION_LOST");
    assert.ok(error.cause instanceof Error);
    assert.equal(seen.length, 3);
  });

  it("are not there, until they are", async (test) => {
    const port = await freePort();
    const error = await failure(client(`http://127.0.0.1:${port}`).post("/things"), "CONNECTION_FAILED");
    assert.equal(error.attempts, 3);
    const late = http.createServer((_request, response) => response.end("late"));
    const call = client(`http://127.0.0.1:${port}`, { attempts: 5000, backoff: 50 }).post("/things");
    setTimeout(() => late.listen(port, "127.0.0.1"), 200);
    test.after(() => late.close());
    assert.equal(await (await call).text(), "late");
  });

  it("are left alone when they fail again and again", async (test) => {
    let healthy = false;
    const { url, seen } = await orders(test, (response) => (healthy ? ok(response) : status(500)(response)));
    const pass = adjustableClock(test);
    const patient = client(url, { breakerFailures: 3, breakerTime: 60_000 });
    for (let round = 0; round < 3; round += 1) {
      await failure(patient.get("/things"), "HTTP_STATUS");
    }
    await failure(patient.get("/things"), "CIRCUIT_OPEN");
    await failure(patient.get("/things"), "CIRCUIT_OPEN");
    assert.equal(seen.length, 3);
    healthy = true;
    pass(60_000);
    await patient.get("/things");
    await patient.get("/things");
    assert.equal(seen.length, 5);
    const strict = await orders(test, status(404));
    const other = client(strict.url, { breakerFailures: 2 });
    for (let round = 0; round < 4; round += 1) {
      await failure(other.get("/things"), "HTTP_STATUS");
    }
  });

  it("stay alone while nobody knows whether they are well again", async (test) => {
    let broken = true;
    const { url, seen } = await orders(test, (response, count) => {
      if (count === 1) {
        status(500)(response);
      } else if (broken) {
        controller.abort();
      } else {
        ok(response);
      }
    });
    const controller = new AbortController();
    const pass = adjustableClock(test);
    const patient = client(url, { breakerFailures: 1, breakerTime: 60_000, attempts: 1 });
    await failure(patient.get("/things"), "HTTP_STATUS");
    pass(60_000);
    // The one call that is let through to see is given up before there is an answer.
    await failure(patient.get("/things", { signal: controller.signal }), "CANCELLED");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await failure(patient.get("/things"), "CIRCUIT_OPEN");
    assert.equal(seen.length, 2);
    broken = false;
    pass(60_000);
    await patient.get("/things");
    await patient.get("/things");
    assert.equal(seen.length, 4);
  });

  it("hand on how others refused them, which is no reason to do anything twice", async (test) => {
    const requestId = "11111111-2222-4333-8444-555555555555";
    const Date_ = new Date(Date.now() + 100_000).toUTCString();
    for (const code of ["REPLAY_STORE_UNAVAILABLE", "RATE_LIMITED", "TIMESTAMP_OUTSIDE_WINDOW"]) {
      const { url, seen } = await orders(test, (response) =>
        response.writeHead(503, { Date: Date_ }).end(JSON.stringify({ code, requestId })),
      );
      const calls = client(url);
      const error = await failure(calls.post("/pay"), "HTTP_STATUS");
      assert.deepEqual([error.status, error.refusal, seen.length, calls.clockSkew], [503, null, 1, 0]);
    }
  });

  it("lead elsewhere", async (test) => {
    const thief = await orders(test, ok);
    const { url, seen } = await orders(test, (response, _count, request) => {
      const [, kind] = request.url.split("/");
      const to = { inside: "/arrived?x=1", out: `${thief.url}/stolen`, round: "/round/on" }[kind];
      to === undefined ? ok(response) : response.writeHead(307, { Location: to }).end();
    });
    await client(url).post("/inside", { json: { n: 1 } });
    assert.equal(seen[1].request.url, "/arrived?x=1");
    assert.equal(String(seen[1].body), '{"n":1}');
    await failure(client(url).get("/out"), "REDIRECT_REFUSED");
    assert.equal(thief.seen.length, 0);
    await failure(client(url).get("/round"), "REDIRECT_REFUSED");
  });

  it("have another time", async (test) => {
    for (const [skew, learns] of [
      [-250, true],
      [250, true],
      [-4000, false],
    ]) {
      const app = http.createServer();
      const verifier = new Verifier(ordersConfig({ window: { past: 60, future: 60 } }));
      let requests = 0;
      app.on("request", (request, response) => {
        requests += 1;
        const now = Math.floor(Date.now() / 1000) + skew;
        response.setHeader("Date", new Date(now * 1000).toUTCString());
        const verdict = verifier.check(
          { method: request.method, target: request.url, headers: request.headers },
          { now },
        );
        const { status: code, body } = verdict instanceof Error ? verdict.response : { status: 200, body: "ok" };
        response.writeHead(code).end(body);
      });
      const url = `http://127.0.0.1:${await listen(test, app)}`;
      const calls = client(url);
      if (learns) {
        await calls.post("/things");
        assert.ok(Math.abs(calls.clockSkew - skew) <= 50);
        await calls.post("/things");
        assert.equal(requests, 3);
      } else {
        const error = await failure(calls.post("/things"), "REFUSED");
        assert.equal(error.refusal, "TIMESTAMP_OUTSIDE_WINDOW");
        assert.deepEqual([calls.clockSkew, requests], [0, 1]);
      }
    }
    // A wrong Date header alone moves nothing.
    const { url } = await orders(test, (response) => {
      response.setHeader("Date", new Date(Date.now() - 200_000).toUTCString());
      ok(response);
    });
    const calls = client(url);
    await calls.get("/things");
    assert.equal(calls.clockSkew, 0);
  });

  it("refuse", async (test) => {
    const server = http.createServer(
      express().use(wiresign(ordersConfig({ routes: [{ match: "/**", services: ["orders"] }] }))),
    );
    const url = `http://127.0.0.1:${await listen(test, server)}`;
    const error = await failure(client(url).get("/things"), "REFUSED");
    assert.deepEqual([error.status, error.refusal, error.attempts], [403, "SERVICE_NOT_ALLOWED", 1]);
    assert.ok(!JSON.stringify(error).includes("Signature"));
  });
});

describe("Health", () => {
  it("is asked of all services that have a url", async (test) => {
    const up = http.createServer((request, response) =>
      response.writeHead(request.url === "/health" ? 200 : 404).end(),
    );
    const port = await listen(test, up);
    const services = structuredClone(SERVICES);
    services.orders.url = `http://127.0.0.1:${port}`;
    services.auth = { keys: undefined, url: "http://127.0.0.1:1" };
    delete services.auth.keys;
    const answers = await checkHealth(config("billing", { services }), { timeout: 60_000 });
    assert.deepEqual(Object.keys(answers), ["orders", "auth"]);
    assert.deepEqual([answers.orders.isUp, answers.orders.status, answers.orders.error], [true, 200, null]);
    assert.deepEqual([answers.auth.isUp, answers.auth.status], [false, null]);
    const orders = await new ServiceClient(config("billing", { services }), "orders").health({ path: "/ready" });
    assert.deepEqual([orders.isUp, orders.status], [false, 404]);
  });
});
