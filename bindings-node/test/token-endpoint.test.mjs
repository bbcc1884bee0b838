// Tokens over real HTTP: a service with an API key gets them from an endpoint, and calls another service with them.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import express from "express";
import { Config, IssuedToken, Signer, SigningError, TokenIssuer, TokenResponse, Verifier } from "wiresign";
import { wiresign } from "wiresign/express";
import { createFetch } from "wiresign/fetch";
import { createTokenFetch, TokenError, TokenSource } from "wiresign/tokens";

import { BROKEN_HANDLERS, ENV, listen, stopClock, until } from "./support.mjs";

const NOW = 1_767_225_600;
const ISSUER = "https://identity.internal";
const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
const literal = (key, type) => `literal:${key.export({ format: "pem", type })}`;
const PERMISSIONS = ["POST /token", "GET /invoices/**"];

const identity = (more = {}) =>
  Config.parse(
    {
      service: "identity",
      accept: ["service-hmac-v2"],
      services: {
        identity: { keys: [{ id: "2026", algorithm: "ed25519", private_key: literal(privateKey, "pkcs8") }] },
        billing: {
          keys: [{ secret: "env:BILLING_SECRET" }],
          allowed_targets: ["identity", "orders"],
          permissions: PERMISSIONS,
        },
      },
      jwt: { issue: { issuer: ISSUER }, ...more },
    },
    { env: ENV },
  );

const orders = () =>
  Config.parse({
    service: "orders",
    accept: ["jwt"],
    services: { billing: { allowed_targets: ["orders"] } },
    jwt: {
      leeway: 0,
      issuers: {
        [ISSUER]: {
          keys: [{ id: "2026", algorithm: "ed25519", public_key: literal(publicKey, "spki") }],
          type: "at+jwt",
          permissions_claim: "permissions",
          tenant_claim: "tenant",
        },
      },
    },
  });

describe("TokenIssuer", () => {
  const issuer = new TokenIssuer(identity());

  it("issues what the registry allows, and what a verifier takes", () => {
    const token = issuer.issue("billing", "orders", { now: NOW, lifetime: 60, tenant: "acme" });
    assert.ok(token instanceof IssuedToken);
    assert.equal(token.expires, NOW + 60);
    assert.equal(token.lifetime, 60);
    assert.deepEqual(token.permissions, PERMISSIONS);
    const verifier = new Verifier(orders());
    const headers = { authorization: `Bearer ${token.text}` };
    const verified = verifier.verify({ method: "GET", target: "/invoices/7", headers }, { now: NOW + 59 });
    assert.deepEqual([verified.service, verified.tenant, verified.tokenExpires], ["billing", "acme", NOW + 60]);
    const refused = (target, now) => verifier.check({ method: "GET", target, headers }, { now }).code;
    assert.equal(refused("/invoices/7", NOW + 60), "TOKEN_EXPIRED");
    assert.equal(refused("/orders", NOW), "PERMISSION_DENIED");
    const id = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
    const twice = [1, 2].map(() => issuer.issue("billing", "orders", { now: NOW, id }).text);
    assert.equal(twice[0], twice[1]);
    assert.notEqual(issuer.issue("billing", "orders", { now: NOW }).text, twice[0]);
  });

  it("refuses what nobody may have", () => {
    for (const [subject, audience, options] of [
      ["billing", "payroll"],
      ["nobody", "orders"],
      ["billing", "orders", { lifetime: 301 }],
      ["billing", "orders", { lifetime: 0.5 }],
      ["billing", "orders", { permissions: ["POST /invoices"] }],
      ["billing", "orders", { tenant: "" }],
      ["billing", "orders", { now: -1 }],
      ["billing", "orders", { id: "short" }],
    ]) {
      assert.throws(() => issuer.issue(subject, audience, options), SigningError, JSON.stringify([audience, options]));
    }
    assert.throws(() => new TokenIssuer(orders()), SigningError);
    assert.throws(() => issuer.answer("billing", "grant_type=client_credentials"), TypeError);
    for (const Class of [IssuedToken, TokenResponse]) {
      assert.throws(() => new Class(), TypeError);
    }
  });

  it("goes on with another config, but not with one that cannot sign", () => {
    const made = new TokenIssuer(identity());
    assert.equal(made.issue("billing", "orders").lifetime, 300);
    made.replace(identity({ lifetime: 60 }));
    assert.equal(made.issue("billing", "orders").lifetime, 60);
    assert.throws(() => made.replace(orders()), SigningError);
    assert.equal(made.issue("billing", "orders").lifetime, 60);
  });

  it("shows no token by itself", () => {
    const token = issuer.issue("billing", "orders");
    const answer = issuer.answer("billing", Buffer.from("grant_type=client_credentials&audience=orders"));
    assert.match(answer.body, /"access_token":"ey/);
    for (const text of [token, answer, issuer].flatMap((made) => [inspect(made), JSON.stringify(made), String(made)])) {
      assert.doesNotMatch(text, /ey/);
    }
  });
});

/** An endpoint on a real server. `answer` may be replaced; `asked` are the forms that it got. */
async function endpoint(test, lifetime = 300) {
  const issuer = new TokenIssuer(identity({ lifetime }));
  const made = { asked: [], answer: undefined };
  const app = express();
  app.use(wiresign(identity()));
  app.post("/token", (request, response) => {
    made.asked.push(request.rawBody.toString());
    const { status, headers, body } = issuer.answer(request.caller.service, request.rawBody);
    if (made.answer === undefined) {
      response.writeHead(status, headers.flat()).end(body);
    } else {
      made.answer(response, body);
    }
  });
  made.url = `http://127.0.0.1:${await listen(test, http.createServer(app))}/token`;
  return made;
}

const proving = createFetch(
  new Signer(
    Config.parse(
      { service: "billing", services: { billing: { keys: [{ secret: "env:BILLING_SECRET" }] } } },
      { env: ENV },
    ),
    { target: "identity" },
  ),
);
const source = ({ url }, more = {}) => new TokenSource({ url, audience: "orders", fetch: proving, ...more });
const failure = async (promise) => {
  const error = await promise.then(assert.fail, (found) => found);
  assert.ok(error instanceof TokenError, String(error));
  return error;
};
describe("TokenSource", () => {
  it("calls with one token, which it gets once for all", async (test) => {
    const server = await endpoint(test);
    const tokens = source(server, { permissions: ["GET /invoices/7"] });
    const app = express();
    app.use(wiresign(orders()));
    app.get("/invoices/:id", (request, response) =>
      response.json([request.caller.service, request.caller.claims.permissions]),
    );
    const url = `http://127.0.0.1:${await listen(test, http.createServer(app))}`;
    const call = createTokenFetch(tokens, url);
    const calls = await Promise.all([1, 2, 3].map(() => call(`${url}/invoices/7`)));
    for (const answer of calls) {
      assert.deepEqual(await answer.json(), ["billing", ["GET /invoices/7"]]);
    }
    assert.equal((await call(`${url}/invoices/8`)).status, 403);
    assert.equal((await fetch(`${url}/invoices/7`)).status, 401);
    await assert.rejects(call(server.url), TypeError);
    assert.deepEqual(server.asked, ["grant_type=client_credentials&audience=orders&scope=GET+%2Finvoices%2F7"]);
    assert.doesNotMatch(inspect(tokens) + JSON.stringify(tokens), /ey/);
  });

  it("holds less than the config gives, for rules of handlers too", async (test) => {
    const server = await endpoint(test);
    const tokens = source(server, { permissions: ["GET /invoices/7"] });
    const headers = { authorization: `Bearer ${await tokens.token()}` };
    const caller = new Verifier(orders()).verify({ method: "GET", target: "/invoices/7", headers });
    caller.requirePermission("GET /invoices/7");
    assert.throws(() => caller.requirePermission("GET /invoices/**"), {
      code: "PERMISSION_DENIED",
      service: "billing",
    });
    assert.throws(() => caller.requirePermission("invoices:read"), TypeError);
  });

  it("gets the next token when a tenth of its life is left", async (test) => {
    const pass = stopClock(test);
    const server = await endpoint(test, 300);
    const tokens = source(server);
    const first = await tokens.token();
    pass(239_000);
    assert.equal(await tokens.token(), first);
    assert.equal(server.asked.length, 1);
    pass(49_000);
    assert.notEqual(await tokens.token(), first);
    assert.equal(server.asked.length, 2);
  });

  it("keeps a good token where there is no next one, and leaves the endpoint alone for a while", async (test) => {
    const pass = stopClock(test);
    const server = await endpoint(test, 4);
    const told = [];
    const tokens = source(server, { onError: (error) => told.push(error) });
    const first = await tokens.token();
    server.answer = (response) => response.writeHead(503).end();
    pass(3650);
    assert.deepEqual([await tokens.token(), await tokens.token()], [first, first]);
    await until(() => told.length > 0);
    assert.equal(await tokens.token(), first);
    pass(450);
    assert.equal(server.asked.length, 2);
    assert.deepEqual(
      told.map(({ status }) => status),
      [503],
    );
    assert.equal((await failure(tokens.token())).status, 503);
    assert.equal(server.asked.length, 2);
    server.answer = undefined;
    pass(1000);
    assert.notEqual(await tokens.token(), first);
  });

  it("keeps a good token whatever is done with the news of a failure", async (test) => {
    const pass = stopClock(test);
    const server = await endpoint(test);
    for (const onError of BROKEN_HANDLERS) {
      server.answer = undefined;
      const tokens = source(server, { onError });
      const first = await tokens.token();
      server.answer = (response) => response.writeHead(503).end();
      const warned = once(process, "warning");
      // So little of its life is left that the call waits for the next one.
      pass(290_000);
      assert.equal(await tokens.token(), first);
      assert.match((await warned)[0].message, /onError of wiresign failed/);
    }
  });

  it("drops a token that is not taken, unless it is new", async (test) => {
    const pass = stopClock(test);
    const server = await endpoint(test);
    const tokens = source(server);
    const other = http.createServer((_request, response) => response.writeHead(401).end());
    const url = `http://127.0.0.1:${await listen(test, other)}/`;
    const call = createTokenFetch(tokens, url);
    assert.equal((await call(url)).status, 401);
    await call(url);
    assert.equal(server.asked.length, 1);
    pass(1050);
    await call(url);
    await call(url);
    assert.equal(server.asked.length, 2);
  });

  it("says why there is no token", async (test) => {
    const server = await endpoint(test);
    const refused = await failure(source(server, { audience: "payroll" }).token());
    assert.deepEqual([refused.status, refused.error, refused.url], [400, "invalid_target", server.url]);
    const scope = await failure(source(server, { permissions: ["DELETE /**"] }).token());
    assert.equal(scope.error, "invalid_scope");
    const unproven = await failure(source(server, { fetch }).token());
    assert.equal(unproven.status, 401);
    assert.match(unproven.message, /AUTHENTICATION_REQUIRED/);
    const none = await failure(source({ url: "http://127.0.0.1:1/token" }).token());
    assert.equal(none.status, null);
    assert.match(none.message, /ECONNREFUSED|fetch failed/);
  });

  for (const [name, answer, message] of [
    ["that never comes", () => undefined, /within 400 ms/],
    ["that stops in the middle", (response) => response.writeHead(200).write("{"), /within 400 ms/],
    ["that is too long", (response) => response.end(" ".repeat(70_000)), /longer than 65536/],
    ["that is no JSON", (response) => response.end("<html>"), /no bearer token/],
    ["that is for another use", (response, body) => response.end(body.replace("Bearer", "DPoP")), /no bearer token/],
    ["with a token of two lines", (response, body) => response.end(body.replace("ey", "e\\r\\ny")), /no bearer token/],
    ["without an end", (response, body) => response.end(body.replace('"expires_in":300', '"x":1')), /how long/],
  ]) {
    it(`takes no token from an answer ${name}`, async (test) => {
      const server = await endpoint(test);
      server.answer = answer;
      // Nothing but what never ends is to be late, on a busy machine neither.
      const timeout = message.source.startsWith("within") ? 400 : 60_000;
      assert.match((await failure(source(server, { timeout }).token())).message, message);
    });
  }
});
