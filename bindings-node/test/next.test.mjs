// The application of docs/node/next.md, with some more handlers, after a real `next build` in a real `next start`.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { Config, Signer, Verifier } from "wiresign";

import { addFixtures, extract } from "./docs.mjs";
import { ACCOUNT, REGION, startMoto } from "./moto.mjs";
import { callFromPython } from "./python-client.mjs";
import { send } from "./requests.mjs";
import { ENV } from "./support.mjs";

const next = join(createRequire(import.meta.url).resolve("next/package.json"), "..", "dist", "bin", "next");
const root = fileURLToPath(new URL("..", import.meta.url));
const env = {
  ORDERS_SECRET: ENV.ORDERS_SECRET,
  FINANCIAL_SECRET: ENV.BILLING_SECRET,
  ANALYTICS_SECRET: "7".repeat(31) + "b".repeat(33),
};
const quiet = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };

describe("Next.js", () => {
  let folder;
  let server;
  let moto;
  let port;

  const signerOf = (service, more = {}) => {
    const document = { ...JSON.parse(DOCUMENT), service, ...more };
    return new Signer(Config.parse(document, { env }), { target: "orders" });
  };
  let DOCUMENT;
  const call = (method, target, body, { service = "financial-service", headers = {}, more } = {}) => {
    const signed = Object.fromEntries(signerOf(service, more).sign({ method, target, body }));
    return send(port, method, target, { headers: { ...signed, ...headers }, body });
  };

  before(async () => {
    ({ folder } = extract("next"));
    addFixtures("next", folder);
    DOCUMENT = (await import("node:fs")).readFileSync(join(folder, "wiresign.json"), "utf8");
    // The folder lies inside the package, which Next would take for the root of the application.
    writeFileSync(
      join(folder, "next.config.mjs"),
      `export default { serverExternalPackages: ["wiresign"], outputFileTracingRoot: ${JSON.stringify(root)}, turbopack: { root: ${JSON.stringify(root)} } };\n`,
    );
    await promisify(execFile)(process.execPath, [next, "build"], { cwd: folder, env: quiet });
    moto = await startMoto();
    server = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", "0"], {
      cwd: folder,
      env: { ...quiet, ...env, STS: moto.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: server.stdout })) {
      port ??= /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (/Ready/.test(line)) {
        break;
      }
    }
    server.stdout.resume();
  });

  after(async () => {
    await moto?.stop();
    if (server?.kill()) {
      await once(server, "exit");
    }
  });

  it("serves a route handler to the required services", async () => {
    const body = JSON.stringify({ number: 7 });
    const headers = { "Content-Type": "application/json" };
    const answer = await call("POST", "/api/invoices?draft=1", body, { headers });
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(JSON.parse(answer.body), { caller: "financial-service", number: 7 });
    const other = await call("POST", "/api/invoices", body, { headers, service: "analytics-service" });
    assert.deepEqual([other.status, JSON.parse(other.body).code], [403, "SERVICE_NOT_ALLOWED"]);
    const elsewhere = signerOf("financial-service").sign({ method: "POST", target: "/api/echo", body });
    const moved = { ...Object.fromEntries(elsewhere), ...headers };
    const forged = await send(port, "POST", "/api/invoices", { headers: moved, body });
    assert.deepEqual([forged.status, JSON.parse(forged.body).code], [401, "INVALID_SIGNATURE"]);
  });

  it("asks AWS who proves a role", async () => {
    const config = Config.parse({
      service: "billing",
      sign_with: "aws-identity",
      aws_identity: { regions: [REGION], roles: { [`arn:aws:iam::${ACCOUNT}:role/prod-{service}-task`]: "{service}" } },
      services: { billing: {}, orders: {} },
    });
    const prove = (credentials) => {
      const signer = Signer.withAwsCredentials(config, credentials, { target: "orders" });
      return Object.fromEntries(signer.sign({ method: "POST", target: "/api/roles" }));
    };
    const role = await moto.role("prod-billing-task");
    const served = await send(port, "POST", "/api/roles", { headers: prove(role), body: "hello" });
    assert.equal(served.body, '{"caller":"billing","body":"hello"}');
    const headers = prove({ ...role, secretAccessKey: "x".repeat(40) });
    const forged = await send(port, "POST", "/api/roles", { headers, body: "hello" });
    assert.deepEqual([forged.status, JSON.parse(forged.body).code], [401, "INVALID_SIGNATURE"]);
  });

  it("understands a client in Python, and refuses it with another key", async () => {
    const caller = "financial-service";
    const answer = await callFromPython(port, "POST", "/api/invoices?draft=1", '{"number":7}', { caller });
    assert.deepEqual(answer, { status: 200, body: { caller, number: 7 } });
    const other = { caller, secret: ENV.ORDERS_SECRET };
    const refused = await callFromPython(port, "POST", "/api/invoices", '{"number":7}', other);
    assert.deepEqual([refused.status, refused.body.code], [401, "INVALID_SIGNATURE"]);
  });

  it("serves standards: message signatures that cover the query, and one token", async () => {
    const target = "/api/standards?a=1";
    const signed = (scheme) => {
      const host = `127.0.0.1:${port}`;
      const more = { sign_with: scheme, rfc9421: { url_scheme: "http" } };
      const headers = { host };
      const signing = { method: "GET", target, headers, authority: host };
      return { ...headers, ...Object.fromEntries(signerOf("financial-service", more).sign(signing)) };
    };
    const answer = await send(port, "GET", target, { headers: signed("rfc9421") });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(JSON.parse(answer.body).caller, "financial-service");
    const { Authorization } = signed("jwt");
    // A strict handler takes no query with a token, which signs none.
    const tokens = (values) => send(port, "GET", "/api/standards", { headers: { Authorization: values } });
    assert.equal((await tokens(Authorization)).status, 200);
    const queried = await send(port, "GET", target, { headers: { Authorization: signed("jwt").Authorization } });
    assert.equal(JSON.parse(queried.body).code, "INSUFFICIENT_COVERAGE");
    for (const values of [
      [Authorization, Authorization],
      [Authorization, "Bearer of-somebody-else"],
    ]) {
      const twice = await tokens(values);
      assert.deepEqual([twice.status, JSON.parse(twice.body).code], [400, "DUPLICATE_HEADER"]);
    }
  });

  it("knows who is at the other end of a route handler", async () => {
    const target = "/api/limited";
    const answer = await call("GET", target, undefined, { headers: { "X-Forwarded-For": "10.9.8.7" } });
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(JSON.parse(answer.body), { clients: ["10.9.8.7"] });
    const forged = async (client) => {
      const headers = Object.fromEntries(signerOf("financial-service").sign({ method: "GET", target }));
      const more = { "X-Signature": `v2=${"0".repeat(64)}`, "X-Forwarded-For": client };
      return send(port, "GET", target, { headers: { ...headers, ...more } });
    };
    // The minute of the clock may end in between, once.
    let last;
    for (let tries = 0; tries < 8 && last?.status !== 429; tries += 1) {
      last = await forged("10.1.1.1");
    }
    assert.equal(last.status, 429, last.body);
    assert.ok(Number(last.headers["retry-after"]) >= 1);
    assert.equal((await forged("10.2.2.2")).status, 401);
  });

  it("answers refused requests with exactly the bytes of the refusal", async () => {
    const verifier = new Verifier(Config.parse(DOCUMENT, { env }));
    const { response } = verifier.check({ method: "POST", target: "/", headers: {} });
    for (const target of ["/api/invoices", "/api/echo", "/api/legacy/3"]) {
      const answer = await send(port, "POST", target, { body: "{}" });
      assert.equal(answer.status, 401, target);
      assert.equal(answer.body, response.body);
      assert.equal(answer.headers["content-type"], "application/json");
      assert.equal(answer.headers["www-authenticate"], response.wwwAuthenticate);
    }
  });

  it("hands the same bytes on, and no name that nothing proves", async () => {
    for (const size of [0, 1, 70_000, 3_000_000]) {
      const answer = await call("POST", "/api/echo", Buffer.alloc(size, "wiresign "), {
        headers: { "X-Service-Name": "auth", "Content-Type": "application/octet-stream" },
      });
      const { headers, ...rest } = JSON.parse(answer.body);
      assert.deepEqual(rest, { caller: "financial-service", bytes: size, same: true, name: null });
      assert.ok(headers.includes("x-service-id"));
    }
    for (const query of ["?a=%20b&c=1+2&flag&x=%7E&y=~&=&a=2", "?", "?&&", "?q=a%2fb?c", "?%C5%BE='(1)!*'", "?a=%"]) {
      const answer = await call("GET", `/api/echo${query}`);
      assert.equal(answer.status, 200, `${query}: ${answer.body}`);
      assert.ok(!answer.body.includes("x-wiresign-"));
    }
  });

  it("refuses bodies that are too long, and repeats", async () => {
    const body = Buffer.alloc(10_485_761);
    assert.equal((await call("POST", "/api/echo", body)).status, 413);
    const head = Object.fromEntries(signerOf("financial-service").sign({ method: "POST", target: "/api/echo", body }));
    const headers = { ...head, "Content-Length": body.length };
    const early = http.request({
      host: "127.0.0.1",
      port,
      method: "POST",
      path: "/api/echo",
      headers,
      timeout: 120_000,
    });
    early.on("timeout", () => early.destroy(new Error("it waits for the body")));
    early.flushHeaders();
    const [answer] = await once(early, "response");
    early.on("error", () => {}).destroy();
    assert.equal(answer.statusCode, 413, "of all the bytes that are declared none is sent");
    const signed = Object.fromEntries(signerOf("financial-service").sign({ method: "GET", target: "/api/echo" }));
    assert.equal((await send(port, "GET", "/api/echo", { headers: signed })).status, 200);
    const again = await send(port, "GET", "/api/echo", { headers: signed });
    assert.equal(JSON.parse(again.body).code, "REPLAYED_REQUEST");
  });

  it("serves everybody where it is not strict, but nobody who lies", async () => {
    const anonymous = await send(port, "POST", "/api/lenient", { body: "hello" });
    assert.deepEqual(JSON.parse(anonymous.body), { caller: null, body: "hello" });
    const known = await call("POST", "/api/lenient", "hello");
    assert.deepEqual(JSON.parse(known.body), { caller: "financial-service", body: "hello" });
    const liar = await call("POST", "/api/lenient", "hello", { headers: { "X-Signature": "0".repeat(64) } });
    assert.equal(liar.status, 401);
  });

  it("serves nobody who is not known where something is required of callers", async () => {
    for (const target of ["/api/guarded", "/api/permitted", "/api/open"]) {
      const anonymous = await send(port, "POST", target, { body: "hello" });
      assert.equal(anonymous.status, 401, `${target}: ${anonymous.body}`);
      assert.equal(JSON.parse(anonymous.body).code, "AUTHENTICATION_REQUIRED");
    }
    for (const [target, code] of [
      ["/api/guarded", "SERVICE_NOT_ALLOWED"],
      ["/api/permitted", "PERMISSION_DENIED"],
    ]) {
      const served = await call("POST", target, "hello");
      assert.equal(served.body, '{"caller":"financial-service"}');
      const other = await call("POST", target, "hello", { service: "analytics-service" });
      assert.deepEqual([other.status, JSON.parse(other.body).code], [403, code]);
    }
  });

  it("tells a handler of no name that nothing proves, where nobody has to be known", async () => {
    const open = await send(port, "GET", "/api/open", { headers: { "X-Service-Name": "auth" } });
    assert.equal(open.body, '{"called":false,"name":null}');
    const headers = { "X-User-ID": "root" };
    for (const target of ["/api/perhaps", "/api/perhaps?flag"]) {
      const anonymous = await send(port, "GET", target, { headers });
      assert.equal(anonymous.body, '{"caller":null,"user":null}');
      const known = await call("GET", target, undefined, { headers });
      assert.equal(known.body, '{"caller":"financial-service","user":null}');
      const liar = await call("GET", target, undefined, { headers: { "X-Signature": "0".repeat(64) } });
      assert.equal(liar.status, 401);
    }
  });

  it("serves an API route, and refuses to serve behind a parser", async () => {
    const answer = await call("POST", "/api/legacy/a%20b?flag&x=%20~", '{"number":8}', {
      headers: { "Content-Type": "application/json" },
    });
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(JSON.parse(answer.body), { caller: "financial-service", id: "a b", number: 8 });
    const parsed = await call("POST", "/api/parsed", '{"number":8}', {
      headers: { "Content-Type": "application/json" },
    });
    assert.equal(parsed.status, 500);
  });
});
