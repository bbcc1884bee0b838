// Every framework behind its real server, called by a client in Python.

import assert from "node:assert/strict";
import http from "node:http";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import express4 from "express4";
import { wiresign } from "wiresign/express";

import { BUILD, compile } from "./compile.mjs";
import { callFromPython } from "./python-client.mjs";
import { SERVERS } from "./servers.mjs";
import { document, ENV, listen, ordersConfig } from "./support.mjs";

const nestSource = fileURLToPath(new URL("./fixtures/nest-app.ts", import.meta.url));
const { start: startNest } = await import(compile(nestSource, join(BUILD, "tests", "nest-app-called.mjs")));

async function nest(test, platform) {
  const app = await startNest(platform, document("orders", { routes: undefined }), ENV, {});
  test.after(() => app.close());
  return new URL(await app.getUrl()).port;
}

function expressOf4(test) {
  const app = express4();
  app.use(wiresign(ordersConfig()), express4.json());
  app.post("/json", (request, response) => response.json({ parsed: request.body, raw: String(request.rawBody) }));
  return listen(test, http.createServer(app));
}

const CALLED = [
  ["Express 4", expressOf4, "/json"],
  ...Object.entries(SERVERS).map(([name, start]) => [name, (test) => start(test, ordersConfig()), "/json"]),
  ["NestJS on express", (test) => nest(test, "express"), "/internal/orders"],
  ["NestJS on fastify", (test) => nest(test, "fastify"), "/internal/orders"],
];

describe("A client in Python", () => {
  for (const [name, start, target] of CALLED) {
    it(`is understood by ${name}, and refused with another key`, async (test) => {
      const port = await start(test);
      const body = '{"n": 1.0, "s": "ž"}';
      const answer = await callFromPython(port, "POST", `${target}?a=b%20c`, body);
      assert.deepEqual(answer.body, { parsed: { n: 1, s: "ž" }, raw: body });
      const other = await callFromPython(port, "POST", target, body, { secret: ENV.ORDERS_SECRET });
      assert.deepEqual([other.status, other.body.code], [401, "INVALID_SIGNATURE"]);
    });
  }
});
