// The NestJS module in real applications on both platforms.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Config, Signer, Verifier } from "wiresign";

import { BUILD, compile } from "./compile.mjs";
import { call, sign, send } from "./requests.mjs";
import { document, ENV, ordersConfig } from "./support.mjs";
import { bearer, issuerKey, jwkSet, jwtOf, userToken } from "./tokens.mjs";

const source = fileURLToPath(new URL("./fixtures/nest-app.ts", import.meta.url));
const { start, startAtOnce } = await import(compile(source, join(BUILD, "tests", "nest-app.mjs")));

const ORDERS = document("orders", { routes: undefined });
ORDERS.services.billing.permissions = ["GET /internal/**", "POST /internal/**", "POST /open", "GET /keys"];
const LINKS_SECRET = "b".repeat(31) + "4".repeat(33);
const JSON_TYPE = { "Content-Type": "application/json" };

for (const platform of ["express", "fastify"]) {
  describe(`NestJS on ${platform}`, () => {
    const serve = async (test, { more = {}, env = {}, options = {} } = {}) => {
      const app = await start(platform, { ...ORDERS, ...more }, { ...ENV, ...env }, options);
      test.after(() => app.close());
      return new URL(await app.getUrl()).port;
    };

    it("serves guarded handlers to verified callers, and says who they are", async (test) => {
      const port = await serve(test);
      const got = await call(port, "GET", "/internal/orders/7?full=1");
      assert.equal(got.status, 200, got.body);
      assert.deepEqual(JSON.parse(got.body), { id: "7", caller: "billing" });
      const body = '{"n": 1.0}';
      const created = await call(port, "POST", "/internal/orders", body, JSON_TYPE);
      assert.deepEqual(JSON.parse(created.body), { parsed: { n: 1 }, raw: body });
    });

    it("answers everybody else with exactly the bytes of the refusal", async (test) => {
      const port = await serve(test);
      const { response } = new Verifier(ordersConfig({ routes: [] })).check({
        method: "GET",
        target: "/",
        headers: {},
      });
      for (const [method, target, body] of [
        ["GET", "/internal/orders/7"],
        ["POST", "/internal/orders", "{}"],
        ["GET", "/keys"],
      ]) {
        const answer = await send(port, method, target, { body, headers: JSON_TYPE });
        assert.equal(answer.status, 401);
        assert.equal(answer.body, response.body);
        assert.equal(answer.headers["content-type"], "application/json");
        assert.equal(answer.headers["www-authenticate"], response.wwwAuthenticate);
      }
    });

    it("refuses what is forged before anything parses it, wherever it goes", async (test) => {
      const port = await serve(test);
      for (const target of ["/internal/orders", "/open", "/there/is/no/such/route"]) {
        const headers = { ...sign("POST", target, "{}"), ...JSON_TYPE };
        const answer = await send(port, "POST", target, { headers, body: "{not json" });
        assert.equal(JSON.parse(answer.body).code, "INVALID_SIGNATURE", target);
      }
      const borrowed = await send(port, "POST", "/open", { headers: { "X-Service-ID": "billing" }, body: "{}" });
      assert.equal(borrowed.status, 401);
    });

    it("leaves handlers without a guard to everybody", async (test) => {
      const port = await serve(test);
      const anonymous = await send(port, "POST", "/open", { headers: JSON_TYPE, body: '{"a":1}' });
      assert.deepEqual(JSON.parse(anonymous.body), { parsed: { a: 1 }, caller: null, id: null });
      const known = await call(port, "POST", "/open", '{"a":1}', JSON_TYPE);
      assert.deepEqual(JSON.parse(known.body), { parsed: { a: 1 }, caller: "billing", id: "billing" });
    });

    it("enforces what decorators require", async (test) => {
      const records = [];
      const logger = { info: () => undefined, warn: (fields) => records.push(fields) };
      const port = await serve(test, { options: { logger } });
      assert.equal((await call(port, "GET", "/internal/mine")).body, "served");
      assert.equal((await call(port, "GET", "/internal/permitted")).body, "served");
      for (const [target, code] of [
        ["/internal/other", "SERVICE_NOT_ALLOWED"],
        ["/internal/forbidden", "PERMISSION_DENIED"],
      ]) {
        const answer = await call(port, "GET", target);
        assert.equal(answer.status, 403);
        assert.equal(JSON.parse(answer.body).code, code);
        assert.equal(answer.headers["content-type"], "application/json");
      }
      assert.equal((await send(port, "GET", "/internal/mine")).status, 401);
      assert.deepEqual(
        records.map(({ code, path }) => [code, path]),
        [
          ["SERVICE_NOT_ALLOWED", "/internal/other"],
          ["PERMISSION_DENIED", "/internal/forbidden"],
          ["AUTHENTICATION_REQUIRED", "/internal/mine"],
        ],
      );
    });

    it("asks a token too for what decorators require, however much its service may do", async (test) => {
      const key = issuerKey("k1");
      const services = structuredClone(ORDERS.services);
      delete services.billing.permissions;
      const jwt = jwtOf(`literal:${jwkSet(key)}`, { callers: "services", permissions_claim: "permissions" });
      const port = await serve(test, { more: { services, jwt, accept: ["jwt"] } });
      const ask = (permissions) => {
        const headers = bearer(userToken(key, { sub: "billing", permissions }));
        return send(port, "GET", "/internal/forbidden", { headers });
      };
      assert.equal((await ask(["GET /internal/**", "DELETE /internal/**"])).body, "served");
      const narrow = await ask(["GET /internal/**"]);
      assert.deepEqual([narrow.status, JSON.parse(narrow.body).code], [403, "PERMISSION_DENIED"]);
    });

    it("takes the kinds of credential that the mode names", async (test) => {
      const signature = await serve(test, { env: { SERVICE_AUTH_MODE: "signature" } });
      assert.equal((await call(signature, "GET", "/internal/mine")).status, 200);
      const keys = await serve(test, { env: { SERVICE_AUTH_MODE: "api-key" } });
      assert.equal(JSON.parse((await call(keys, "GET", "/internal/mine")).body).code, "AUTHENTICATION_REQUIRED");
      const both = await serve(test);
      assert.equal(JSON.parse((await call(both, "GET", "/keys")).body).code, "AUTHENTICATION_REQUIRED");
      const hmac = await serve(test, { env: { SERVICE_AUTH_MODE: "hmac" } });
      assert.equal((await call(hmac, "GET", "/internal/mine")).status, 200);
      await assert.rejects(serve(test, { env: { SERVICE_AUTH_MODE: "magic" } }), /the mode "magic" is not known/);
    });

    it("judges what is signed in the query, with its body", async (test) => {
      const more = {
        accept: ["service-hmac-v2", "webhook:links"],
        webhooks: { links: { scheme: "links", keys: [{ secret: `literal:${LINKS_SECRET}` }] } },
        schemes: {
          links: {
            algorithm: "hmac-sha256",
            key: "text",
            message: ["method", "path", "body"],
            signature: { query: "sig", encoding: "hex" },
          },
        },
      };
      const port = await serve(test, { more });
      const link = (body) => {
        const signed = createHmac("sha256", LINKS_SECRET).update(`POST/internal/orders${body}`).digest("hex");
        return `/internal/orders?sig=${signed}`;
      };
      const post = (target, body) => send(port, "POST", target, { body, headers: JSON_TYPE });
      const genuine = await post(link('{"n":1}'), '{"n":1}');
      assert.deepEqual(JSON.parse(genuine.body), { parsed: { n: 1 }, raw: '{"n":1}' });
      // Made for a request without a body, and taken for another one.
      const taken = await post(link(""), '{"n":2}');
      assert.deepEqual([taken.status, JSON.parse(taken.body).code], [401, "INVALID_SIGNATURE"]);
    });

    it("serves callers with an API key where a guard or the mode asks for one", async (test) => {
      const services = structuredClone(ORDERS.services);
      services.billing.api_keys = [{ secret: "env:BILLING_KEY" }];
      const more = { services, accept: ["service-hmac-v2", "api-key"] };
      const BILLING_KEY = "key-of-billing-2f6c1a9d8e7b4035-0001";
      const ask = (port, target, key = BILLING_KEY) =>
        send(port, "GET", target, { headers: { "X-Service-API-Key": key } });
      const both = await serve(test, { more, env: { BILLING_KEY } });
      assert.deepEqual(JSON.parse((await ask(both, "/keys")).body), { caller: "billing" });
      assert.equal((await ask(both, "/keys", `${BILLING_KEY}x`)).status, 401);
      assert.equal((await ask(both, "/internal/mine")).body, "served");
      assert.equal(JSON.parse((await call(both, "GET", "/keys")).body).code, "AUTHENTICATION_REQUIRED");
      const keys = await serve(test, { more, env: { BILLING_KEY, SERVICE_AUTH_MODE: "api-key" } });
      assert.equal((await ask(keys, "/internal/mine")).body, "served");
      const signature = await serve(test, { more, env: { BILLING_KEY, SERVICE_AUTH_MODE: "signature" } });
      assert.equal(JSON.parse((await ask(signature, "/internal/mine")).body).code, "AUTHENTICATION_REQUIRED");
    });

    it("takes options that are known at once, and the mode of the environment", async (test) => {
      process.env.SERVICE_AUTH_MODE = "api-key";
      test.after(() => delete process.env.SERVICE_AUTH_MODE);
      for (const [options, status] of [
        [{}, 401],
        [{ mode: "hmac" }, 200],
      ]) {
        const app = await startAtOnce(platform, { config: Config.parse(ORDERS, { env: ENV }), ...options });
        test.after(() => app.close());
        assert.equal((await call(new URL(await app.getUrl()).port, "GET", "/internal/mine")).status, status);
      }
    });

    it("serves roles of AWS where a guard or the mode asks for them", async (test) => {
      const more = {
        accept: ["service-hmac-v2", "aws-sigv4"],
        aws_sigv4: { region: "eu-west-1", service: "orders" },
        services: {
          ...ORDERS.services,
          billing: {
            ...ORDERS.services.billing,
            permissions: undefined,
            aws_keys: [{ id: "AKIDBILLING000000001", secret: "env:BILLING_SECRET" }],
          },
        },
      };
      const billing = { ...ORDERS, ...more, service: "billing", sign_with: "aws-sigv4" };
      const signer = new Signer(Config.parse(billing, { env: ENV }), { target: "orders" });
      const asRole = (port, target, changed = target) => {
        const host = `127.0.0.1:${port}`;
        const signed = signer.sign({ method: "GET", target, headers: { host }, authority: host });
        return send(port, "GET", changed, { headers: { host, ...Object.fromEntries(signed) } });
      };
      const both = await serve(test, { more });
      const served = await asRole(both, "/roles/a?b=c");
      assert.deepEqual(JSON.parse(served.body), { name: "a", caller: "billing" });
      const user = await send(both, "POST", "/open", {
        headers: { ...JSON_TYPE, Authorization: "Bearer of-somebody-else" },
        body: "{}",
      });
      assert.deepEqual(JSON.parse(user.body), { parsed: {}, caller: null, id: null });
      const liar = await send(both, "POST", "/open", {
        headers: { ...JSON_TYPE, Authorization: "AWS4-HMAC-SHA256 Credential=a" },
        body: "{}",
      });
      assert.equal(liar.status, 401);
      assert.equal(JSON.parse((await asRole(both, "/roles/a", "/roles/b")).body).code, "INVALID_SIGNATURE");
      assert.equal(JSON.parse((await call(both, "GET", "/roles/a")).body).code, "AUTHENTICATION_REQUIRED");
      assert.equal((await call(both, "GET", "/internal/mine")).status, 200);
      assert.equal((await send(both, "GET", "/roles/a")).status, 401);

      const iam = await serve(test, { more, env: { SERVICE_AUTH_MODE: "iam" } });
      assert.equal((await asRole(iam, "/internal/mine")).status, 200);
      assert.equal(JSON.parse((await call(iam, "GET", "/internal/mine")).body).code, "AUTHENTICATION_REQUIRED");
    });
  });
}
