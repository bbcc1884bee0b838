// The standards through the public API: tokens, links, and responses that are bound to their requests.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { describe, it } from "node:test";

import { Config, ConfigError, Refusal, Signer, SigningError, Verifier } from "wiresign";

import { config, document, ENV } from "./support.mjs";
import { bearer, ISSUER, issuerKey, jwkSet, jwtOf, token } from "./tokens.mjs";

const NOW = 1_767_225_600;
const JWKS = "https://id.example/jwks";

const codeOf = (call) => {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.code;
  }
  return "OK";
};

describe("Tokens", () => {
  const key = issuerKey("k1");
  const claims = { iss: ISSUER, sub: "ann", aud: "orders", exp: NOW + 60, org: "acme" };
  const made = () => config("orders", { accept: ["jwt"], jwt: jwtOf(JWKS, { tenant_claim: "org" }) });
  const request = (text) => ({ method: "GET", target: "/orders/7", headers: bearer(text) });

  it("say who the user is, and what else is claimed", () => {
    const own = made();
    own.publishKeys(ISSUER, jwkSet(key));
    const verifier = new Verifier(own);
    for (const tenant of ["acme", "other"]) {
      // Twice, and of one caller with one key: nothing of a token is kept for the next.
      const verified = verifier.verify(request(token(key, { ...claims, org: tenant })), { now: NOW });
      assert.equal(verified.service, "issuer:https://id.example/");
      assert.equal(verified.scheme, "jwt");
      assert.equal(verified.keyId, "k1");
      assert.equal(verified.subject, "ann");
      assert.equal(verified.tenant, tenant);
      assert.equal(verified.tokenExpires, NOW + 60);
      assert.deepEqual({ ...verified.claims }, { ...claims, org: tenant });
      assert.equal(verified.claims, verified.claims);
      assert.equal("claims" in verified.toJSON(), false);
      assert.equal(verified.toJSON().subject, "ann");
    }
    const begun = verifier.begin(request(token(key, claims)), { now: NOW });
    assert.equal(begun.finish().subject, "ann");
    assert.equal(
      codeOf(() => verifier.verify(request(token(key, claims)), { now: NOW + 91 })),
      "TOKEN_EXPIRED",
    );
  });

  it("keep every whole number, and cannot be changed", () => {
    const own = made();
    own.publishKeys(ISSUER, jwkSet(key));
    const more = `"n":9007199254740993,"m":[-12345678901234567890,1.5,2e2,9007199254740991],"__proto__":{"x":1},"t":"\\"12345678901234567890"`;
    const text = `{"iss":"${ISSUER}","sub":"ann","aud":"orders","exp":${NOW + 60},${more}}`;
    const { claims } = new Verifier(own).verify(request(token(key, text)), { now: NOW });
    assert.equal(claims.n, 9007199254740993n);
    assert.deepEqual(claims.m, [-12345678901234567890n, 1.5, 200, 9007199254740991]);
    assert.equal(claims.t, '"12345678901234567890');
    assert.equal(claims.x, undefined);
    assert.deepEqual(Object.getOwnPropertyDescriptor(claims, "__proto__").value, { x: 1 });
    assert.throws(() => (claims.sub = "bob"), TypeError);
    assert.throws(() => claims.m.push(1), TypeError);
  });

  it("are known by the keys that were published last", () => {
    const own = made();
    assert.deepEqual(own.jwksUrls, [[ISSUER, JWKS]]);
    const verifier = new Verifier(own);
    const next = issuerKey("k2");
    const codes = () =>
      [key, next].map((known) => codeOf(() => verifier.verify(request(token(known, claims)), { now: NOW })));
    assert.deepEqual(codes(), ["UNKNOWN_KEY", "UNKNOWN_KEY"]);
    own.publishKeys(ISSUER, jwkSet(key));
    assert.deepEqual(codes(), ["OK", "UNKNOWN_KEY"]);
    const secret = { ...next, jwk: { ...next.privateKey.export({ format: "jwk" }), kid: "k2" } };
    for (const wrong of ["{}", "", jwkSet(secret), jwkSet(key, { jwk: { ...next.jwk, kid: "k1" } })]) {
      assert.throws(() => own.publishKeys(ISSUER, wrong), ConfigError);
    }
    assert.throws(() => own.publishKeys("https://other.example/", jwkSet(key)), ConfigError);
    assert.throws(() => own.publishKeys(ISSUER, undefined), TypeError);
    assert.deepEqual(codes(), ["OK", "UNKNOWN_KEY"]);
    own.publishKeys(ISSUER, jwkSet(key, next));
    assert.deepEqual(codes(), ["OK", "OK"]);
    own.publishKeys(ISSUER, jwkSet(next));
    assert.deepEqual(codes(), ["UNKNOWN_KEY", "OK"]);
  });

  it("are not there where none was sent", () => {
    const own = config("orders");
    const {
      subject,
      tenant,
      tokenExpires,
      claims: none,
    } = new Verifier(own).verify({
      method: "GET",
      target: "/health",
      headers: {},
    });
    assert.deepEqual([subject, tenant, tokenExpires, none], [null, null, null, null]);
    assert.deepEqual(own.jwksUrls, []);
  });
});

describe("Links", () => {
  const more = {
    accept: ["aws-sigv4"],
    sign_with: "aws-sigv4",
    aws_sigv4: { region: "eu-west-1", service: "execute-api" },
  };
  const links = (service) => {
    const made = document(service, more);
    made.services.billing.aws_keys = [{ id: "AKIDBILLING000000001", secret: "env:BILLING_SECRET" }];
    return Config.parse(made, { env: ENV });
  };
  const signer = new Signer(links("billing"), { target: "orders" });
  const link = { method: "GET", target: "/files/a?b=c", authority: "orders.internal" };

  it("are good for their time, and for what they name", () => {
    const target = signer.presign(link, { seconds: 60, now: NOW });
    assert.match(target, /^\/files\/a\?b=c&X-Amz-Algorithm=AWS4-HMAC-SHA256&/);
    const verifier = new Verifier(links("orders"));
    const follow = (to, now) =>
      codeOf(() => verifier.verify({ method: "GET", target: to, headers: { host: "orders.internal" } }, { now }));
    assert.equal(follow(target, NOW + 60), "OK");
    assert.equal(follow(target, NOW + 61), "TIMESTAMP_OUTSIDE_WINDOW");
    assert.equal(follow(target.replace("b=c", "b=d"), NOW), "INVALID_SIGNATURE");
  });

  it("are refused where they cannot be made", () => {
    const plain = new Signer(config("billing"), { target: "orders" });
    assert.throws(() => plain.presign(link, { seconds: 60 }), SigningError);
    for (const seconds of [0, -1, 1.5, undefined, 604_801]) {
      assert.throws(() => signer.presign(link, { seconds }), SigningError, String(seconds));
    }
    assert.throws(() => signer.presign({ method: "GET" }, { seconds: 60 }), SigningError);
  });
});

describe("Responses", () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
  const pem = (key, type) => `literal:${key.export({ format: "pem", type })}`;
  const messages = (service) => {
    const made = document(service, { accept: ["rfc9421"], sign_with: "rfc9421" });
    const own = service === "billing";
    made.services.billing.keys = [
      own
        ? { id: "ed", algorithm: "ed25519", private_key: pem(privateKey, "pkcs8") }
        : { id: "ed", algorithm: "ed25519", public_key: pem(publicKey, "spki") },
    ];
    return Config.parse(made, { env: ENV });
  };
  const billing = new Signer(messages("billing"), { target: "orders" });
  const orders = new Signer(messages("orders"));
  const own = { host: "orders.internal" };
  const signed = (target, body = Buffer.from("{}")) => {
    const request = { method: "POST", target, headers: own, body };
    return { ...request, headers: [...Object.entries(own), ...billing.sign(request, { now: NOW })] };
  };

  it("are held against their requests", () => {
    const request = signed("/a?b=c");
    const content = { "content-type": "application/json" };
    const body = Buffer.from("[1]");
    const set = orders.signResponse({ status: 201, headers: content, body }, request, { now: NOW });
    const response = { status: 201, headers: { ...content, ...Object.fromEntries(set) }, body };
    const caller = new Verifier(messages("billing"));
    const code = (service, received, sent, now = NOW) =>
      codeOf(() => assert.equal(caller.verifyResponse(service, received, sent, { now }).service, "orders"));
    assert.equal(code("orders", response, request), "OK");
    assert.equal(code("orders", { ...response, status: 200 }, request), "INVALID_SIGNATURE");
    assert.equal(code("orders", { ...response, body: Buffer.from("[2]") }, request), "DIGEST_MISMATCH");
    assert.equal(code("billing", response, request), "SERVICE_NOT_ALLOWED");
    assert.equal(code("orders", response, request, NOW + 301), "TIMESTAMP_OUTSIDE_WINDOW");
    assert.equal(code("orders", response, signed("/a?b=d")), "INVALID_SIGNATURE");
    assert.throws(() => caller.verifyResponse("orders", { ...response, body: "[1]" }, request), TypeError);
    assert.throws(() => orders.signResponse({ ...response, status: 1000 }, request), RangeError);
    assert.throws(() => caller.verifyResponse("orders", response, {}), TypeError);
    const keyless = document("orders", { sign_with: "aws-sigv4", aws_sigv4: { region: "r", service: "s" } });
    keyless.services.orders = { aws_keys: [{ id: "AKIDORDERS0000000001", secret: "env:ORDERS_SECRET" }] };
    const signer = new Signer(Config.parse(keyless, { env: ENV }));
    assert.throws(() => signer.signResponse(response, request), SigningError);
  });

  it("may ask for the signature that a request did not have", () => {
    const server = new Verifier(messages("orders"));
    const request = { method: "POST", target: "/a", headers: own, body: Buffer.from("{}") };
    assert.equal(
      codeOf(() => server.verify(request)),
      "AUTHENTICATION_REQUIRED",
    );
    const set = billing.signAsAsked({ "accept-signature": server.acceptSignature() }, request);
    const again = { ...request, headers: { ...own, ...Object.fromEntries(set) } };
    assert.equal(server.verify(again).service, "billing");
    assert.equal(
      codeOf(() => server.verify({ ...again, target: "/b" })),
      "INVALID_SIGNATURE",
    );
    assert.equal(
      codeOf(() => server.verify(again)),
      "REPLAYED_REQUEST",
    );
    assert.equal(billing.signAsAsked({ "content-type": "text/plain" }, request), null);
    assert.throws(() => billing.signAsAsked({ "accept-signature": "(" }, request), SigningError);
  });
});
