// Requests and responses over real HTTP, between this package and others that share no code with it: http-message-signatures
// for RFC 9421, and the signer of the AWS SDK.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import { describe, it } from "node:test";

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import express from "express";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";
import { Config, Signer, Verifier } from "wiresign";
import { wiresign } from "wiresign/express";
import { createFetch } from "wiresign/fetch";

import { send } from "./requests.mjs";
import { document, ENV, listen } from "./support.mjs";

const BODY = '{"number":7}';
const FIELDS = ["@method", "@authority", "@path", "@query", "content-digest"];
const PARAMS = ["created", "keyid", "alg", "nonce", "tag"];

const digestOf = (body) => `sha-256=:${crypto.createHash("sha256").update(body).digest("base64")}:`;
const literal = (key, type) => `literal:${key.export({ format: "pem", type })}`;

/** Key pairs of every algorithm, and how the config names their public halves. */
const KEYS = {
  ed25519: crypto.generateKeyPairSync("ed25519"),
  "ecdsa-p256-sha256": crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "ecdsa-p384-sha384": crypto.generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "rsa-v1_5-sha256": crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "rsa-pss-sha512": crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const SIGNING = ["ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "hmac-sha256"];

function publicKeyOf(algorithm) {
  return algorithm === "hmac-sha256"
    ? { id: "k", secret: "env:BILLING_SECRET" }
    : { id: "k", algorithm, public_key: literal(KEYS[algorithm].publicKey, "spki") };
}

/** The config of orders, who knows billing by one key. */
function ordersConfig(key, more) {
  const made = document("orders", { accept: ["rfc9421"], sign_with: "rfc9421", ...more });
  made.services.billing.keys = [key];
  return Config.parse(made, { env: ENV });
}

/** The config of billing, who signs by that key. */
function billingConfig(algorithm) {
  const made = document("billing", { accept: ["rfc9421"], sign_with: "rfc9421" });
  made.services.billing.keys = [
    algorithm === "hmac-sha256"
      ? { id: "k", secret: "env:BILLING_SECRET" }
      : { id: "k", algorithm, private_key: literal(KEYS[algorithm].privateKey, "pkcs8") },
  ];
  return Config.parse(made, { env: ENV });
}

async function protectedBy(test, config) {
  const app = express();
  app.use(wiresign(config));
  app.use((request, response) => response.json({ caller: request.caller.service, bytes: request.rawBody.length }));
  return listen(test, http.createServer(app));
}

function theirKey(algorithm) {
  if (algorithm === "rsa-pss-sha512") {
    // Theirs takes the longest salt that fits, where the RFC has one of 64 bytes.
    const key = { key: KEYS[algorithm].privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
    return { id: "billing/k", alg: algorithm, sign: async (data) => crypto.sign("sha512", data, key) };
  }
  const key = algorithm === "hmac-sha256" ? ENV.BILLING_SECRET : KEYS[algorithm].privateKey;
  return createSigner(key, algorithm, "billing/k");
}

const theirPublicKey = (algorithm) =>
  createVerifier(algorithm === "hmac-sha256" ? ENV.BILLING_SECRET : KEYS[algorithm].publicKey, algorithm);

/** A request that their package has signed. */
async function theirs(port, algorithm, { fields = FIELDS, target = "/invoices?draft=1&a=%20", ...more } = {}) {
  const url = `http://127.0.0.1:${port}${target}`;
  const headers = {
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    "content-digest": digestOf(BODY),
  };
  const paramValues = { nonce: crypto.randomBytes(18).toString("base64url"), tag: "wiresign", ...more };
  const config = { key: theirKey(algorithm), name: "theirs", fields, params: PARAMS, paramValues };
  const signed = await httpbis.signMessage(config, { method: "POST", url, headers });
  return { target, headers: signed.headers };
}

describe("RFC 9421, signed by http-message-signatures", () => {
  for (const algorithm of [...Object.keys(KEYS), "hmac-sha256"]) {
    it(`${algorithm}: is accepted as it was signed, and refused as anything else`, async (test) => {
      const port = await protectedBy(test, ordersConfig(publicKeyOf(algorithm)));
      const answer = async (change) => {
        const { target, headers } = await theirs(port, algorithm);
        const changed = { method: "POST", target, headers, body: BODY, ...change?.({ target, headers }) };
        const { status, body } = await send(port, changed.method, changed.target, changed);
        return status === 200 ? JSON.parse(body) : JSON.parse(body).code;
      };
      assert.deepEqual(await answer(), { caller: "billing", bytes: BODY.length });
      assert.equal(await answer(() => ({ body: BODY.replace("7", "8") })), "DIGEST_MISMATCH");
      assert.equal(await answer(() => ({ method: "PUT" })), "INVALID_SIGNATURE");
      assert.equal(await answer(({ target }) => ({ target: `${target}x` })), "INVALID_SIGNATURE");
      const flip = ({ headers }) => {
        const [, before, text] = /^(theirs=:)(.*):$/.exec(headers.Signature);
        const bytes = Buffer.from(text, "base64");
        bytes[9] ^= 1;
        return { headers: { ...headers, Signature: `${before}${bytes.toString("base64")}:` } };
      };
      assert.equal(await answer(flip), "INVALID_SIGNATURE");
      const later = ({ headers }) => ({
        headers: {
          ...headers,
          "Signature-Input": headers["Signature-Input"].replace(
            /created=(\d+)/,
            (_, at) => `created=${Number(at) + 1}`,
          ),
        },
      });
      assert.equal(await answer(later), "INVALID_SIGNATURE");
    });
  }

  it("must cover what the config asks for, and once", async (test) => {
    const port = await protectedBy(test, ordersConfig(publicKeyOf("ed25519")));
    const codeOf = async ({ target, headers }) => {
      const { status, body } = await send(port, "POST", target, { headers, body: BODY });
      return status === 200 ? "OK" : JSON.parse(body).code;
    };
    const less = await theirs(port, "ed25519", { fields: FIELDS.slice(0, -1) });
    assert.equal(await codeOf(less), "INSUFFICIENT_COVERAGE");
    const once = await theirs(port, "ed25519");
    assert.deepEqual([await codeOf(once), await codeOf(once)], ["OK", "REPLAYED_REQUEST"]);
    const old = await theirs(port, "ed25519", { created: new Date(Date.now() - 400_000) });
    assert.equal(await codeOf(old), "TIMESTAMP_OUTSIDE_WINDOW");
    const other = await theirs(port, "ecdsa-p256-sha256");
    assert.equal(await codeOf(other), "ALGORITHM_NOT_ALLOWED");
  });

  it("may cover what is usual elsewhere, where the config says so", async (test) => {
    const covered = ["@method", '"@query-param";name="draft"', "content-type", '"content-digest";sf'];
    const fields = ["@method", '"@query-param";name="draft"', "content-type", '"content-digest";sf'];
    const port = await protectedBy(test, ordersConfig(publicKeyOf("ed25519"), { rfc9421: { covered, tag: "app" } }));
    const { target, headers } = await theirs(port, "ed25519", { fields, tag: "app" });
    assert.equal((await send(port, "POST", target, { headers, body: BODY })).status, 200);
    const again = await theirs(port, "ed25519", { fields, tag: "app" });
    const changed = { ...again.headers, "content-type": "text/plain" };
    assert.equal((await send(port, "POST", again.target, { headers: changed, body: BODY })).status, 401);
  });
});

describe("RFC 9421, signed here", () => {
  /** A server that asks their package, and answers with what that says. */
  async function judge(test, algorithm, tamper = (request) => request) {
    const server = http.createServer(async (request, response) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      const body = Buffer.concat(pieces);
      const { method, headers } = request;
      const message = tamper({ method, url: `http://${headers.host}${request.url}`, headers });
      const lookUp = async ({ keyid, alg }) =>
        keyid === "billing/k" && alg === algorithm
          ? { id: keyid, algs: [alg], verify: theirPublicKey(algorithm) }
          : null;
      // Their clock stands at the start of the second in which it is asked.
      const config = { keyLookup: lookUp, requiredFields: FIELDS, requiredParams: PARAMS, all: true, tolerance: 60 };
      const holds = await httpbis.verifyMessage(config, message).catch(() => false);
      response.end(String(holds === true && headers["content-digest"] === digestOf(body)));
    });
    return listen(test, server);
  }

  for (const algorithm of SIGNING) {
    it(`${algorithm}: is accepted by http-message-signatures, and refused when changed`, async (test) => {
      const signing = createFetch(new Signer(billingConfig(algorithm), { target: "orders" }));
      const ask = async (port) => {
        const headers = { "Content-Type": "application/json" };
        const url = `http://127.0.0.1:${port}/invoices?draft=1&a=%20`;
        return (await signing(url, { method: "POST", headers, body: BODY })).text();
      };
      assert.equal(await ask(await judge(test, algorithm)), "true");
      const elsewhere = (request) => ({ ...request, url: request.url.replace("draft=1", "draft=2") });
      assert.equal(await ask(await judge(test, algorithm, elsewhere)), "false");
      const digest = ({ headers, ...request }) => ({
        ...request,
        headers: { ...headers, "content-digest": digestOf("") },
      });
      assert.equal(await ask(await judge(test, algorithm, digest)), "false");
    });
  }
});

describe("RFC 9421, responses", () => {
  const FROM_REQUEST = ["@method", "@authority", "@path", "@query", '"signature";key="wiresign"'];
  const RESPONSE_FIELDS = ["@status", "content-digest", ...FROM_REQUEST.map((name) => `${quoted(name)};req`)];
  const orders = () => {
    const made = document("orders", { accept: ["rfc9421"], sign_with: "rfc9421" });
    made.services.orders.keys = [
      { id: "k", algorithm: "ed25519", private_key: literal(KEYS.ed25519.privateKey, "pkcs8") },
    ];
    return Config.parse(made, { env: ENV });
  };
  const billing = () => {
    const made = document("billing", { accept: ["rfc9421"], sign_with: "rfc9421" });
    made.services.orders.keys = [publicKeyOf("ed25519")];
    return Config.parse(made, { env: ENV });
  };

  /** Calls a server that signs its answers, and gives both messages as they were on the wire. */
  async function exchange(test, sign) {
    const server = http.createServer(async (request, response) => {
      const received = { method: request.method, target: request.url, headers: request.headers };
      const body = Buffer.from('{"total":42}');
      const own = { "Content-Type": "application/json" };
      const headers = await sign({ status: 201, headers: own, body }, received);
      response.writeHead(201, headers).end(body);
    });
    const port = await listen(test, server);
    const request = { method: "GET", target: "/total?of=7", authority: `127.0.0.1:${port}` };
    const signed = Object.fromEntries(new Signer(billing(), { target: "orders" }).sign(request));
    const answer = await send(port, "GET", request.target, { headers: signed });
    const sent = { ...request, headers: { host: request.authority, ...signed } };
    return { sent, received: { ...answer, body: Buffer.from(answer.body) } };
  }
  const asTheirs = ({ method, target, headers }) => ({ method, url: `http://${headers.host}${target}`, headers });

  it("of this package are accepted by theirs, bound to the request", async (test) => {
    const signer = new Signer(orders());
    const { sent, received } = await exchange(test, (response, request) => ({
      ...response.headers,
      ...Object.fromEntries(signer.signResponse(response, request)),
    }));
    new Verifier(billing()).verifyResponse("orders", received, sent);
    const names = Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const verify = (message, request) => {
      const keyLookup = async ({ keyid }) =>
        keyid === "orders/k" ? { id: keyid, verify: createVerifier(KEYS.ed25519.publicKey, "ed25519") } : null;
      return httpbis.verifyMessage({ keyLookup, all: true, tolerance: 60 }, message, request);
    };
    const message = { status: received.status, headers: received.headers };
    const request = asTheirs({ ...sent, headers: names });
    assert.equal(await verify(message, request), true);
    assert.equal(await verify({ ...message, status: 200 }, request), false);
    assert.equal(await verify(message, { ...request, url: request.url.replace("of=7", "of=8") }), false);
  });

  it("of theirs are accepted here, bound to the request", async (test) => {
    const { sent, received } = await exchange(test, async ({ status, headers, body }, request) => {
      const message = { status, headers: { ...headers, "content-digest": digestOf(body) } };
      const paramValues = { nonce: crypto.randomBytes(18).toString("base64url"), tag: "wiresign" };
      const key = createSigner(KEYS.ed25519.privateKey, "ed25519", "orders/k");
      const config = { key, name: "theirs", fields: RESPONSE_FIELDS, params: PARAMS, paramValues };
      return (await httpbis.signMessage(config, message, asTheirs(request))).headers;
    });
    const codeOf = (response, request) => {
      try {
        return new Verifier(billing()).verifyResponse("orders", response, request).service;
      } catch (refusal) {
        return refusal.code;
      }
    };
    assert.equal(codeOf(received, sent), "orders");
    assert.equal(codeOf({ ...received, status: 200 }, sent), "INVALID_SIGNATURE");
    assert.equal(codeOf({ ...received, body: Buffer.from('{"total":43}') }, sent), "DIGEST_MISMATCH");
    assert.equal(codeOf(received, { ...sent, target: "/total?of=8" }), "INVALID_SIGNATURE");
  });
});

function quoted(name) {
  return name.startsWith('"') ? name : `"${name}"`;
}

describe("AWS signatures of @smithy/signature-v4", () => {
  const SCOPE = { region: "eu-central-1", service: "execute-api" };
  const KEY = { accessKeyId: "AKIDBILLING000000001", secretAccessKey: ENV.BILLING_SECRET };

  function config(key = {}, aws = {}) {
    const made = document("orders", { accept: ["aws-sigv4"], aws_sigv4: { ...SCOPE, ...aws } });
    made.services.billing = { aws_keys: [{ id: KEY.accessKeyId, secret: "env:BILLING_SECRET", ...key }] };
    return Config.parse(made, { env: { ...ENV, SESSION: "a-session-token" } });
  }

  const signer = (credentials = {}, more = {}) =>
    new SignatureV4({ ...SCOPE, ...more, sha256: Sha256, credentials: { ...KEY, ...credentials } });

  const request = (port, more = {}) => ({
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    path: "/invoices/a%20b",
    query: { draft: "1", of: ["b", "a"] },
    headers: { host: `127.0.0.1:${port}`, "content-type": "application/json" },
    body: BODY,
    ...more,
  });

  const text = (query) =>
    Object.entries(query)
      .flatMap(([name, values]) => [values].flat().map((value) => `${encode(name)}=${encode(value)}`))
      .join("&");
  const encode = (value) =>
    encodeURIComponent(value).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);

  /** Sends what was signed, as an HTTP handler of the SDK does. */
  async function deliver(port, { method, path, query, headers, body }, change = {}) {
    const target = `${path}${Object.keys(query).length > 0 ? `?${text(query)}` : ""}`;
    const answer = await send(port, method, target, { headers, body, ...change });
    return answer.status === 200 ? JSON.parse(answer.body).caller : JSON.parse(answer.body).code;
  }

  it("are accepted, and refused when a byte is changed", async (test) => {
    const port = await protectedBy(test, config());
    const signed = () => signer().sign(request(port));
    const first = await signed();
    assert.equal(await deliver(port, first), "billing");
    assert.equal(await deliver(port, first), "REPLAYED_REQUEST");
    assert.equal(await deliver(port, await signed(), { body: BODY.replace("7", "8") }), "DIGEST_MISMATCH");
    const made = await signed();
    assert.equal(await deliver(port, { ...made, path: "/invoices/a%20c" }), "INVALID_SIGNATURE");
    assert.equal(await deliver(port, { ...made, query: { ...made.query, draft: "2" } }), "INVALID_SIGNATURE");
    assert.equal(await deliver(port, { ...made, method: "PUT" }), "INVALID_SIGNATURE");
    const headers = { ...made.headers, "content-type": "text/plain" };
    assert.equal(await deliver(port, { ...made, headers }), "INVALID_SIGNATURE");
  });

  it("must be by the right key, for the right scope, and of now", async (test) => {
    const port = await protectedBy(test, config());
    const wrong = await signer({ secretAccessKey: ENV.ORDERS_SECRET }).sign(request(port));
    assert.equal(await deliver(port, wrong), "INVALID_SIGNATURE");
    const elsewhere = await signer({}, { region: "us-east-1" }).sign(request(port));
    assert.equal(await deliver(port, elsewhere), "TARGET_NOT_ALLOWED");
    const old = await signer().sign(request(port), { signingDate: new Date(Date.now() - 1_000_000) });
    assert.equal(await deliver(port, old), "TIMESTAMP_OUTSIDE_WINDOW");
  });

  it("carry the session token of a temporary key", async (test) => {
    const port = await protectedBy(test, config({ session_token: "env:SESSION" }));
    const sessions = signer({ sessionToken: "a-session-token" });
    assert.equal(await deliver(port, await sessions.sign(request(port))), "billing");
    assert.equal(await deliver(port, await signer().sign(request(port))), "INVALID_TOKEN");
  });

  it("are accepted in the style of S3", async (test) => {
    const port = await protectedBy(test, config({}, { style: "s3" }));
    const made = signer({}, { uriEscapePath: false });
    assert.equal(await deliver(port, await made.sign(request(port))), "billing");
    const changed = { body: BODY.replace("7", "8") };
    assert.equal(await deliver(port, await made.sign(request(port)), changed), "DIGEST_MISMATCH");
  });

  it("are accepted as links", async (test) => {
    const port = await protectedBy(test, config());
    const link = () =>
      signer().presign(request(port, { method: "GET", body: undefined, headers: { host: `127.0.0.1:${port}` } }), {
        expiresIn: 60,
      });
    assert.equal(await deliver(port, await link()), "billing");
    const made = await link();
    const longer = { ...made, query: { ...made.query, "X-Amz-Expires": "61" } };
    assert.equal(await deliver(port, longer), "INVALID_SIGNATURE");
  });
});
