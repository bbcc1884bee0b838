// What the schemes of this peer have in common: requests as texts of bytes, keys of the config, and two ways not to accept.

import { createHmac } from "node:crypto";

/** The request does not hold. */
export class Refused extends Error {}
/** The question is about more than this peer knows. */
export class Unsupported extends Error {}

export const refuse = (code) => {
  throw new Refused(code);
};
export const leave = (what) => {
  throw new Unsupported(what);
};

export function only(members, ...known) {
  for (const name of Object.keys(members)) {
    if (!known.includes(name)) {
      leave("a member with another meaning");
    }
  }
}

// Text of one character per byte, so that nothing is decoded and regular expressions see bytes.
export const wire = (text) => bytes(text).toString("latin1");
const bytes = (text) => (typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(text.base64, "base64"));
export const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export function readKeys(entries, env, decode) {
  return entries.map((entry, index) => {
    only(entry, "id", "secret", "encoding", "state", "not_before", "not_after");
    if (!entry.secret.startsWith("env:")) {
      leave("a secret that is no variable");
    }
    return {
      id: entry.id ?? String(index + 1),
      state: entry.state ?? "active",
      start: entry.not_before === undefined ? 0 : Date.parse(entry.not_before) / 1000,
      end: entry.not_after === undefined ? Infinity : Date.parse(entry.not_after) / 1000,
      bytes: decode(env[entry.secret.slice(4)], entry),
    };
  });
}

export const isValid = (key, now) => key.state !== "revoked" && key.start <= now && now < key.end;
export const hmac = (key, message) => createHmac("sha256", key.bytes).update(message, "latin1").digest();

export function parts({ method, target, headers, body }) {
  const fields = headers.map(([name, value]) => [lower(wire(name)), wire(value)]);
  return { method: wire(method), target: wire(target), headers: fields, body: wire(body) };
}

export function checkBounds(method, target, headers) {
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const isPath = target.startsWith("/") || (target === "*" && method === "OPTIONS");
  // A dollar sign matches before a line end at the end in some languages, not in this one.
  const isGood = /^[A-Z0-9_-]{1,32}$/.test(method) && isPath && target.length <= 8192 && /^[!"$-~]+$/.test(target);
  if (!isGood || headers.length > 256 || size > 65536) {
    refuse("MALFORMED_REQUEST");
  }
}

export const one = (headers, name) => headers.find(([other]) => other === name)?.[1];

export const all = (headers, name) => headers.filter(([other]) => other === name).map(([, value]) => value);

/** How the secret of a service is written. */
export const ofService = (secret, { encoding = "text" }) => Buffer.from(secret, encoding === "text" ? "utf8" : encoding);

/** Collects faults: of several the pages do not say which one comes first. */
export function collect(faults) {
  const attempt = (check, otherwise) => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      faults.push(error.message);
      return otherwise;
    }
  };
  return [faults, attempt];
}

/** Refuses a request for its one fault. */
export function tell(faults) {
  if (new Set(faults).size > 1) {
    leave("several faults at once");
  }
  if (faults.length > 0) {
    refuse(faults[0]);
  }
}
