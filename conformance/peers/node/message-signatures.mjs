// HTTP message signatures (`rfc9421`) in the profile of this house; components have no parameters.

import { createHash } from "node:crypto";

import { all, checkBounds, collect, isValid, leave, lower, only, parts, refuse, tell, wire } from "./common.mjs";
import { holds, readAllKeys } from "./keys.mjs";
import { readDictionary, written } from "./structured.mjs";

const PROFILE = ["@method", "@authority", "@path", "@query"];
// What is covered along with a component.
const STANDS_FOR = {
  "@target-uri": ["@scheme", "@authority", "@path", "@query"],
  "@request-target": ["@path", "@query"],
};
const DERIVED = [...PROFILE, "@scheme", "@target-uri", "@request-target"];
const KINDS = { created: "integer", expires: "integer", keyid: "string", alg: "string", nonce: "string" };
const HASHES = { "sha-256": "sha256", "sha-512": "sha512" };

/** A service that takes message signatures. */
export class MessageSignatures {
  constructor(config, env) {
    only(config, "service", "accept", "sign_with", "services", "rfc9421", "environment", "replay", "window", "$schema");
    only(config.rfc9421 ?? {});
    this.id = config.service;
    this.past = config.window?.past ?? 300;
    this.future = config.window?.future ?? 300;
    this.remembers = config.replay?.store !== "none";
    this.registry = new Map(Object.entries(config.services));
    this.keys = new Map();
    for (const [name, entry] of this.registry) {
      only(entry, "keys", "allowed_targets", "url");
      const entries = entry.keys ?? [];
      if (entries.length > 1 && entries.some(({ id }) => id === undefined)) {
        leave("several keys without ids");
      }
      const keys = readAllKeys(entries, env);
      this.keys.set(name, new Map(keys.map((key) => [key.id, { ...key, algorithm: key.algorithm ?? "hmac-sha256" }])));
    }
  }

  verify(now, request) {
    const { method, target, headers, body } = parts(request);
    checkBounds(method, target, headers);
    const [hasSignature, hasInput] = ["signature", "signature-input"].map((name) => all(headers, name).length > 0);
    if (!hasSignature) {
      refuse(hasInput ? "MISSING_SIGNATURE" : "AUTHENTICATION_REQUIRED");
    }
    if (!hasInput) {
      refuse("MALFORMED_SIGNATURE");
    }
    const [inputs, signatures] = [fields(headers, "signature-input"), fields(headers, "signature")];
    const isOurs = ([name, { kind, value }]) => name === "tag" && kind === "string" && value === "wiresign";
    const chosen = [...inputs].filter(([, { items, parameters }]) => items && parameters.some(isOurs));
    if (chosen.length === 0) {
      refuse("SCHEME_NOT_ACCEPTED");
    }
    if (chosen.length > 1) {
      leave("several signatures");
    }
    const [label, covering] = chosen[0];
    if ([...signatures].some(([other, { bare }]) => other !== label && bare?.kind !== "bytes")) {
      // Each member is a byte sequence (RFC 9421, 4.2).
      refuse("MALFORMED_SIGNATURE");
    }
    const [faults, attempt] = collect([]);
    const signature = attempt(() => signatureOf(signatures.get(label)));
    const said = attempt(() => readParameters(covering.parameters));
    const names = attempt(() => componentsOf(covering), []);
    const seconds = said && attempt(() => readSeconds(said.get("created")));
    const ends = said?.has("expires") ? attempt(() => readSeconds(said.get("expires"))) : Infinity;
    attempt(() => !said || /^[A-Za-z0-9_-]{16,64}$/.test(said.get("nonce")) || refuse("INVALID_NONCE"));
    const authority = attempt(() => readAuthority(headers, request.authority));
    const covered = names.flatMap((name) => [name, ...(STANDS_FOR[name] ?? [])]);
    attempt(() => PROFILE.every((name) => covered.includes(name)) || refuse("INSUFFICIENT_COVERAGE"));
    const message = attempt(() => base(names, covering, method, target, headers, authority));
    if (names.includes("content-digest") && attempt(() => fields(headers, "content-digest")) === undefined) {
      leave("a digest that cannot be read");
    }
    tell(faults);
    if (now - seconds > this.past || seconds - now > this.future || now >= ends) {
      refuse("TIMESTAMP_OUTSIDE_WINDOW");
    }
    const keyId = said.get("keyid");
    const cut = keyId.indexOf("/");
    const owner = cut < 0 ? keyId : keyId.slice(0, cut);
    if (!this.keys.get(owner)?.size) {
      refuse("UNKNOWN_SERVICE");
    }
    const key = this.keys.get(owner).get(cut < 0 ? "" : keyId.slice(cut + 1)) ?? refuse("UNKNOWN_KEY");
    if ((said.get("alg") ?? key.algorithm) !== key.algorithm) {
      refuse("ALGORITHM_NOT_ALLOWED");
    }
    if (!holds(key, key.algorithm, message, signature)) {
      if (names.includes("content-digest") && knownDigests(fields(headers, "content-digest")).length === 0) {
        leave("a digest of no known algorithm, and a signature that does not hold: the page gives them no order");
      }
      refuse("INVALID_SIGNATURE");
    }
    if (!isValid(key, now)) {
      refuse("KEY_NOT_VALID_NOW");
    }
    checkDigest(names, headers, body);
    // Nothing says which authority is ours, so what a service sends could be sent back to it with the host that it was for.
    const targets = this.registry.get(owner).allowed_targets ?? (owner === this.id ? [] : [this.id]);
    if (!targets.includes(this.id)) {
      refuse("TARGET_NOT_ALLOWED");
    }
    return { service: owner, key: key.id, scheme: "rfc9421", age: now - seconds };
  }
}

const trimmed = (value) => value.replace(/^[ \t]+|[ \t]+$/g, "");

/** Reads a dictionary that may stand in several lines. */
function fields(headers, name) {
  const value = all(headers, name).map(trimmed).join(", ");
  if (!/^[\x00-\x7f]*$/.test(value)) {
    refuse("MALFORMED_SIGNATURE");
  }
  const pairs = readDictionary(value);
  const members = new Map(pairs);
  if (members.size !== pairs.length) {
    refuse("DUPLICATE_HEADER");
  }
  return members.size > 8 ? refuse("MALFORMED_SIGNATURE") : members;
}

function signatureOf(member) {
  if (member === undefined) {
    refuse("MISSING_SIGNATURE");
  }
  const isOne = member.bare?.kind === "bytes" && member.bare.value.length > 0 && member.parameters.length === 0;
  return isOne ? member.bare.value : refuse("MALFORMED_SIGNATURE");
}

function readParameters(parameters) {
  const names = new Set(parameters.map(([name]) => name));
  if (names.size !== parameters.length || names.size > 16) {
    refuse("MALFORMED_SIGNATURE");
  }
  const known = parameters.filter(([name]) => Object.hasOwn(KINDS, name));
  if (known.some(([name, { kind }]) => kind !== KINDS[name])) {
    refuse("MALFORMED_SIGNATURE");
  }
  const said = new Map(known.map(([name, { value }]) => [name, value]));
  for (const [name, code] of [["created", "MISSING_TIMESTAMP"], ["keyid", "MISSING_SERVICE_ID"], ["nonce", "MISSING_NONCE"]]) {
    if (!said.has(name)) {
      refuse(code);
    }
  }
  return /^[^"\\]+$/.test(said.get("keyid")) && said.get("alg") !== "" ? said : refuse("MALFORMED_SIGNATURE");
}

function componentsOf({ items }) {
  for (const { bare, parameters } of items) {
    if (bare.kind !== "string") {
      refuse("MALFORMED_SIGNATURE");
    }
    if (parameters.length > 0) {
      leave("parameters of components");
    }
    if (!DERIVED.includes(bare.value) && !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(bare.value)) {
      refuse("MALFORMED_SIGNATURE");
    }
  }
  const names = items.map(({ bare }) => bare.value);
  return new Set(names).size === names.length && names.length <= 32 ? names : refuse("MALFORMED_SIGNATURE");
}

const readSeconds = (text) => (/^[0-9]{1,12}$/.test(text) ? Number(text) : refuse("INVALID_TIMESTAMP"));

/** Returns the authority in its one form; the request may say it in two places. */
function readAuthority(headers, authority) {
  const hosts = all(headers, "host").map((host) => host.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (hosts.length > 1) {
    refuse("DUPLICATE_HEADER");
  }
  if (authority !== undefined && authority !== null) {
    hosts.push(wire(authority));
  }
  const found = new Set();
  for (const host of hosts) {
    if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(:[0-9]{0,5})?$/.test(host)) {
      refuse("MALFORMED_REQUEST");
    }
    found.add(lower(host).replace(/:(443)?$/, ""));
  }
  return found.size > 1 ? refuse("MALFORMED_REQUEST") : [...found][0];
}

/** What is signed (RFC 9421, 2.5). */
function base(names, covering, method, target, headers, authority) {
  const mark = target.indexOf("?");
  const known = {
    "@method": method,
    "@path": mark < 0 ? target : target.slice(0, mark),
    "@query": mark < 0 ? "?" : target.slice(mark),
    "@request-target": target,
    "@scheme": "https",
    "@authority": authority,
    "@target-uri": authority === undefined ? undefined : `https://${authority}${target === "*" ? "" : target}`,
  };
  const lines = names.map((name) => {
    const values = all(headers, name).map(trimmed);
    const value = name.startsWith("@") ? known[name] : values.length > 0 ? values.join(", ") : undefined;
    if (value === undefined) {
      refuse("INSUFFICIENT_COVERAGE");
    }
    return /^[\t -~]*$/.test(value) ? `"${name}": ${value}` : refuse("MALFORMED_REQUEST");
  });
  const one = (bare) => written(bare) ?? leave("a value that has many forms");
  const signed = covering.parameters.map(([name, bare]) =>
    bare.kind === "boolean" && bare.value ? `;${name}` : `;${name}=${one(bare)}`,
  );
  const items = covering.items.map(({ bare }) => one(bare)).join(" ");
  return [...lines, `"@signature-params": (${items})${signed.join("")}`].join("\n");
}

const knownDigests = (members) => [...members].filter(([name]) => Object.hasOwn(HASHES, name));

function checkDigest(names, headers, body) {
  if (!names.includes("content-digest")) {
    return body === "" || refuse("INSUFFICIENT_COVERAGE");
  }
  let members;
  try {
    members = fields(headers, "content-digest");
  } catch {
    refuse("MALFORMED_SIGNATURE");
  }
  const known = knownDigests(members);
  const expected = (name) => createHash(HASHES[name]).update(body, "latin1").digest();
  if (known.some(([name, { bare }]) => bare?.kind !== "bytes" || bare.value.length !== expected(name).length)) {
    refuse("MALFORMED_SIGNATURE");
  }
  if (known.length === 0 && body !== "") {
    refuse("INSUFFICIENT_COVERAGE");
  }
  return known.every(([name, { bare }]) => expected(name).equals(bare.value)) || refuse("DIGEST_MISMATCH");
}
