// Keys that are no secrets: their public halves verify.

import { createHmac, createPublicKey, constants, timingSafeEqual, verify } from "node:crypto";

import { leave, ofService, readKeys } from "./common.mjs";

const HASHES = { "hmac-sha256": "sha256", "hmac-sha384": "sha384", "hmac-sha512": "sha512" };

/** Reads keys with what signs for them; `algorithm` is undefined where the config names none. */
export function readAllKeys(entries, env) {
  return entries.map(({ algorithm, public_key: half, ...entry }, index) => {
    const [key] = readKeys([half === undefined ? entry : { ...entry, secret: half }], env, (text, members) =>
      half === undefined ? ofService(text, members) : text,
    );
    key.id = entry.id ?? String(index + 1);
    const made = half === undefined ? undefined : publicKey(algorithm, key.bytes);
    return { ...key, algorithm, isSecret: half === undefined, publicKey: made };
  });
}

function publicKey(algorithm, text) {
  if (text.startsWith("-----BEGIN PUBLIC KEY-----")) {
    return createPublicKey(text);
  }
  if (algorithm === "ed25519" && /^[0-9a-f]{64}$/.test(text)) {
    const x = Buffer.from(text, "hex").toString("base64url");
    return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  }
  return leave("a public key in another form");
}

/** Whether the key made the signature. The message is a text of bytes. */
export function holds(key, algorithm, message, signature) {
  const bytes = Buffer.from(message, "latin1");
  switch (algorithm) {
    case "ed25519":
      return verify(null, bytes, key.publicKey, signature);
    case "ecdsa-p256-sha256":
      return verify("sha256", bytes, { key: key.publicKey, dsaEncoding: "ieee-p1363" }, signature);
    case "ecdsa-p384-sha384":
      return verify("sha384", bytes, { key: key.publicKey, dsaEncoding: "ieee-p1363" }, signature);
    case "rsa-v1_5-sha256":
      return verify("sha256", bytes, key.publicKey, signature);
    case "rsa-pss-sha256":
    case "rsa-pss-sha512": {
      const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return verify(algorithm.slice("rsa-pss-".length), bytes, { key: key.publicKey, ...padding }, signature);
    }
    default: {
      const expected = createHmac(HASHES[algorithm], key.bytes).update(bytes).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
  }
}
