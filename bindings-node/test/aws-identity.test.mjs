// IAM identities over real HTTP: servers ask STS, which is moto and verifies every signature.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Sha256 } from "@aws-crypto/sha256-js";
import { serve } from "@hono/node-server";
import { SignatureV4 } from "@smithy/signature-v4";
import axios from "axios";
import { Agent, request } from "undici";
import { Config, IdentityRequest, Signer, SigningError, Verifier } from "wiresign";
import { AwsSigners, Sts } from "wiresign/aws";
import { createAdapter } from "wiresign/axios";
import { ServiceClient } from "wiresign/client";
import { createFetch } from "wiresign/fetch";
import { withCrossServiceAuth } from "wiresign/next";
import { createInterceptor } from "wiresign/undici";

import { BUILD, compile } from "./compile.mjs";
import { ACCOUNT, REGION, startMoto } from "./moto.mjs";
import { send } from "./requests.mjs";
import { SERVERS } from "./servers.mjs";
import { freePort, listen } from "./support.mjs";

const fixture = fileURLToPath(new URL("./fixtures/nest-app.ts", import.meta.url));
const nest = await import(compile(fixture, join(BUILD, "tests", "nest-aws-app.mjs")));

const PROOF = ["X-Service-AWS-Identity", "X-Service-AWS-Date", "X-Service-AWS-Token", "X-Target-Service"];

const documentOf = (service, more = {}) => ({
  service,
  accept: ["aws-identity"],
  sign_with: "aws-identity",
  aws_identity: {
    regions: [REGION],
    roles: { [`arn:aws:iam::${ACCOUNT}:role/prod-{service}-task`]: "{service}" },
  },
  services: { orders: {}, stock: {}, billing: { allowed_targets: ["orders", "stock"] } },
  ...more,
});
const configOf = (service, more) => Config.parse(documentOf(service, more));
const billing = configOf("billing");

/** The headers of a proof. */
function prove(credentials, { target = "orders", ...options } = {}) {
  const signer = Signer.withAwsCredentials(billing, credentials, { target });
  return Object.fromEntries(signer.sign({ method: "POST", target: "/echo" }, options));
}

/** A proof as the documentation says, by the signer of the AWS SDK. */
async function proveBySdk(credentials, more = {}) {
  const signer = new SignatureV4({ service: "sts", region: REGION, credentials, sha256: Sha256, applyChecksum: false });
  const { headers } = await signer.sign({
    method: "POST",
    protocol: "https:",
    hostname: `sts.${REGION}.amazonaws.com`,
    path: "/",
    query: {},
    headers: {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      host: `sts.${REGION}.amazonaws.com`,
      "x-target-service": "orders",
      ...more,
    },
    body: "Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON",
  });
  const { authorization, "x-amz-date": date, "x-amz-security-token": token } = headers;
  return Object.fromEntries(PROOF.map((name, at) => [name, [authorization, date, token, "orders"][at]]));
}

/** Asks moto, and counts how often. */
function counting(url, more = {}) {
  const errors = [];
  const made = { asked: 0 };
  class Counted extends http.Agent {
    addRequest(...request) {
      made.asked += 1;
      return super.addRequest(...request);
    }
  }
  const usual = { endpoint: url, onError: (error) => errors.push(error), agent: new Counted(), timeout: 60_000 };
  const sts = new Sts({ ...usual, ...more });
  return Object.defineProperty(Object.assign(sts, { errors }), "asked", { get: () => made.asked });
}

const BODY = '{"n": 1.0}';
const answerOf = async (port, headers, { method = "POST", target = "/echo", body = BODY } = {}) => {
  const type = { "Content-Type": "application/octet-stream" };
  const answer = await send(port, method, target, { headers: { ...headers, ...(body === "" ? {} : type) }, body });
  return answer.status === 200 ? answer.body : `${answer.status} ${JSON.parse(answer.body).code}`;
};

describe("IAM identities", () => {
  let moto;
  let role;
  before(async () => {
    moto = await startMoto();
    role = await moto.role("prod-billing-task");
  });
  after(() => moto?.stop());

  for (const [name, server] of Object.entries(SERVERS)) {
    it(`are let in by ${name}, and asked about once`, async (test) => {
      const sts = counting(moto.url);
      const decisions = [];
      const port = await server(test, configOf("orders"), { aws: sts, onDecision: (made) => decisions.push(made) });
      for (const headers of [prove(role), await proveBySdk(role)]) {
        const before = sts.asked;
        const answers = await Promise.all([1, 2, 3].map(() => answerOf(port, headers)));
        assert.deepEqual(answers, [BODY, BODY, BODY]);
        assert.equal(await answerOf(port, headers), BODY);
        assert.ok(sts.asked - before <= 1, `${sts.asked - before} questions`);
      }
      const [{ verified }] = decisions;
      assert.equal(verified.service, "billing");
      assert.equal(verified.subject, `arn:aws:sts::${ACCOUNT}:assumed-role/prod-billing-task/task-1`);
      assert.equal(verified.keyId, role.accessKeyId);
      assert.equal(verified.scheme, "aws-identity");
      const long = "x".repeat(200_000);
      assert.equal(await answerOf(port, prove(role), { body: long }), long);
      assert.equal(
        JSON.parse(await answerOf(port, prove(role), { method: "GET", target: "/orders/7", body: "" })).id,
        "7",
      );
    });

    it(`are refused by ${name} where they are forged`, async (test) => {
      const sts = counting(moto.url);
      const port = await server(test, configOf("orders"), { aws: sts });
      const forged = prove({ ...role, secretAccessKey: "x".repeat(40) });
      for (let round = 0; round < 3; round += 1) {
        assert.equal(await answerOf(port, forged), "401 INVALID_SIGNATURE");
      }
      assert.equal(sts.asked, 1);
      // What is signed is the other target, and the verifier asks about its own.
      const moved = { ...prove(role, { target: "stock" }), "X-Target-Service": "orders" };
      assert.equal(await answerOf(port, moved), "401 INVALID_SIGNATURE");
    });
  }

  for (const [name, { http2: server }] of Object.entries(SERVERS)) {
    it(`are let in by ${name} over HTTP/2, and asked about once`, { skip: server === undefined }, async (test) => {
      const sts = counting(moto.url);
      const session = http2.connect(`http://127.0.0.1:${await server(test, configOf("orders"), { aws: sts })}`);
      test.after(() => session.close());
      const ask = async (proof) => {
        const stream = session.request({
          ":method": "POST",
          ":path": "/echo",
          "content-type": "application/octet-stream",
          ...proof,
        });
        stream.end(BODY);
        const [{ ":status": status }] = await once(stream, "response");
        const body = await text(stream);
        return status === 200 ? body : `${status} ${JSON.parse(body).code}`;
      };
      const proof = prove(role);
      assert.deepEqual(await Promise.all([1, 2, 3].map(() => ask(proof))), [BODY, BODY, BODY]);
      assert.equal(sts.asked, 1);
      assert.equal(await ask(prove({ ...role, secretAccessKey: "x".repeat(40) })), "401 INVALID_SIGNATURE");
    });
  }

  it("are served by handlers of Next", async (test) => {
    const options = { config: configOf("orders"), aws: counting(moto.url) };
    const route = withCrossServiceAuth(
      async (request) => Response.json({ caller: request.caller.service, body: await request.text() }),
      options,
    );
    const web = serve({ fetch: (request) => route(request, {}), port: 0, hostname: "127.0.0.1" });
    await once(web, "listening");
    test.after(() => web.close());
    const api = withCrossServiceAuth((request, response) => {
      response.end(JSON.stringify({ caller: request.caller.service, body: String(request.rawBody) }));
    }, options);
    const pages = http.createServer((request, response) => void api(request, response));
    for (const port of [web.address().port, await listen(test, pages)]) {
      assert.deepEqual(JSON.parse(await answerOf(port, prove(role))), { caller: "billing", body: BODY });
      const forged = prove({ ...role, secretAccessKey: "y".repeat(40) });
      assert.equal(await answerOf(port, forged), "401 INVALID_SIGNATURE");
    }
    // Each of the two has a memory of its own.
    assert.equal(options.aws.asked, 4);
  });

  for (const platform of ["express", "fastify"]) {
    it(`are served by Nest on ${platform} where a guard or the mode asks for them`, async (test) => {
      const start = async (options) => {
        const sts = counting(moto.url);
        const app = await nest.start(platform, documentOf("orders"), {}, { aws: sts, ...options });
        test.after(() => app.close());
        return new URL(await app.getUrl()).port;
      };
      const get = (target) => ({ method: "GET", target, body: "" });
      const port = await start({});
      assert.deepEqual(JSON.parse(await answerOf(port, prove(role), get("/roles/a"))), {
        name: "a",
        caller: "billing",
      });
      assert.equal(await answerOf(port, {}, get("/roles/a")), "401 AUTHENTICATION_REQUIRED");
      const forged = prove({ ...role, secretAccessKey: "z".repeat(40) });
      assert.equal(await answerOf(port, forged, get("/roles/a")), "401 INVALID_SIGNATURE");
      assert.equal(await answerOf(await start({ mode: "iam" }), prove(role), get("/internal/mine")), "served");
      const hmac = await start({ mode: "hmac" });
      assert.equal(await answerOf(hmac, prove(role), get("/internal/mine")), "401 AUTHENTICATION_REQUIRED");
      assert.equal(
        await answerOf(await start({ aws: undefined }), prove(role), get("/roles/a")),
        "503 IDENTITY_UNAVAILABLE",
      );
    });
  }

  it("are not asked about where the head decides", async (test) => {
    const sts = counting(moto.url);
    const port = await SERVERS.Express(test, configOf("orders"), { aws: sts });
    const now = Math.floor(Date.now() / 1000);
    const refused = {
      "403 TARGET_NOT_ALLOWED": prove(role, { target: "stock" }),
      "401 TIMESTAMP_OUTSIDE_WINDOW": prove(role, { now: now - 400 }),
      "401 MALFORMED_SIGNATURE": await proveBySdk(role, { "x-tenant": "a" }),
      "401 INVALID_TIMESTAMP": { ...prove(role), "X-Service-AWS-Date": "yesterday" },
      "401 AUTHENTICATION_REQUIRED": {},
    };
    for (const [expected, headers] of Object.entries(refused)) {
      assert.equal((await answerOf(port, headers)).slice(4), expected.slice(4));
    }
    assert.equal(sts.asked, 0);
  });

  it("of other roles and accounts are nobody's", async (test) => {
    const port = await SERVERS.Express(test, configOf("orders"), { aws: counting(moto.url) });
    const others = [["dev-billing-task"], ["prod-nobody-task"], ["prod-billing-task", "210987654321"]];
    for (const other of others) {
      assert.equal(await answerOf(port, prove(await moto.role(...other))), "401 UNKNOWN_SERVICE");
    }
  });

  it("are refused without an answer of AWS", async (test) => {
    const away = counting(`http://127.0.0.1:${await freePort()}`);
    const port = await SERVERS.Express(test, configOf("orders"), { aws: away });
    // Proofs of two minutes would be two questions.
    const proof = prove(role);
    for (let round = 0; round < 2; round += 1) {
      assert.equal(await answerOf(port, proof), "503 IDENTITY_UNAVAILABLE");
    }
    assert.equal(away.asked, 1);
    assert.match(away.errors[0].message, /amazonaws\.com\/? gave no answer/);
    const unasked = await SERVERS.Express(test, configOf("orders"));
    assert.equal(await answerOf(unasked, prove(role)), "503 IDENTITY_UNAVAILABLE");
  });

  it("are signed for by every client, with what a provider gives", async (test) => {
    const port = await SERVERS.Express(test, configOf("orders"), { aws: counting(moto.url) });
    const url = `http://127.0.0.1:${port}`;
    const signers = new AwsSigners(billing, async () => role, { target: "orders" });
    const answer = await createFetch(signers)(`${url}/echo`, { method: "POST", body: BODY });
    assert.equal(await answer.text(), BODY);
    const client = new ServiceClient(billing, "orders", { url, signer: signers });
    assert.equal(await (await client.post("/echo", { body: BODY })).text(), BODY);
    const adapted = axios.create({ adapter: createAdapter(axios, signers) });
    assert.deepEqual((await adapted.post(`${url}/echo`, BODY)).data, JSON.parse(BODY));
    const dispatcher = new Agent().compose(createInterceptor(signers, { origin: url }));
    const { body } = await request(`${url}/echo`, { method: "POST", body: BODY, dispatcher });
    assert.equal(await body.text(), BODY);
    const broken = new AwsSigners(billing, () => Promise.reject(new Error("no metadata service")), {
      target: "orders",
    });
    await assert.rejects(createFetch(broken)(`${url}/echo`), SigningError);
    await assert.rejects(new ServiceClient(billing, "orders", { url, signer: broken }).get("/"), {
      code: "SIGNING_FAILED",
      message: /no metadata service/,
    });
  });
});

describe("Sts", () => {
  const ROLE = { accessKeyId: `ASIA${"B".repeat(16)}`, secretAccessKey: "s".repeat(40), sessionToken: "t".repeat(40) };
  // One proof: those of two minutes would be two questions.
  const PROOF_OF_ROLE = Object.entries(prove(ROLE));
  const questionOf = (verifier = new Verifier(configOf("orders"))) =>
    verifier.identityRequest({ method: "POST", target: "/a", headers: PROOF_OF_ROLE });

  async function answering(test, answer, options) {
    const seen = [];
    const port = await listen(
      test,
      http.createServer((request, response) => {
        seen.push(request);
        answer(response, request);
      }),
    );
    return { seen, sts: counting(`http://127.0.0.1:${port}`, options) };
  }

  it("sends the question as it is, and once for all who ask it", async (test) => {
    const { seen, sts } = await answering(test, (response) => setTimeout(() => response.end("{}"), 50));
    const question = questionOf();
    assert.ok(question instanceof IdentityRequest);
    assert.equal(question.url, `https://sts.${REGION}.amazonaws.com/`);
    assert.deepEqual(JSON.parse(JSON.stringify(question)), { url: question.url });
    const answers = await Promise.all([sts.ask(question), sts.ask(question), sts.ask(questionOf())]);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.toString()]),
      Array(3).fill([200, "{}"]),
    );
    assert.equal(seen.length, 1);
    for (const [name, value] of question.headers) {
      assert.equal(seen[0].headers[name.toLowerCase()], value, name);
    }
  });

  const failures = {
    "an answer that is too long": [(response) => response.end(" ".repeat(20_000)), /longer than 16384 bytes/],
    "an answer without end": [
      (response) => {
        const more = setInterval(() => response.write(" ".repeat(20_000)), 1);
        response.on("close", () => clearInterval(more));
      },
      /longer than 16384 bytes/,
    ],
    silence: [() => undefined, /no whole answer within 200 ms/],
    "an answer that stops in the middle": [(response) => response.writeHead(200).write("{"), /within 200 ms/],
    "a connection that breaks": [(response) => response.socket.destroy(), /gave no answer/],
  };
  for (const [name, [answer, message]] of Object.entries(failures)) {
    it(`takes ${name} for none`, async (test) => {
      // Nothing but what never ends is to be late, on a busy machine neither.
      const timeout = message.source.includes("within") ? 200 : 60_000;
      const { sts } = await answering(test, answer, { timeout });
      assert.equal(await sts.ask(questionOf()), null);
      assert.match(sts.errors[0].message, message);
    });
  }

  it("follows no redirect", async (test) => {
    const { seen, sts } = await answering(test, (response) => response.writeHead(302, { Location: "/other" }).end());
    assert.equal((await sts.ask(questionOf())).status, 302);
    assert.equal(seen.length, 1);
  });

  it("asks so many questions at the same time and no more", async (test) => {
    let most = 0;
    let now = 0;
    const { seen, sts } = await answering(
      test,
      (response) => {
        most = Math.max(most, (now += 1));
        setTimeout(() => {
          now -= 1;
          response.end("{}");
        }, 20);
      },
      { atOnce: 2 },
    );
    const questions = Array.from({ length: 6 }, (_, at) =>
      new Verifier(configOf("orders")).identityRequest({
        method: "POST",
        target: "/a",
        headers: prove({ ...ROLE, sessionToken: `token-${at}` }),
      }),
    );
    const answers = await Promise.all(questions.map((question) => sts.ask(question)));
    assert.ok(answers.every((answer) => answer !== null));
    assert.deepEqual([most, seen.length], [2, 6]);
    const stuck = await answering(test, () => undefined, { atOnce: 1, timeout: 100 });
    // The time of all is over in one moment, when the first question has come: else the next one could still be sent.
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const unanswered = Promise.all(questions.map((question) => stuck.sts.ask(question)));
    while (stuck.seen.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    test.mock.timers.tick(100);
    assert.deepEqual(await unanswered, Array(6).fill(null));
    assert.equal(stuck.seen.length, 1);
  });

  it("speaks TLS, or to this machine", async () => {
    for (const endpoint of ["https://sts.example.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com"]) {
      assert.throws(() => new Sts({ endpoint }), /must be on this machine/);
    }
    assert.throws(() => new Sts({ timeout: 0 }), RangeError);
    const plain = new Sts({ agent: new http.Agent(), onError: () => undefined });
    assert.equal(await plain.ask(questionOf()), null);
  });

  it("asks for a certificate that holds", async (test) => {
    const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
    const [key, cert] = ["key.pem", "cert.pem"].map((file) => join(folder, file));
    const own = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert];
    execFileSync("openssl", ["req", "-x509", "-newkey", "ed25519", "-nodes", ...own], { stdio: "ignore" });
    const [pair, ca] = [{ key: readFileSync(key), cert: readFileSync(cert) }, readFileSync(cert)];
    const port = await listen(
      test,
      https.createServer(pair, (_request, response) => response.end("{}")),
    );
    const asking = (options) => new Sts({ endpoint: `https://localhost:${port}`, ...options });
    const errors = [];
    assert.equal(await asking({ onError: (error) => errors.push(error.message) }).ask(questionOf()), null);
    assert.match(errors[0], /certificate/);
    const known = asking({ agent: new https.Agent({ ca, servername: "localhost" }) });
    assert.equal((await known.ask(questionOf())).status, 200);
  });
});

describe("AwsSigners", () => {
  const credentials = (at, seconds) => ({
    accessKeyId: `ASIA${String(at).repeat(16)}`,
    secretAccessKey: "s".repeat(40),
    sessionToken: `token-${at}`,
    ...(seconds === undefined ? {} : { expiration: new Date(Date.now() + seconds * 1000) }),
  });
  const sourceOf = (answers, options) => {
    let asked = 0;
    const provider = async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    };
    const source = new AwsSigners(billing, provider, { target: "orders", ...options });
    const keyId = async () => {
      const signed = (await source.signer()).sign({ method: "GET", target: "/" });
      return /Credential=([A-Z0-9]+)\//.exec(Object.fromEntries(signed)[PROOF[0]])[1];
    };
    return { source, keyId, asked: () => asked };
  };

  it("asks once for all who wait, and keeps what stays", async () => {
    const { source, asked } = sourceOf([credentials(1)]);
    const [first, second] = await Promise.all([source.signer(), source.signer()]);
    assert.equal(first, second);
    assert.equal(await source.signer(), first);
    assert.equal(asked(), 1);
    assert.deepEqual(JSON.parse(JSON.stringify(source)), { target: "orders" });
  });

  it("renews what is about to end, and goes on with the old where there is no other", async () => {
    const { keyId, asked } = sourceOf([credentials(1, 200), new Error("away"), credentials(2, 3600)]);
    assert.equal(await keyId(), credentials(1).accessKeyId);
    assert.equal(await keyId(), credentials(1).accessKeyId);
    assert.equal(await keyId(), credentials(1).accessKeyId);
    assert.equal(asked(), 2);
    const fresh = sourceOf([credentials(1, 200), credentials(2, 3600)]);
    assert.equal(await fresh.keyId(), credentials(1).accessKeyId);
    assert.equal(await fresh.keyId(), credentials(2).accessKeyId);
    assert.equal(await fresh.keyId(), credentials(2).accessKeyId);
    assert.equal(fresh.asked(), 2);
  });

  it("has no signer without credentials that are good", async () => {
    const { source } = sourceOf([credentials(1, -1), new Error("away")]);
    await source.signer();
    await assert.rejects(source.signer(), { name: "SigningError", message: /no credentials of AWS: away/ });
    const hmac = Config.parse({ service: "billing", services: { billing: {} } });
    await assert.rejects(new AwsSigners(hmac, async () => credentials(1)).signer(), SigningError);
    assert.throws(
      () => Signer.withAwsCredentials(billing, { accessKeyId: "short", secretAccessKey: "s" }),
      SigningError,
    );
  });
});
