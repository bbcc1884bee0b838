// What the package exports and how it is loaded.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { parse } from "smol-toml";
import * as esm from "wiresign";

import { billingSigner, document, ENV, ordersConfig, signedRequest } from "./support.mjs";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("..", import.meta.url));
const contract = parse(readFileSync(new URL("../../conformance/contract/api.toml", import.meta.url), "utf8"));
const refusals = parse(readFileSync(new URL("../../conformance/contract/refusals.toml", import.meta.url), "utf8"));

const entries = Object.keys(require("wiresign/package.json").exports)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => `wiresign${entry.slice(1)}`);
const modules = Object.fromEntries(await Promise.all(entries.map(async (entry) => [entry, await import(entry)])));

describe("Both module systems", () => {
  for (const [name, fromEsm] of Object.entries(modules)) {
    it(`${name} is one and the same in both`, () => {
      const cjs = require(name);
      assert.deepEqual(Object.keys(fromEsm).sort(), Object.keys(cjs).sort());
      for (const [key, value] of Object.entries(cjs)) {
        assert.equal(fromEsm[key], value, key);
      }
    });
  }

  it("declares types for both", () => {
    const { exports } = require("wiresign/package.json");
    for (const [entry, conditions] of Object.entries(exports).filter(
      ([, conditions]) => typeof conditions === "object",
    )) {
      for (const { types, default: code } of [conditions.import, conditions.require]) {
        assert.ok(readFileSync(join(root, types)).length > 0, entry);
        assert.ok(readFileSync(join(root, code)).length > 0, entry);
      }
    }
  });
});

describe("The contract", () => {
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  // What this binding has beyond the contract, on the types of the contract.
  const additions = {
    Config: ["fromFile", "toJSON", "webhooks", "headerNames", "hasExternalReplayStore"],
    Contexts: ["toJSON"],
    Explanation: ["toString", "toJSON"],
    IdentityRequest: ["toJSON"],
    VerifiedContext: ["toJSON"],
    Signer: ["toJSON"],
    Verifier: ["check", "toJSON"],
    Verified: ["toJSON"],
    TokenIssuer: ["toJSON"],
    IssuedToken: ["toJSON"],
    TokenResponse: ["toJSON"],
    Refusal: ["name", "toJSON"],
    SigningError: ["name"],
    ConfigError: ["name", "code", "message"],
    RefusalResponse: ["headers"],
  };
  // Kept for the modules of the package; not in the published types.
  const internal = {
    Verified: ["of", "unsettled"],
    Explanation: ["of"],
    IdentityRequest: ["of"],
    Refusal: ["of"],
    BodyVerification: ["of", "declareLength"],
  };

  const verifier = new esm.Verifier(ordersConfig());
  const refused = verifier.check({ method: "GET", target: "/", headers: {} });
  const failure = (call) => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  };
  const keys = [{ id: "2026", secret: `literal:${esm.generateSecret()}` }];
  const token = esm.generateSecret();
  const contexts = new esm.Contexts(ordersConfig({ contexts: { keys } }));
  const webhooks = { chat: { scheme: "whatsapp", keys, verify_token: `literal:${token}` } };
  const routes = [{ match: "/chat", accept: ["webhook:chat"] }];
  const query = `hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=42`;
  const challenge = { method: "GET", target: `/chat?${query}`, headers: {} };
  const explained = verifier.explain({ method: "GET", target: "/", headers: {} });
  const pair = crypto.generateKeyPairSync("ed25519");
  const own = {
    algorithm: "ed25519",
    private_key: `literal:${pair.privateKey.export({ format: "pem", type: "pkcs8" })}`,
  };
  const services = { orders: { keys: [own] }, billing: { allowed_targets: ["orders"] } };
  const issuer = new esm.TokenIssuer(esm.Config.parse({ service: "orders", services }));
  const aws = esm.Config.parse({
    service: "orders",
    accept: ["aws-identity"],
    sign_with: "aws-identity",
    aws_identity: { regions: ["eu-central-1"], roles: {} },
    services: { orders: { allowed_targets: ["orders"] } },
  });
  const credentials = { accessKeyId: `ASIA${"A".repeat(16)}`, secretAccessKey: esm.generateSecret() };
  const proof = esm.Signer.withAwsCredentials(aws, credentials, { target: "orders" });
  const proven = { method: "GET", target: "/", headers: proof.sign({ method: "GET", target: "/" }) };
  const examples = {
    IdentityRequest: new esm.Verifier(aws).identityRequest(proven),
    TokenIssuer: issuer,
    IssuedToken: issuer.issue("billing", "orders"),
    TokenResponse: issuer.answer(null, Buffer.from("")),
    Explanation: explained,
    Hint: explained.hints[0],
    HandshakeResponse: new esm.Verifier(ordersConfig({ webhooks, routes })).handshake("chat", challenge),
    Contexts: contexts,
    VerifiedContext: contexts.verify(
      "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11",
      ["admin"],
      contexts.sign("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11", ["admin"]),
    ),
    Config: ordersConfig(),
    Problem: ordersConfig().warnings[0] ?? failure(() => esm.Config.parse("{}")).problems[0],
    ConfigError: failure(() => esm.Config.parse("{}")),
    Signer: billingSigner(),
    SigningError: failure(() => billingSigner().sign({ method: "GET", target: "" })),
    Verifier: verifier,
    BodyVerification: verifier.begin(signedRequest()),
    Verified: verifier.verify(signedRequest()),
    Refusal: refused,
    RefusalResponse: refused.response,
    Metrics: verifier.metrics(),
  };

  const types = contract.type.filter(({ languages }) => languages?.includes("node") ?? true);
  for (const { name, member: members } of types) {
    it(`${name} is what it says, no less and no more`, () => {
      const example = examples[name];
      assert.ok(example !== undefined, "this test has no example of the type");
      const wanted = members.filter(({ languages }) => languages?.includes("node") ?? true);
      for (const member of wanted) {
        const spelled = camel(member.name);
        if (member.kind === "constructor") {
          assert.equal(typeof (member.name === "new" ? esm[name] : esm[name][spelled]), "function", spelled);
        } else {
          assert.ok(spelled in example, spelled);
          // A method without arguments may be a property here.
          const isMethod =
            member.kind === "method" && !(member.arguments === undefined && typeof example[spelled] !== "function");
          assert.equal(typeof example[spelled] === "function", isMethod, spelled);
        }
      }
      const known = new Set([
        ...wanted.map((member) => camel(member.name)),
        ...(additions[name] ?? []),
        ...(internal[name] ?? []),
        "constructor",
        "stack",
      ]);
      const prototype = Object.getPrototypeOf(example);
      const own = prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
      const statics =
        esm[name] === undefined
          ? []
          : Object.getOwnPropertyNames(esm[name]).filter((key) => !["length", "name", "prototype"].includes(key));
      for (const key of [...Object.getOwnPropertyNames(example), ...own, ...statics]) {
        assert.ok(known.has(key), `${name}.${key} is not in the contract`);
      }
    });
  }

  it("has the functions, enumerations and adapters", () => {
    for (const { name, languages } of contract.function) {
      if (languages?.includes("node") ?? true) {
        assert.equal(typeof esm[camel(name)], "function", name);
      }
    }
    const names = (list) => Object.fromEntries(list.map(({ name }) => [name, name]));
    assert.deepEqual(esm.RefusalCode, names(refusals.refusal));
    assert.deepEqual(esm.FailureCode, names(refusals.failure));
    const adapters = contract.adapter.filter(({ language }) => language === "node");
    for (const { module, exports } of adapters) {
      assert.deepEqual(Object.keys(modules[module]).sort(), [...exports].sort(), module);
    }
    assert.deepEqual(["wiresign", ...adapters.map(({ module }) => module)].sort(), [...entries].sort());
    const listed = [...types, ...contract.enumeration].map(({ name }) => name);
    const functions = contract.function.map(({ name }) => camel(name));
    for (const name of Object.keys(esm)) {
      assert.ok(listed.includes(name) || functions.includes(name), `${name} is not in the contract`);
    }
  });
});

describe("The addon", () => {
  it("looks up headers that the lower-case lookup of TypeScript can rely on", () => {
    const names = esm.Config.parse('{"service": "orders", "services": {}}').headerNames;
    assert.equal(names.length, 7);
    for (const name of names) {
      assert.match(name, /^x-[a-z-]+$/);
    }
  });

  it("is loaded within 50 milliseconds", () => {
    const script = `const before = process.cpuUsage();
      require("wiresign");
      const { user, system } = process.cpuUsage(before);
      console.log(user + system);`;
    // Others may use the same processor, which makes it slower and never faster.
    const times = [];
    while (times.length < 40 && !(times.at(-1) < 50_000)) {
      times.push(Number(execFileSync(process.execPath, ["-e", script], { cwd: root })));
    }
    assert.ok(times.at(-1) < 50_000, times.join(" "));
  });

  it("has the version of the package", () => {
    const addon = require("../prebuilds/" + `${process.platform}-${process.arch}` + "/wiresign.node");
    assert.equal(addon.version(), require("wiresign/package.json").version);
    assert.equal(contract.version, addon.version());
  });

  it("works in several threads at once, and goes away with them", async () => {
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const { Config, Signer, Verifier } = require(workerData.main);
      const { orders, billing, env } = workerData;
      const verifier = new Verifier(Config.parse(orders, { env }));
      const signer = new Signer(Config.parse(billing, { env }), { target: "orders" });
      let accepted = 0;
      for (let round = 0; round < 2000; round += 1) {
        const request = { method: "POST", target: "/orders", body: Buffer.from(String(round)) };
        const headers = Object.fromEntries(signer.sign(request).map(([name, value]) => [name.toLowerCase(), value]));
        accepted += verifier.verify({ ...request, headers }).service === "billing";
      }
      parentPort.postMessage(accepted);
    `;
    const workerData = {
      main: join(root, "dist/index.js"),
      orders: document("orders"),
      billing: document("billing"),
      env: ENV,
    };
    for (let round = 0; round < 3; round += 1) {
      const workers = Array.from({ length: 4 }, () => new Worker(source, { eval: true, workerData }));
      const answers = workers.map(
        (worker) =>
          new Promise((resolve, reject) => {
            let answer;
            worker.on("message", (value) => (answer = value));
            worker.on("error", reject);
            worker.on("exit", (code) => (code === 0 ? resolve(answer) : reject(new Error(`exit ${code}`))));
          }),
      );
      assert.deepEqual(await Promise.all(answers), [2000, 2000, 2000, 2000]);
    }
    assert.equal(new esm.Verifier(ordersConfig()).verify(signedRequest()).service, "billing");
  });

  it("reads the environment of its own thread", async () => {
    const source = `
      const { Config } = require(require("node:worker_threads").workerData.main);
      process.env.ONLY_HERE = "${ENV.ORDERS_SECRET}";
      const keys = [{ secret: "env:ONLY_HERE" }];
      Config.parse({ service: "orders", services: { orders: { keys } } });
    `;
    const worker = new Worker(source, { eval: true, workerData: { main: join(root, "dist/index.js") } });
    assert.equal(await new Promise((resolve) => worker.on("exit", resolve)), 0);
    assert.equal(process.env.ONLY_HERE, undefined);
  });

  it("says what is wrong where there is no binary, or one that does not load", () => {
    const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    const load = () =>
      execFileSync(process.execPath, ["-e", `require(${JSON.stringify(join(folder, "dist/index.js"))})`], {
        stdio: "pipe",
      });
    assert.throws(load, (error) => /has no binary for .*built? ?for|has no binary for/.test(String(error.stderr)));
    cpSync(join(root, "prebuilds"), join(folder, "prebuilds"), { recursive: true });
    const [platform] = readdirSync(join(folder, "prebuilds"));
    writeFileSync(join(folder, "prebuilds", platform, "wiresign.node"), "no library");
    assert.throws(load, (error) => /cannot load its binary/.test(String(error.stderr)));
    rmSync(folder, { recursive: true });
  });
});
