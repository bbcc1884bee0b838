// An issuer of tokens on the standard library of Node, with keys that it publishes.

import crypto from "node:crypto";

export const ISSUER = "https://id.example/";
const encoded = (value) => Buffer.from(value).toString("base64url");

/** A key of Ed25519 under a name. */
export function issuerKey(kid) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
  return { kid, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" } };
}

/** The text of a set with these keys. */
export const jwkSet = (...keys) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });

/** A token with these claims, given as an object or as JSON text. */
export function token({ kid, privateKey }, claims, named = true) {
  const payload = typeof claims === "string" ? claims : JSON.stringify(claims);
  const signed = `${encoded(JSON.stringify({ alg: "EdDSA", kid: named ? kid : undefined }))}.${encoded(payload)}`;
  return `${signed}.${crypto.sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** A token of a user of the issuer, which is good for some minutes. */
export const userToken = (key, more = {}) => token(key, claimsOf(more));

/** The same without the name of its key. */
export const namelessToken = (key) => token(key, claimsOf({}), false);

const claimsOf = (more) => ({
  iss: ISSUER,
  sub: "ann",
  aud: "orders",
  exp: Math.floor(Date.now() / 1000) + 300,
  ...more,
});

/** What a config says of the issuer. */
export const jwtOf = (jwks, more = {}) => ({ issuers: { [ISSUER]: { jwks, callers: "users", ...more } } });

export const bearer = (text) => ({ authorization: `Bearer ${text}` });
