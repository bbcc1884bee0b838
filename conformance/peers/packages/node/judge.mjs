// A published package as a peer: it accepts or refuses, as an application that follows its documentation would. What it has no
// say in is left to others. judge.mjs PACKAGE

import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { resigned, Sha256 } from "./amazon.mjs";

/** The question is about more than the package knows. */
class Unsupported extends Error {}

const leave = (what) => {
  throw new Unsupported(what);
};
const refuse = () => {
  throw new Error("refused");
};
const bytes = (text) => (typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(text.base64, "base64"));
const wire = (text) => bytes(text).toString("latin1");

function only(members, ...known) {
  if (!Object.keys(members).every((name) => known.includes(name))) {
    leave("other members");
  }
}

function secretOf(reference, env) {
  const [, kind, text] = /^(env|literal):(.*)$/s.exec(reference) ?? leave("a secret that is no variable");
  return kind === "literal" ? text : (env[text] ?? leave("a variable that is not there"));
}

/** The secrets of a sender, where it has one of these schemes. */
function hookOf({ config, env }, ...schemes) {
  only(config, "service", "services", "accept", "webhooks");
  const [, name] = /^webhook:(.*)$/.exec(config.accept?.length === 1 ? config.accept[0] : "") ?? [];
  const hook = config.webhooks?.[name];
  if (hook === undefined || !schemes.includes(hook.scheme)) {
    leave("another scheme");
  }
  hook.keys.forEach((key) => only(key, "id", "secret", "sample"));
  return { ...hook, secrets: hook.keys.map(({ secret }) => secretOf(secret, env)) };
}

/** The value of a header that came once; which of two counts is the framework's affair. */
function header({ headers }, name) {
  const values = headers.filter(([other]) => wire(other).toLowerCase() === name).map(([, value]) => wire(value));
  return values.length > 1 ? leave("a header that came twice") : values[0];
}

/** Tries each secret, as documentations say for the time of a rotation. */
async function withOneOf(secrets, verify) {
  for (const secret of secrets) {
    try {
      if (await verify(secret)) {
        return;
      }
    } catch {
      continue;
    }
  }
  refuse();
}

const ALGORITHMS = {
  "hmac-sha256": ["HS256"],
  "hmac-sha384": ["HS384"],
  "hmac-sha512": ["HS512"],
  ed25519: ["EdDSA", "Ed25519"],
  "ecdsa-p256-sha256": ["ES256"],
  "ecdsa-p384-sha384": ["ES384"],
  "rsa-v1_5-sha256": ["RS256"],
  "rsa-pss-sha256": ["PS256"],
  "rsa-pss-sha512": ["PS512"],
};

function keyOf({ algorithm = "hmac-sha256", public_key: half, secret }, env) {
  if (half === undefined) {
    return new TextEncoder().encode(secretOf(secret, env));
  }
  const text = secretOf(half, env);
  const x = Buffer.from(text, "hex").toString("base64url");
  const isRaw = algorithm === "ed25519" && !text.startsWith("-----");
  return createPublicKey(isRaw ? { format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } } : text);
}

const TOOLS = { bytes, leave, only, refuse, secretOf, wire };

const PACKAGES = {
  async "@octokit/webhooks-methods"(question, { request }) {
    const { secrets } = hookOf(question, "github");
    const { verify } = await import("@octokit/webhooks-methods");
    const signature = header(request, "x-hub-signature-256");
    await withOneOf(secrets, (secret) => verify(secret, bytes(request.body).toString("utf8"), signature));
  },

  async stripe(question, { now, request }) {
    const { secrets } = hookOf(question, "stripe");
    const { default: Stripe } = await import("stripe");
    const { webhooks } = new Stripe("sk_test_of_nobody");
    const given = [bytes(request.body), header(request, "stripe-signature")];
    const verify = (secret) => webhooks.signature.verifyHeader(...given, secret, 300, undefined, now * 1000);
    await withOneOf(secrets, verify);
  },

  async twilio(question, { request }) {
    const { secrets, url } = hookOf(question, "twilio");
    const { default: twilio } = await import("twilio");
    const params = {};
    for (const [name, value] of new URLSearchParams(bytes(request.body).toString("utf8"))) {
      params[name] = Object.hasOwn(params, name) ? [params[name], value].flat() : value;
    }
    const full = url.replace(/^(https?:\/\/[^/]*).*$/, "$1") + wire(request.target);
    const signature = header(request, "x-twilio-signature");
    if (full.includes("bodySHA256")) {
      leave("a body that is no form, which another function of the package verifies");
    }
    await withOneOf(secrets, (secret) => twilio.validateRequest(secret, signature, full, params));
  },

  async aws4(question, step) {
    const request = resigned(question, step, TOOLS);
    const { default: aws4 } = await import("aws4");
    const { method, target: path, headers, body, service, region } = request;
    const sent = { method, path, headers: { ...headers }, body, service, region, doNotModifyHeaders: true };
    const signer = new aws4.RequestSigner(sent, request.credentials);
    signer.datetime = headers["x-amz-date"];
    request.compare(signer.sign().headers.Authorization);
  },

  async "@smithy/signature-v4"(question, step) {
    const request = resigned(question, step, TOOLS);
    const { SignatureV4 } = await import("@smithy/signature-v4");
    const { method, headers, body, service, region, credentials, isS3 } = request;
    const [, path, parameters] = /^([^?]*)\??(.*)$/s.exec(request.target);
    const query = {};
    for (const [name, value] of new URLSearchParams(parameters)) {
      query[name] = Object.hasOwn(query, name) ? [query[name], value].flat() : value;
    }
    const signer = new SignatureV4({
      service, region, credentials, sha256: Sha256, uriEscapePath: !isS3, applyChecksum: false,
    });
    const sent = { method, protocol: "https:", hostname: headers.host, path, query, headers, body };
    const signed = await signer.sign(sent, { signingDate: request.date, signableHeaders: new Set(Object.keys(headers)) });
    request.compare(signed.headers.authorization);
  },

  async jose({ config, env }, { now, request }) {
    only(config, "service", "services", "accept", "jwt");
    only(config.jwt ?? {}, "leeway", "audience");
    if (config.accept?.length !== 1 || config.accept[0] !== "jwt") {
      leave("another scheme");
    }
    const { decodeJwt, jwtVerify } = await import("jose");
    const [, scheme, token] = /^(\S*) (.*)$/s.exec(header(request, "authorization") ?? "") ?? refuse();
    if (scheme.toLowerCase() !== "bearer") {
      refuse();
    }
    const { iss } = decodeJwt(token);
    const entry = Object.hasOwn(config.services, iss) ? config.services[iss] : refuse();
    only(entry, "keys", "url");
    entry.keys.forEach((key) => only(key, "id", "secret", "algorithm", "public_key"));
    await withOneOf(entry.keys, async (key) => {
      const find = ({ kid }) => ((kid ?? key.id) === key.id ? keyOf(key, env) : refuse());
      const { payload } = await jwtVerify(token, find, {
        algorithms: ALGORITHMS[key.algorithm ?? "hmac-sha256"],
        audience: config.jwt?.audience ?? config.service,
        clockTolerance: config.jwt?.leeway ?? 30,
        currentDate: new Date(now * 1000),
        issuer: iss,
        requiredClaims: ["exp"],
        subject: decodeJwt(token).sub === undefined ? undefined : iss,
      });
      return payload !== undefined;
    });
  },
};

async function answer(verify, question) {
  const results = [];
  let hasAccepted = false;
  for (const step of question.steps) {
    try {
      if (step.op !== "verify" || hasAccepted || question.config === undefined) {
        leave("this step");
      }
      await verify({ config: question.config, env: question.env ?? {} }, step);
      results.push({ ok: {} });
    } catch (error) {
      results.push(error instanceof Unsupported ? { unsupported: error.message } : { refused: {} });
    }
    hasAccepted ||= results.at(-1).refused === undefined;
  }
  return results;
}

const [name] = process.argv.slice(2);
const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
const binding = `${name.replace(/^@/, "").replace("/", "-")}-js`;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ protocol: 1, binding, version, runtime: `Node.js ${process.version}`, capabilities: ["verify"] });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  say({ id: question.id, results: await answer(PACKAGES[name], question) });
}
