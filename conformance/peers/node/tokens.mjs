// Tokens of services (`jwt`).

import { isValid, leave, all, checkBounds, only, parts, refuse } from "./common.mjs";
import { holds, readAllKeys } from "./keys.mjs";

// How a token calls the algorithm of a key.
const ALGORITHMS = new Map([
  ["HS256", "hmac-sha256"],
  ["HS384", "hmac-sha384"],
  ["HS512", "hmac-sha512"],
  ["EdDSA", "ed25519"],
  ["Ed25519", "ed25519"],
  ["ES256", "ecdsa-p256-sha256"],
  ["ES384", "ecdsa-p384-sha384"],
  ["RS256", "rsa-v1_5-sha256"],
  ["PS256", "rsa-pss-sha256"],
  ["PS512", "rsa-pss-sha512"],
]);

const wrong = () => refuse("INVALID_TOKEN");

/** A service that takes tokens. */
export class Tokens {
  constructor(config, env) {
    only(config, "service", "accept", "sign_with", "services", "jwt", "environment", "replay", "$schema");
    this.id = config.service;
    const settings = config.jwt ?? {};
    only(settings, "leeway", "audience", "lifetime");
    this.leeway = settings.leeway ?? 30;
    this.audience = [settings.audience ?? this.id].flat();
    // A token may come again.
    this.remembers = false;
    this.registry = new Map(Object.entries(config.services));
    this.keys = new Map();
    for (const [name, entry] of this.registry) {
      only(entry, "keys", "allowed_targets", "url");
      const keys = readAllKeys(entry.keys ?? [], env);
      for (const key of keys.filter(({ algorithm }) => algorithm === undefined)) {
        key.algorithm = key.bytes.length >= 32 ? "hmac-sha256" : "none";
      }
      this.keys.set(name, keys);
    }
  }

  verify(now, request) {
    const { method, target, headers } = parts(request);
    checkBounds(method, target, headers);
    const values = all(headers, "authorization");
    const bearers = values.filter((value) => /^bearer /i.test(value));
    if (bearers.length === 0) {
      refuse("AUTHENTICATION_REQUIRED");
    }
    if (values.length > 1 || values[0].includes(",")) {
      refuse("DUPLICATE_HEADER");
    }
    const token = values[0].slice("Bearer ".length);
    const pieces = token.split(".");
    if (token.length > 8192 || pieces.length !== 3) {
      wrong();
    }
    const [rawHeader, rawClaims, signature] = pieces.map(decoded);
    const header = readObject(rawHeader);
    const alg = header.get("alg");
    if (typeof alg !== "string") {
      wrong();
    }
    const algorithm = ALGORITHMS.get(alg) ?? refuse("ALGORITHM_NOT_ALLOWED");
    const claims = readObject(rawClaims);
    checkTypes(header, claims);
    const issuer = claims.get("iss");
    if (!this.keys.has(issuer)) {
      refuse("UNKNOWN_SERVICE");
    }
    const key = this.matching(issuer, now, header, algorithm, `${pieces[0]}.${pieces[1]}`, signature);
    this.checkClaims(now, claims);
    if (!(this.registry.get(issuer).allowed_targets ?? [this.id]).includes(this.id)) {
      refuse("TARGET_NOT_ALLOWED");
    }
    return { service: issuer, key, scheme: "jwt" };
  }

  matching(issuer, now, header, algorithm, message, signature) {
    const isNamed = header.has("kid");
    const named = this.keys.get(issuer).filter((key) => !isNamed || key.id === header.get("kid"));
    if (named.length === 0) {
      refuse("UNKNOWN_KEY");
    }
    const keys = named.filter((key) => key.algorithm === algorithm);
    if (keys.length === 0) {
      refuse(isNamed ? "ALGORITHM_NOT_ALLOWED" : "UNKNOWN_KEY");
    }
    const found = keys.filter((key) => holds(key, algorithm, message, signature));
    const valid = found.find((key) => isValid(key, now));
    return valid?.id ?? refuse(found.length > 0 ? "KEY_NOT_VALID_NOW" : "INVALID_SIGNATURE");
  }

  checkClaims(now, claims) {
    const seconds = (name) => Number(claims.get(name)?.text ?? 0);
    const named = [claims.get("aud") ?? []].flat();
    if (!named.some((name) => this.audience.includes(name))) {
      wrong();
    }
    if (now >= seconds("exp") + this.leeway) {
      refuse("TOKEN_EXPIRED");
    }
    const isEarly = seconds("nbf") > now + this.leeway || seconds("iat") > now + this.leeway;
    if (isEarly || (claims.get("sub") ?? claims.get("iss")) !== claims.get("iss")) {
      wrong();
    }
  }
}

function checkTypes(header, claims) {
  const areNamed = ["kid", "typ"].every((name) => !header.has(name) || isName(header.get(name)));
  if (["crit", "b64", "zip"].some((name) => header.has(name)) || !areNamed) {
    wrong();
  }
  const isTime = (value) => value instanceof NumberText && /^(0|[1-9][0-9]{0,11})$/.test(value.text);
  const isGood =
    ["exp", "nbf", "iat"].every((name) => !claims.has(name) || isTime(claims.get(name))) &&
    ["iss", "sub", "jti"].every((name) => !claims.has(name) || isName(claims.get(name))) &&
    (!claims.has("aud") || isAudience(claims.get("aud"))) &&
    claims.has("exp");
  if (!isGood) {
    wrong();
  }
}

const isName = (value) =>
  typeof value === "string" && value !== "" && Buffer.byteLength(value) <= 512 && !/\p{Cc}/u.test(value);

const isAudience = (value) =>
  Array.isArray(value) ? value.every((text) => typeof text === "string") : isName(value);

function decoded(piece) {
  const raw = Buffer.from(piece, "base64url");
  return /^[A-Za-z0-9_-]*$/.test(piece) && raw.toString("base64url") === piece ? raw : wrong();
}

/** A number as it was written. */
class NumberText {
  constructor(text) {
    this.text = text;
  }
}

/** Reads one JSON object; JSON.parse takes the last of several members of one name. */
function readObject(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    wrong();
  }
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at = found ? pattern.lastIndex : at;
    return found?.[0];
  };
  const skipSpace = () => take(/[ \t\r\n]*/y);
  const string = () => {
    const raw = take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y) ?? wrong();
    const read = JSON.parse(raw);
    return read.isWellFormed() ? read : wrong();
  };
  const listed = (end, level, one) => {
    if (level > 8) {
      wrong();
    }
    skipSpace();
    for (let count = 1; !take(end); count++) {
      if (count > 1) {
        take(/,/y) ?? wrong();
        skipSpace();
      }
      one(count);
      skipSpace();
    }
  };
  const value = (level) => {
    skipSpace();
    if (take(/\{/y)) {
      const members = new Map();
      listed(/\}/y, level, (count) => {
        const name = string();
        skipSpace();
        take(/:/y) ?? wrong();
        if (members.has(name) || count > 64) {
          wrong();
        }
        members.set(name, value(level + 1));
      });
      return members;
    }
    if (take(/\[/y)) {
      const items = [];
      listed(/\]/y, level, () => items.push(value(level + 1)));
      return items;
    }
    if (text[at] === '"') {
      return string();
    }
    const word = take(/true|false|null/y);
    if (word !== undefined) {
      return JSON.parse(word);
    }
    return new NumberText(take(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y) ?? wrong());
  };
  const read = value(1);
  skipSpace();
  return read instanceof Map && at === text.length ? read : wrong();
}
