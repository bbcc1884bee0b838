import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import {
  BodyVerification,
  Config,
  ConfigError,
  generateSecret,
  Refusal,
  RefusalCode,
  Signer,
  SigningError,
  Verified,
  Verifier,
} from "wiresign";

import { billingSigner, config, document, ENV, ordersConfig, signedRequest } from "./support.mjs";

const NOW = 1_767_225_600;
const NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";

const refusal = (verifier, request, options) => {
  try {
    verifier.verify(request, options);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail("the request was accepted");
};
const code = (...args) => refusal(...args).code;

describe("Config", () => {
  it("reads text, values, files and environments", () => {
    const file = join(mkdtempSync(join(tmpdir(), "wiresign-")), "wiresign.json");
    writeFileSync(file, JSON.stringify(document("orders", { environment: "test" })));
    for (const made of [
      Config.parse(JSON.stringify(document("orders", { environment: "test" })), { env: ENV }),
      Config.parse(document("orders", { environment: "test" }), { env: ENV }),
      Config.fromFile(file, { env: ENV }),
    ]) {
      assert.equal(made.service, "orders");
      assert.equal(made.environment, "test");
      assert.deepEqual(made.serviceIds, ["orders", "billing"]);
      assert.equal(made.bodyLimit, 10_485_760);
      assert.equal(made.url("billing"), null);
    }
    const small = Config.fromEnv({ SERVICE_ID: "orders", SERVICE_SECRET: ENV.ORDERS_SECRET });
    assert.equal(small.service, "orders");
    assert.equal(small.environment, null);
  });

  it("looks references up in process.env unless told otherwise, also as it is now", () => {
    assert.throws(() => Config.parse(document("orders")), ConfigError);
    Object.assign(process.env, ENV);
    try {
      assert.equal(Config.parse(document("orders")).service, "orders");
    } finally {
      Object.keys(ENV).forEach((name) => delete process.env[name]);
    }
  });

  it("says all problems at once, with pointers and without secrets", () => {
    const broken = document("orders", { window: { past: 0 }, colour: "red" });
    broken.services.billing.keys[0].secret = "literal:short-secret";
    assert.throws(
      () => Config.parse(broken, { env: ENV }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, "CONFIG_INVALID");
        const pointers = error.problems.map(({ pointer }) => pointer).sort();
        assert.deepEqual(pointers, ["/colour", "/services/billing/keys/0/secret", "/window/past"]);
        assert.ok(!inspect(error).includes("short-secret"));
        return true;
      },
    );
  });

  it("refuses text that is no JSON, and files that are no text", () => {
    assert.throws(() => Config.parse("{"), ConfigError);
    assert.throws(() => Config.parse(""), ConfigError);
    for (const forgotten of [undefined, () => "{}", Buffer.from("{}"), new Uint8Array(2)]) {
      assert.throws(() => Config.parse(forgotten), /^TypeError: A config document is JSON text.*Config\.fromFile/u);
    }
    const file = join(mkdtempSync(join(tmpdir(), "wiresign-")), "wiresign.json");
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d]));
    assert.throws(() => Config.fromFile(file), ConfigError);
  });
});

describe("Signer and Verifier", () => {
  for (const scheme of ["service-hmac-v2", "service-hmac", "cross-service"]) {
    const more = { sign_with: scheme, accept: [scheme] };

    it(`${scheme}: what one signs the other verifies`, () => {
      const verifier = new Verifier(ordersConfig(more));
      const verified = verifier.verify(signedRequest({}, { now: NOW, nonce: NONCE }, more), { now: NOW + 7 });
      assert.ok(verified instanceof Verified);
      assert.equal(verified.service, "billing");
      assert.equal(verified.keyId, "2026");
      assert.equal(verified.keyIsRetiring, false);
      assert.equal(verified.scheme, scheme);
      assert.equal(verified.age, 7);
      assert.equal(verified.timestamp, NOW);
      assert.equal(verified.requestId, NONCE);
      assert.equal(verified.requestIdIsSigned, scheme === "service-hmac-v2");
      assert.equal(verified.route, null);
      assert.ok(verified.covered.includes("body"));
      assert.equal(verified.isPublic, false);
    });

    it(`${scheme}: the replay key of a hot call is that of the core`, () => {
      const request = signedRequest({}, { now: NOW, nonce: NONCE }, more);
      const hot = new Verifier(ordersConfig(more)).verify(request, { now: NOW });
      const pairs = { ...request, headers: Object.entries(request.headers) };
      const cold = new Verifier(ordersConfig(more)).verify(pairs, { now: NOW });
      assert.equal(hot.replayKey, cold.replayKey);
      assert.match(hot.replayKey, /^[ns]:[0-9a-f]{64}$/);
      assert.deepEqual(hot.toJSON(), cold.toJSON());
    });

    it(`${scheme}: every changed field is refused`, () => {
      const verifier = new Verifier(ordersConfig(more));
      const request = signedRequest({}, { now: NOW }, more);
      const options = { now: NOW };
      assert.equal(code(verifier, { ...request, body: Buffer.from("{}") }, options), "INVALID_SIGNATURE");
      assert.equal(code(verifier, { ...request, method: "PUT" }, options), "INVALID_SIGNATURE");
      assert.equal(code(verifier, { ...request, target: "/orders/2" }, options), "INVALID_SIGNATURE");
      assert.equal(code(verifier, request, { now: NOW + 301 }), "TIMESTAMP_OUTSIDE_WINDOW");
      verifier.verify(request, options);
      assert.equal(code(verifier, request, options), "REPLAYED_REQUEST");
    });
  }

  it("takes the clock and a fresh nonce by itself", () => {
    const verified = new Verifier(ordersConfig()).verify(signedRequest());
    assert.ok(Math.abs(verified.timestamp - Date.now() / 1000) < 60);
    assert.match(verified.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(signedRequest().headers["x-request-id"], signedRequest().headers["x-request-id"]);
  });

  it("signs text as its UTF-8 bytes, and shows what it signed", () => {
    const signer = billingSigner();
    const options = { now: NOW, nonce: NONCE };
    const request = { method: "post", target: "/a?b=%20", body: "žluť" };
    const message = signer.message(request, options);
    assert.equal(message.toString("utf8"), `wiresign-v2\nPOST\n/a\nb=%20\n${NOW}\nbilling\norders\n${NONCE}\nžluť`);
    assert.deepEqual(signer.sign(request, options), signer.sign({ ...request, body: Buffer.from("žluť") }, options));
    assert.deepEqual(
      signer.sign(request, options).map(([name]) => name),
      ["X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID", "X-Signature"],
    );
  });

  it("fails to sign with a reason", () => {
    const signer = billingSigner();
    const failures = [
      () => new Signer(config("billing")),
      () => new Signer(config("billing"), { target: "no service" }),
      () => new Signer(config("unlisted"), { target: "orders" }),
      () => signer.sign({ method: "GET", target: "no-slash" }),
      () => signer.sign({ method: "G T", target: "/" }),
      () => signer.sign({ method: "GET", target: "/š" }),
      () => signer.sign({ method: "GET", target: "/é" }),
      () => signer.sign({ method: "GET", target: "/" }, { nonce: "short" }),
      () => signer.sign({ method: "GET", target: "/" }, { nonce: "žluťoučký-kůň-6f1c3f0a" }),
      () => signer.sign({ method: "GET", target: "/" }, { now: -1 }),
      () => signer.sign({ method: "GET", target: "/" }, { now: 1.5 }),
      () => signer.sign({ method: "GET", target: "/" }, { now: "1767225600" }),
      () => signer.sign({ method: "GET", target: "/", body: 7 }),
      () => signer.sign({ target: "/" }),
      () => signer.message({ method: "GET", target: "no-slash" }),
    ];
    for (const failure of failures) {
      assert.throws(failure, (error) => error instanceof SigningError && error.message.length > 10, failure.toString());
    }
  });

  it("gives refusals that say what to answer", () => {
    const verifier = new Verifier(ordersConfig());
    const found = refusal(verifier, { method: "GET", target: "/orders", headers: {} });
    assert.equal(found.code, RefusalCode.AUTHENTICATION_REQUIRED);
    assert.equal(found.status, 401);
    assert.equal(found.name, "Refusal");
    assert.equal(found.message, "Authentication is required.");
    assert.equal(found.service, null);
    assert.equal(found.requestId, null);
    assert.ok(found.detail.length > 0);
    assert.deepEqual(found.response, {
      status: 401,
      code: "AUTHENTICATION_REQUIRED",
      wwwAuthenticate: 'Wiresign realm="orders"',
      headers: { "Content-Type": "application/json", "WWW-Authenticate": 'Wiresign realm="orders"' },
      body: '{"error":"Authentication is required.","code":"AUTHENTICATION_REQUIRED","requestId":null}',
    });
    assert.match(found.stack, /api\.test\.mjs/);
    assert.ok(!JSON.stringify(found).includes(found.detail));
  });

  it("returns from check what verify throws", () => {
    const verifier = new Verifier(ordersConfig());
    const request = signedRequest();
    assert.ok(verifier.check(request) instanceof Verified);
    const replayed = verifier.check(request);
    assert.ok(replayed instanceof Refusal);
    assert.equal(replayed.code, "REPLAYED_REQUEST");
    assert.equal(replayed.service, "billing");
    assert.equal(replayed.requestId, request.headers["x-request-id"]);
  });

  it("lets public routes in without a name", () => {
    const verifier = new Verifier(ordersConfig());
    const request = signedRequest({ method: "GET", target: "/health", body: undefined });
    const verified = verifier.verify(request);
    assert.equal(verified.isPublic, true);
    assert.equal(verified.service, null);
    assert.equal(verified.timestamp, null);
    assert.equal(verified.age, null);
    assert.equal(verified.requestId, null);
    assert.equal(verified.replayKey, null);
    assert.equal(verified.route, "GET /health");
    assert.equal(verifier.isPublic("GET", "/health"), true);
    assert.equal(verifier.isPublic("GET", "/healthy"), false);
  });

  it("lets an application take some callers only, on every way to a Verified", () => {
    for (const reveal of ["code", "uniform"]) {
      const verifier = new Verifier(ordersConfig({ reveal }));
      const cold = signedRequest();
      const { body, ...streamed } = signedRequest();
      const begun = verifier.begin(streamed);
      begun.update(body);
      for (const verified of [
        verifier.verify(signedRequest()),
        verifier.verify({ ...cold, headers: Object.entries(cold.headers) }),
        begun.finish(),
      ]) {
        verified.requireService("billing");
        verified.requireService("auth", "billing");
        verified.requireService();
        assert.throws(
          () => verified.requireService("auth"),
          (found) => {
            assert.ok(found instanceof Refusal);
            assert.equal(found.code, "SERVICE_NOT_ALLOWED");
            assert.equal(found.service, "billing");
            assert.equal(found.requestId, verified.requestId);
            assert.equal(found.response.code, reveal === "code" ? "SERVICE_NOT_ALLOWED" : "PERMISSION_DENIED");
            assert.equal(JSON.parse(found.response.body).requestId, verified.requestId);
            return true;
          },
        );
      }
      const open = verifier.verify({ method: "GET", target: "/health", headers: {} });
      const unsigned = refusal(verifier, { method: "GET", target: "/orders", headers: {} });
      assert.throws(
        () => open.requireService(),
        (found) => found.code === "AUTHENTICATION_REQUIRED" && found.response.body === unsigned.response.body,
      );
    }
  });

  it("judges a body in pieces", () => {
    const verifier = new Verifier(ordersConfig({ limits: { body_bytes: 100 } }));
    const { body, ...headOnly } = signedRequest();
    const whole = verifier.begin(headOnly);
    assert.ok(whole instanceof BodyVerification);
    assert.equal(whole.needsBody, true);
    whole.update(body.subarray(0, 3));
    whole.update(body.subarray(3));
    assert.equal(whole.finish().service, "billing");
    assert.throws(() => whole.finish(), /verdict/);
    assert.throws(() => whole.update(body), /verdict/);

    const changed = verifier.begin(signedRequest());
    changed.update(Buffer.from("other"));
    assert.throws(() => changed.finish(), { code: "INVALID_SIGNATURE" });

    const long = verifier.begin(signedRequest());
    long.update(Buffer.alloc(100));
    assert.throws(() => long.update(Buffer.alloc(1)), { code: "BODY_TOO_LARGE" });
    assert.throws(() => long.finish(), /verdict/);

    const declared = verifier.begin(signedRequest());
    declared.declareLength(100);
    assert.throws(() => declared.declareLength(-1), RangeError);
    assert.throws(() => declared.declareLength(101), { code: "BODY_TOO_LARGE" });
    assert.throws(() => declared.finish(), /verdict/);

    assert.throws(() => verifier.begin({ method: "GET", target: "/orders", headers: {} }), Refusal);
    assert.throws(() => verifier.begin(signedRequest()).update("text"), TypeError);
    assert.equal(verifier.begin({ method: "GET", target: "/health", headers: {} }).needsBody, false);
  });

  it("takes another config at once, and keeps what it remembers", () => {
    const verifier = new Verifier(ordersConfig());
    const request = signedRequest();
    const first = verifier.verify(request);
    const renamed = document("orders", { limits: { body_bytes: 5 } });
    renamed.services.billing.keys = [{ id: "2027", secret: "env:BILLING_SECRET", state: "retiring" }];
    verifier.replace(Config.parse(renamed, { env: ENV }));
    assert.equal(verifier.bodyLimit, 5);
    assert.equal(code(verifier, { ...request, body: Buffer.alloc(0) }), "INVALID_SIGNATURE");
    const second = verifier.verify(signedRequest({ body: undefined }));
    assert.equal(second.keyId, "2027");
    assert.equal(second.keyIsRetiring, true);
    assert.equal(first.keyId, "2026");
    verifier.replace(ordersConfig());
    assert.equal(code(verifier, request), "REPLAYED_REQUEST");
    const counters = verifier.metrics().counters();
    const replays = counters.find(({ labels }) => labels.code === "REPLAYED_REQUEST");
    assert.deepEqual(replays.value, 1);
    assert.match(verifier.metrics().prometheus(), /wiresign_requests_accepted_total\{scheme="service-hmac-v2"\} 2\n/);
  });
});

describe("Bad input", () => {
  const verifier = new Verifier(ordersConfig());

  it("refuses a repeat, however the headers are given", () => {
    for (const name of ["x-service-id", "x-timestamp", "x-signature", "x-request-id", "x-target-service"]) {
      const request = signedRequest();
      const value = request.headers[name];
      const forms = {
        joined: { ...request.headers, [name]: `${value}, ${value}` },
        array: { ...request.headers, [name]: [value, value] },
        spelling: { ...request.headers, [name.toUpperCase()]: value },
        pairs: [...Object.entries(request.headers), [name.toUpperCase(), value]],
      };
      for (const [form, headers] of Object.entries(forms)) {
        assert.equal(code(verifier, { ...request, headers }), "DUPLICATE_HEADER", `${name} ${form}`);
      }
    }
  });

  it("finds headers in any spelling, also as arrays of one", () => {
    const request = signedRequest();
    const upper = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    assert.equal(verifier.verify({ ...request, headers: upper }).service, "billing");
    const arrays = Object.fromEntries(Object.entries(signedRequest().headers).map(([name, value]) => [name, [value]]));
    assert.equal(verifier.verify({ ...request, headers: arrays }).service, "billing");
    assert.equal(
      verifier.verify({ ...request, headers: { ...signedRequest().headers, cookie: undefined } }).service,
      "billing",
    );
  });

  it("takes no character for another: those above U+00FF are no bytes", () => {
    const request = signedRequest();
    for (const [name, value] of Object.entries(request.headers).filter(([name]) => name.startsWith("x-"))) {
      // Read as latin1 these would be the same bytes as before.
      const last = String.fromCharCode(value.charCodeAt(value.length - 1) + 0x100);
      const headers = { ...request.headers, [name]: value.slice(0, -1) + last };
      for (const form of [headers, Object.entries(headers)]) {
        assert.ok(verifier.check({ ...request, headers: form }) instanceof Refusal, name);
      }
    }
    const target = `${request.target.slice(0, -1)}${String.fromCharCode(0x131)}`;
    assert.equal(code(verifier, { ...request, target }), "MALFORMED_REQUEST");
    assert.equal(code(verifier, { ...request, method: "POSŔ" }), "MALFORMED_REQUEST");
    assert.equal(verifier.verify(request).service, "billing");
  });

  it("cuts nothing off: what is longer than the stack is read in full", () => {
    for (const length of [400, 509, 510, 511, 512, 513, 1000, 8192]) {
      const target = `/${"a".repeat(length - 1)}`;
      const request = signedRequest({ target });
      assert.equal(verifier.verify(request).service, "billing", `${length}`);
      const other = signedRequest({ target });
      assert.equal(code(verifier, { ...other, target: `${target.slice(0, -1)}b` }), "INVALID_SIGNATURE", `${length}`);
    }
    assert.equal(code(verifier, { ...signedRequest(), target: `/${"a".repeat(8192)}` }), "MALFORMED_REQUEST");
    assert.equal(code(verifier, { ...signedRequest(), target: `/${"a".repeat(2 ** 20)}` }), "MALFORMED_REQUEST");
    const request = signedRequest();
    const signature = request.headers["x-signature"];
    const list = (count) => ({ ...request.headers, "x-signature": Array(count).fill(signature).join(",") });
    assert.equal(code(verifier, { ...request, headers: list(9) }), "MALFORMED_SIGNATURE");
    assert.equal(verifier.verify({ ...request, headers: list(8) }).service, "billing");
  });

  it("counts fields and bytes of all headers", () => {
    const request = signedRequest();
    const many = (count) => Array.from({ length: count }, (_, at) => [`y-${at}`, "1"]);
    const fields = Object.entries(request.headers);
    // Only a list has the bytes that were on the wire.
    const big = [...fields, ["y", "b".repeat(65_536)]];
    assert.equal(code(verifier, { ...request, headers: big }), "MALFORMED_REQUEST");
    for (const form of [(pairs) => pairs, Object.fromEntries]) {
      const over = form([...fields, ...many(257 - fields.length)]);
      assert.equal(code(verifier, { ...request, headers: over }), "MALFORMED_REQUEST");
      const full = signedRequest();
      const exactly = form([...Object.entries(full.headers), ...many(256 - fields.length)]);
      assert.equal(verifier.verify({ ...full, headers: exactly }).service, "billing");
    }
  });

  it("throws no Refusal, and nothing foreign, where a programmer is wrong", () => {
    const request = signedRequest();
    for (const form of [request.headers, Object.entries(request.headers)]) {
      const wrong = (changes) => () => verifier.verify({ ...request, headers: form, ...changes });
      assert.throws(wrong({ body: "text" }), /never text or JSON/);
      assert.throws(wrong({ body: { n: 1 } }), TypeError);
      assert.throws(wrong({ body: new Uint16Array(4) }), TypeError);
      assert.throws(wrong({ method: undefined }), TypeError);
      assert.throws(wrong({ target: 7 }), TypeError);
      for (const now of [-1, 1.5, NaN, Infinity, "1767225600", 2n, null]) {
        assert.throws(() => verifier.verify({ ...request, headers: form }, { now }), RangeError, String(now));
      }
    }
    assert.throws(() => verifier.verify({ ...request, headers: { "x-signature": 7 } }), TypeError);
    assert.throws(() => verifier.verify({ ...request, headers: [["x-signature"]] }), TypeError);
    assert.throws(() => verifier.verify({ ...request, client: "nowhere" }), TypeError);
    assert.equal(verifier.verify({ ...request, client: "::1", authority: "orders" }).service, "billing");
    assert.throws(() => new Verifier({}), TypeError);
    assert.throws(() => new Signer(undefined), TypeError);
  });

  it("reads exactly the bytes of a view", () => {
    const request = signedRequest();
    const around = Buffer.concat([Buffer.from("<<"), request.body, Buffer.from(">>")]);
    const view = new Uint8Array(around.buffer, around.byteOffset + 2, request.body.length);
    assert.equal(verifier.verify({ ...request, body: view }).service, "billing");
    const detached = new Uint8Array(10);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    assert.equal(verifier.verify({ ...signedRequest({ body: undefined }), body: detached }).service, "billing");
  });

  it("never fails in another way for hostile values", () => {
    let seed = 7;
    const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
    const alphabet = [
      "",
      "a",
      "A",
      "0",
      "v2=",
      ",",
      ", ",
      "/",
      "?",
      "..",
      "%2f",
      "\0",
      "\n",
      "é",
      "š",
      "\ud800",
      "😀",
      "x".repeat(600),
    ];
    const text = () => Array.from({ length: random(4) }, () => alphabet[random(alphabet.length)]).join("");
    for (let round = 0; round < 5000; round += 1) {
      const request = signedRequest({}, { now: NOW });
      const names = Object.keys(request.headers);
      request.headers[names[random(names.length)]] = text();
      if (random(4) === 0) request.target = text();
      if (random(8) === 0) request.method = text();
      const hot = verifier.check(request, { now: NOW });
      const cold = verifier.check({ ...request, headers: Object.entries(request.headers) }, { now: NOW });
      assert.ok(hot instanceof Refusal || hot instanceof Verified);
      if (hot instanceof Refusal) {
        assert.equal(cold.code, hot.code, JSON.stringify(request));
        assert.equal(cold.detail, hot.detail);
      }
    }
  });
});

describe("Secrets", () => {
  it("are made at random, in two spellings", () => {
    assert.match(generateSecret(), /^[0-9a-f]{64}$/);
    assert.match(generateSecret("base64"), /^[A-Za-z0-9+/]{43}=$/);
    assert.notEqual(generateSecret(), generateSecret());
    assert.throws(() => generateSecret("text"), TypeError);
  });

  it("are shown by nothing", () => {
    const verifier = new Verifier(ordersConfig());
    const verified = verifier.verify(signedRequest());
    const found = verifier.check(signedRequest({ method: "GET", target: "/none" }, { now: 1 }));
    for (const object of [
      ordersConfig(),
      billingSigner(),
      verifier,
      verified,
      found,
      verifier.begin(signedRequest()),
    ]) {
      const shown = [inspect(object, { depth: 20, showHidden: true }), JSON.stringify(object), String(object)].join(
        "\n",
      );
      for (const secret of Object.values(ENV)) {
        assert.ok(!shown.includes(secret), shown);
        assert.ok(!shown.includes(secret.slice(0, 16)), shown);
      }
    }
  });

  it("cannot be stood in for: nobody but a verification makes a Verified", () => {
    assert.throws(() => new Verified(), TypeError);
    assert.throws(() => new Verified(Symbol("wiresign.make"), { service: "billing" }), TypeError);
    assert.throws(() => Object.create(Verified.prototype).service, TypeError);
    assert.throws(() => new Config({ config: {} }), TypeError);
  });
});
