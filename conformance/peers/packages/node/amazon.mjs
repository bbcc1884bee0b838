// Signers of AWS sign the same request once more; the signature that was sent has to be that one. A signer has no say in times, scopes
// and what has to be covered: only requests where these are in order are put to it.

import { createHash, createHmac } from "node:crypto";

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;

/** What the signers are given, and the signature that they have to make. `tools` are the functions that all packages share. */
export function resigned({ config, env }, { now, request }, { bytes, leave, only, refuse, secretOf, wire }) {
  only(config, "service", "services", "accept", "aws_sigv4");
  if (config.accept?.length !== 1 || config.accept[0] !== "aws-sigv4") {
    leave("another scheme");
  }
  only(config.aws_sigv4, "region", "service", "style");
  const headers = {};
  for (const [name, value] of request.headers) {
    const lowered = wire(name).toLowerCase();
    headers[lowered] = Object.hasOwn(headers, lowered) ? leave("a header that came twice") : wire(value);
  }
  const found = FORM.exec(headers.authorization ?? "") ?? leave("what a signer does not write");
  const [, keyId, day, region, service, signed, signature] = found;
  const stamp = headers["x-amz-date"] ?? "";
  const keys = Object.values(config.services).flatMap((entry) => entry.aws_keys ?? []);
  const key = keys.find(({ id }) => id === keyId) ?? leave("another key");
  only(key, "id", "secret");
  const names = signed.split(";");
  const must = Object.keys(headers).filter((name) => /^(host|content-type|x-amz-.*)$/.test(name));
  const body = bytes(request.body);
  const digest = createHash("sha256").update(body).digest("hex");
  const isS3 = config.aws_sigv4.style === "s3";
  const isInOrder =
    request.authority == null &&
    /^\d{8}T\d{6}Z$/.test(stamp) &&
    stamp.startsWith(day) &&
    region === config.aws_sigv4.region &&
    service === config.aws_sigv4.service &&
    [...must, "host"].every((name) => names.includes(name)) &&
    names.every((name, at) => Object.hasOwn(headers, name) && (at === 0 || names[at - 1] < name)) &&
    !names.includes("x-amz-security-token") &&
    (headers["x-amz-content-sha256"] ?? (isS3 ? "" : digest)) === digest;
  const at = Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 1000;
  if (!isInOrder || !(Math.abs(now - at) <= 900)) {
    leave("what a signer has no say in");
  }
  return {
    body,
    date: new Date(at * 1000),
    headers: Object.fromEntries(names.map((name) => [name, headers[name]])),
    isS3,
    method: wire(request.method),
    target: wire(request.target),
    region,
    service,
    credentials: { accessKeyId: keyId, secretAccessKey: secretOf(key.secret, env) },
    /** Compares what the signer has written with what was sent. */
    compare(authorization) {
      if (FORM.exec(authorization)?.[6] !== signature) {
        refuse();
      }
    },
  };
}

/** The hash that `@smithy/signature-v4` asks for, on the standard library. */
export class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }

  update(data) {
    this.hash.update(data);
  }

  digest() {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }
}
