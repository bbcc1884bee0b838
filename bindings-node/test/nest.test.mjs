// The NestJS module in real applications on both platforms.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Config, Signer, Verifier } from "wiresign";

import { BUILD, compile } from "./compile.mjs";
import { call, sign, send } from "./requests.mjs";
import { document, ENV, ordersConfig } from "./support.mjs";
import { bearer, issuerKey, jwkSet, jwtOf, userToken } from "./tokens.mjs";

const source = fileURLToPath(new URL("./fixtures/nest-app.ts", import.meta.url));
const { start } = await import(compile(source, join(BUILD, "tests", "nest-app.mjs")));

const ORDERS = document("orders", { routes: undefined });
ORDERS.services.billing.permissions = ["GET /internal/**", "POST /internal/**", "POST /open", "GET /keys"];
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
