// The programs of docs/node, as they stand there, against real callers. The one for Next.js is in next.test.mjs.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

import { compile } from "./compile.mjs";
import { extract } from "./docs.mjs";
import { call, send } from "./requests.mjs";
import { ENV, freePort, until } from "./support.mjs";

function run(test, command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  const gone = once(child, "exit");
  test.after(async () => {
    child.kill("SIGKILL");
    await gone;
  });
  return { gone, output: () => output };
}

/** Starts a program, and waits until something answers on its port. */
async function start(test, file, cwd, more = {}) {
  const port = await freePort();
  // A worker of a cluster whose primary is killed while it starts says so on its way out.
  const stdio = ["ignore", "pipe", "ignore"];
  run(test, process.execPath, [file], { stdio, cwd, env: { ...process.env, ...ENV, PORT: String(port), ...more } });
  await until(() =>
    send(port, "GET", "/health").then(
      () => true,
      () => false,
    ),
  );
  return port;
}

async function check(port) {
  const type = { "Content-Type": "application/json" };
  const served = await call(port, "POST", "/invoices?draft=1", '{"number":7}', type);
  assert.deepEqual(JSON.parse(served.body), { caller: "billing", number: 7 });
  const refused = await send(port, "POST", "/invoices", { headers: type, body: '{"number":7}' });
  assert.equal(refused.status, 401);
  assert.equal(JSON.parse(refused.body).code, "AUTHENTICATION_REQUIRED");
}

for (const page of ["express", "fastify", "hono", "nest"]) {
  it(`${page}.md`, async (test) => {
    const { folder: shared } = extract("express");
    const { folder, files } = extract(page);
    if (!files.includes("wiresign.json")) {
      copyFileSync(join(shared, "wiresign.json"), join(folder, "wiresign.json"));
    }
    const program = files.find((name) => /\.(mjs|ts)$/.test(name));
    const file = program.endsWith(".ts") ? compile(join(folder, program), join(folder, "main.mjs")) : program;
    const port = await start(test, file, folder);
    await check(port);
    assert.equal((await send(port, "GET", "/health")).status, 200);
  });
}

it("client.md", async (test) => {
  const { folder: server } = extract("express");
  const port = await start(test, "server.mjs", server);
  const { folder, prints } = extract("client", (text) => text.replaceAll(":8000", `:${port}`));
  for (const [file, output] of [
    ["client.mjs", prints],
    ["libraries.mjs", "8\n9\n"],
  ]) {
    const program = run(test, process.execPath, [file], { cwd: folder, env: { ...process.env, ...ENV } });
    assert.deepEqual(await program.gone, [0, null]);
    assert.equal(program.output(), output);
  }
});

it("replay.md", async (test) => {
  const { folder } = extract("replay");
  const redis = await freePort();
  const redisServer = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
  run(test, redisServer, ["--port", redis, "--bind", "127.0.0.1", "--save", ""], { cwd: folder });
  const port = await start(test, "server.mjs", folder, { REDIS_URL: `redis://127.0.0.1:${redis}` });
  await check(port);
});

it("every page is tried", () => {
  const pages = readdirSync(new URL("../../docs/node", import.meta.url))
    .filter((page) => page !== "README.md")
    .sort();
  assert.deepEqual(pages, ["client.md", "express.md", "fastify.md", "hono.md", "nest.md", "next.md", "replay.md"]);
});
