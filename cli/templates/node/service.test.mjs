// Who is let in, and who is not, asked of the running service over HTTP: `npm test`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { Config, generateSecret, Signer } from "wiresign";
import { ServiceClient } from "wiresign/client";

const folder = new URL("..", import.meta.url);
const document = JSON.parse(readFileSync(new URL("wiresign.json", folder), "utf8"));
// Fresh ones: the tests need no secret of anybody.
const secrets = { @SERVICE_SECRET@: generateSecret(), @CALLER_SECRET@: generateSecret() };
const configOf = (service) => Config.parse({ ...document, service }, { env: secrets });

let server;
let url;

// The service as it is run for real.
before(async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const port = String(free.address().port);
  await new Promise((resolve) => free.close(resolve));
  const env = { ...process.env, ...secrets, PORT: port };
  server = spawn(process.execPath, [@command@], { cwd: folder, env, stdio: "inherit" });
  url = `http://127.0.0.1:${port}`;
  for (let left = 1200; server.exitCode === null && left > 0; left -= 1) {
    if (await fetch(`${url}/health`).catch(() => undefined)) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("the service did not start");
});

after(() => server?.kill());

/** The headers of a request of the caller. */
function signed(method, target, body, now) {
  const signer = new Signer(configOf("@caller@"), { target: "@service@" });
  return Object.fromEntries(signer.sign({ method, target, body }, { now }));
}

/** Status and code of a refusal. */
async function refusal(target, request) {
  const answer = await fetch(url + target, request);
  return [answer.status, (await answer.json()).code];
}

test("everybody may ask whether it is up", async () => {
  const answer = await fetch(`${url}/health`);
  assert.deepEqual(await answer.json(), { status: "ok" });
});

test("a known caller is let in", async () => {
  const service = new ServiceClient(configOf("@caller@"), "@service@", { url });
  const hello = await service.get("/hello", { query: { name: "you" } });
  assert.deepEqual(await hello.json(), { hello: "you", caller: "@caller@" });
  const echo = await service.post("/echo", { json: { amount: 7 } });
  assert.deepEqual(await echo.json(), { received: { amount: 7 }, caller: "@caller@" });
});

test("strangers are not", async () => {
  assert.deepEqual(await refusal("/hello"), [401, "AUTHENTICATION_REQUIRED"]);
  const headers = { ...signed("GET", "/hello"), "X-Signature": `v2=${"0".repeat(64)}` };
  assert.deepEqual(await refusal("/hello", { headers }), [401, "INVALID_SIGNATURE"]);
});

test("what was signed cannot be changed", async () => {
  const body = '{"amount": 7}';
  const headers = { ...signed("POST", "/echo", body), "Content-Type": "application/json" };
  const changed = { method: "POST", headers, body: body.replace("7", "70") };
  assert.deepEqual(await refusal("/echo", changed), [401, "INVALID_SIGNATURE"]);
  assert.deepEqual(await refusal("/echo?draft=1", { method: "POST", headers, body }), [401, "INVALID_SIGNATURE"]);
});

test("a request is let in once", async () => {
  const headers = signed("GET", "/hello");
  assert.equal((await fetch(`${url}/hello`, { headers })).status, 200);
  assert.deepEqual(await refusal("/hello", { headers }), [401, "REPLAYED_REQUEST"]);
});

test("a request has its time", async () => {
  const headers = signed("GET", "/hello", undefined, Math.floor(Date.now() / 1000) - 3600);
  assert.deepEqual(await refusal("/hello", { headers }), [401, "TIMESTAMP_OUTSIDE_WINDOW"]);
});
