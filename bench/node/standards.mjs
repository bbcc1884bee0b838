// R5 through the addon: message signatures, AWS signatures and tokens, against the packages that are used for them.
// Reads what src/fleet.rs describes as JSON from stdin, and prints rows as JSON.

import { createHmac, createSecretKey, randomUUID, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import aws4 from "aws4";
import { httpbis } from "http-message-signatures";
import jsonwebtoken from "jsonwebtoken";

import { Config, Signer, Verifier } from "../../bindings-node/dist/index.mjs";
import { contest } from "./contest.mjs";

const BATCH = 50;
const ROUNDS = 200;

const described = JSON.parse(readFileSync(0, "utf8"));
const { called, caller, method, target } = described;
const secret = described.webhook_secret;
const options = { env: { WEBHOOK_SECRET: secret } };
const host = described.usual_headers.host;
const [path, query] = target.split("?");

function sides(scheme) {
  const documents = described.standard_documents[scheme];
  const signer = new Signer(Config.parse(documents.caller, options), { target: called });
  return { signer, verifier: new Verifier(Config.parse(documents.called, options)) };
}

/** A request with the usual headers and a body of its own, before it is signed. */
function unsigned() {
  const body = Buffer.from(`{"id":"${randomUUID()}","data":"`.padEnd(described.body_bytes - 2, "x") + '"}');
  return { method, target, headers: { ...described.usual_headers, "content-length": String(body.length) }, body };
}

function signed(signer) {
  const request = unsigned();
  for (const [name, value] of signer.sign(request, { nonce: randomUUID() })) {
    request.headers[name.toLowerCase()] = value;
  }
  return request;
}

const batch = (make) => () => Array.from({ length: BATCH }, make);

async function row(what, name, contestants) {
  const [ours, theirs] = await contest(ROUNDS, contestants);
  return {
    id: "R5",
    what: `Node, ${what} (${Math.round(ours)} ns) against ${name} (${Math.round(theirs)} ns)`,
    measured: theirs / ours,
    unit: "faster",
  };
}

async function verifyMessages() {
  const { signer, verifier } = sides("rfc9421");
  const prepare = batch(() => signed(signer));
  const keyLookup = async ({ keyid }) => ({
    id: keyid,
    algs: ["hmac-sha256"],
    verify: async (data, signature) => timingSafeEqual(createHmac("sha256", secret).update(data).digest(), signature),
  });
  const verify = async ({ headers }) => {
    const isRight = await httpbis.verifyMessage({ keyLookup }, { method, url: `https://${host}${target}`, headers });
    if (isRight !== true) {
      throw new Error("the package refuses");
    }
    return isRight;
  };
  return row("whole verify of rfc9421", "http-message-signatures", [
    { prepare, run: (request) => verifier.verify(request) },
    { prepare, isAsync: true, run: verify },
  ]);
}

async function signForAws() {
  const { signer } = sides("aws-sigv4");
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: secret };
  const scope = { region: "eu-west-1", service: "execute-api" };
  const smithy = new SignatureV4({ ...scope, credentials, sha256: Sha256 });
  const prepare = batch(unsigned);
  const ours = { prepare, run: (request) => signer.sign(request, { nonce: "presigned-or-not-1" }) };
  const byAws4 = ({ headers, body }) => aws4.sign({ ...scope, method, path: target, host, headers, body }, credentials);
  const bySmithy = ({ headers, body }) =>
    smithy.sign({
      method,
      protocol: "https:",
      hostname: host,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers,
      body,
    });
  return [
    await row("sign of aws-sigv4", "aws4", [ours, { prepare, run: byAws4 }]),
    await row("sign of aws-sigv4", "@smithy/signature-v4", [ours, { prepare, isAsync: true, run: bySmithy }]),
  ];
}

async function verifyTokens() {
  const { signer, verifier } = sides("jwt");
  const prepare = batch(() => signed(signer));
  // From a text the package would make a key each time, after it has tried to read a public key from it.
  const key = createSecretKey(Buffer.from(secret));
  const verify = ({ headers }) =>
    jsonwebtoken.verify(headers.authorization.slice("Bearer ".length), key, {
      algorithms: ["HS256"],
      audience: called,
      issuer: caller,
    });
  return row("whole verify of jwt", "jsonwebtoken", [
    { prepare, run: (request) => verifier.verify(request) },
    { prepare, run: verify },
  ]);
}

console.log(JSON.stringify([await verifyMessages(), ...(await signForAws()), await verifyTokens()]));
