// Signatures of AWS (`aws-sigv4`), in headers and as links.

import { createHash, createHmac } from "node:crypto";

import { all, checkBounds, collect, isValid, leave, lower, one, only, parts, readKeys, refuse, tell, wire } from "./common.mjs";

const ALGORITHM = "AWS4-HMAC-SHA256";
// What a link says beside its signed headers.
const OF_LINKS = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token"];
const ONCE = ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host"];

const digest = (text) => createHash("sha256").update(text, "latin1").digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text, "latin1").digest();

/** A service that takes signatures of AWS. */
export class Amazon {
  constructor(config, env) {
    only(config, "service", "accept", "sign_with", "services", "aws_sigv4", "environment", "replay", "$schema");
    const settings = config.aws_sigv4;
    only(settings, "region", "service", "signed_headers", "style", "unsigned_payload");
    this.id = config.service;
    this.scope = [settings.region, settings.service].map(wire);
    this.demanded = (settings.signed_headers ?? []).map((name) => lower(wire(name)));
    this.isS3 = settings.style === "s3";
    this.mayBeUnsigned = settings.unsigned_payload ?? false;
    this.remembers = config.replay?.store !== "none";
    this.registry = new Map(Object.entries(config.services));
    this.keys = new Map();
    for (const [name, entry] of this.registry) {
      only(entry, "keys", "aws_keys", "allowed_targets", "url");
      for (const { session_token: token, ...members } of entry.aws_keys ?? []) {
        const [key] = readKeys([members], env, (secret) => Buffer.from(secret));
        const id = key.id.startsWith("env:") ? env[key.id.slice("env:".length)] : key.id;
        const held = token === undefined ? undefined : wire(env[token.slice("env:".length)]);
        this.keys.set(wire(id), { ...key, id, owner: name, token: held });
      }
    }
  }

  verify(now, request) {
    const { method, target, headers, body } = parts(request);
    checkBounds(method, target, headers);
    if (!target.startsWith("/")) {
      leave("the star of OPTIONS");
    }
    const mark = target.indexOf("?");
    const [path, query] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
    const said = credential(headers, query);
    const [faults, attempt] = collect(said.faults);
    const parameters = attempt(() => readQuery(query), []);
    const [keyId, day, region, service] = attempt(() => readScope(said.scope), []);
    const names = attempt(() => readNames(said.names), []);
    attempt(() => /^[0-9a-f]{64}$/.test(said.signature) || refuse("MALFORMED_SIGNATURE"));
    const seconds = attempt(() => readDate(said.time), 0);
    const stamp = `${new Date(seconds * 1000).toISOString().replace(/[-:]|\.000/g, "")}`;
    attempt(() => !day || !seconds || stamp.startsWith(day) || refuse("INVALID_TIMESTAMP"));
    attempt(() => said.life === undefined || /^[1-9][0-9]{0,11}$/.test(said.life) || refuse("INVALID_TIMESTAMP"));
    const life = Number(said.life ?? 900);
    attempt(() => this.checkPath(path));
    const present = attempt(() => withHost(headers, request.authority), []);
    const payload = attempt(() => this.payload(said, headers, parameters, body));
    attempt(() => this.checkCoverage(said, names, present));
    tell(faults);
    if (life > 604_800 || seconds - now > 900 || now - seconds > life) {
      refuse("TIMESTAMP_OUTSIDE_WINDOW");
    }
    const key = this.keys.get(keyId) ?? refuse("UNKNOWN_KEY");
    const signedHeader = (name) => `${name}:${all(present, name).map(folded).join(",")}`;
    const canonical = [
      method,
      this.isS3 ? path : encoded(path, "/"),
      canonicalQuery(parameters),
      ...names.map(signedHeader),
      "",
      names.join(";"),
      payload,
    ].join("\n");
    const scope = [day, region, service, "aws4_request"];
    const message = [ALGORITHM, stamp, scope.join("/"), digest(canonical)].join("\n");
    const signing = scope.reduce(mac, Buffer.concat([Buffer.from("AWS4"), key.bytes]));
    if (mac(signing, message).toString("hex") !== said.signature) {
      refuse("INVALID_SIGNATURE");
    }
    if (!isValid(key, now)) {
      refuse("KEY_NOT_VALID_NOW");
    }
    if (said.token !== key.token) {
      refuse("INVALID_TOKEN");
    }
    if (payload !== "UNSIGNED-PAYLOAD" && payload !== digest(body)) {
      refuse("DIGEST_MISMATCH");
    }
    const allowed = this.registry.get(key.owner).allowed_targets ?? [this.id];
    if (region !== this.scope[0] || service !== this.scope[1] || !allowed.includes(this.id)) {
      refuse("TARGET_NOT_ALLOWED");
    }
    return { service: key.owner, key: key.id, scheme: "aws-sigv4", age: now - seconds };
  }

  checkPath(path) {
    const segments = path.slice(1).split("/");
    // Another spelling, or another path, has the same signature.
    const isPlain = this.isS3
      ? segments.every((segment) => encoded(decoded(segment), "") === segment)
      : !segments.some((segment, at) => [".", ".."].includes(segment) || (segment === "" && at < segments.length - 1));
    if (!isPlain) {
      refuse("MALFORMED_REQUEST");
    }
  }

  payload(said, headers, parameters, body) {
    const ofLink = parameters.find(([name]) => name === "X-Amz-Content-Sha256")?.[1];
    const otherwise = said.isLink ? (ofLink ?? (this.isS3 ? "UNSIGNED-PAYLOAD" : undefined)) : undefined;
    const declared = one(headers, "x-amz-content-sha256") ?? otherwise;
    if (declared === undefined) {
      return this.isS3 ? refuse("INSUFFICIENT_COVERAGE") : digest(body);
    }
    if (declared === "UNSIGNED-PAYLOAD" && this.mayBeUnsigned) {
      return declared;
    }
    if (declared === "UNSIGNED-PAYLOAD" || declared.startsWith("STREAMING-")) {
      refuse("INSUFFICIENT_COVERAGE");
    }
    return /^[0-9a-f]{64}$/.test(declared) ? declared : refuse("MALFORMED_SIGNATURE");
  }

  checkCoverage(said, names, present) {
    const there = new Set(present.map(([name]) => name));
    const must = [...there].filter((name) => name === "content-type" || name.startsWith("x-amz-"));
    must.push("host", ...this.demanded);
    if (!said.isLink) {
      must.push(there.has("x-amz-date") ? "x-amz-date" : "date");
    }
    if (!must.every((name) => names.includes(name)) || !names.every((name) => there.has(name))) {
      refuse("INSUFFICIENT_COVERAGE");
    }
  }
}

function credential(headers, query) {
  const isRepeated = ONCE.some((name) => {
    const values = all(headers, name);
    const commas = name === "authorization" ? 2 : 0;
    return values.length > 1 || values.some((value) => value.split(",").length - 1 > commas);
  });
  const link = parametersOfLink(query);
  const header = one(headers, "authorization") ?? "";
  const isHeader = /^AWS4-/i.test(header);
  if (isRepeated) {
    return isHeader || link ? refuse("DUPLICATE_HEADER") : leave("a header twice where there is no credential");
  }
  if (link) {
    return isHeader ? refuse("AMBIGUOUS_CREDENTIALS") : readLink(link);
  }
  return isHeader ? readHeader(header, headers) : refuse("AUTHENTICATION_REQUIRED");
}

/** What every credential has; what stands in for a missing part has no fault of its own. */
function whole({ algorithm, scope, signature, time, names = "", ...rest }, faults = []) {
  if (algorithm !== ALGORITHM) {
    faults.push("ALGORITHM_NOT_ALLOWED");
  }
  for (const [part, code] of [[scope, "MISSING_SERVICE_ID"], [signature, "MISSING_SIGNATURE"], [time, "MISSING_TIMESTAMP"]]) {
    if (part === undefined) {
      faults.push(code);
    }
  }
  return {
    ...rest,
    scope: scope ?? "x/19700101/x/x/aws4_request",
    signature: signature ?? "0".repeat(64),
    time: time ?? "19700101T000000Z",
    names,
    faults,
  };
}

function readHeader(header, headers) {
  const cut = header.indexOf(" ");
  const [algorithm, rest] = cut < 0 ? [header, ""] : [header.slice(0, cut), header.slice(cut + 1)];
  const faults = [];
  const members = new Map();
  for (const text of rest.split(",")) {
    const [, name, value] = /^ *(Credential|SignedHeaders|Signature)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || members.has(name)) {
      faults.push("MALFORMED_SIGNATURE");
    }
    members.set(name, value);
  }
  if (all(headers, "date").length > 1 && one(headers, "x-amz-date") === undefined) {
    leave("two dates");
  }
  const time = one(headers, "x-amz-date") ?? one(headers, "date");
  const said = { algorithm, scope: members.get("Credential"), signature: members.get("Signature"), time };
  const token = one(headers, "x-amz-security-token");
  return whole({ ...said, names: members.get("SignedHeaders"), token, isLink: false }, faults);
}

function parametersOfLink(query) {
  const known = OF_LINKS.map((name) => `x-amz-${lower(name)}`);
  const found = query
    .split("&")
    .map((piece) => {
      const cut = piece.indexOf("=");
      return cut < 0 ? [piece, ""] : [piece.slice(0, cut), piece.slice(cut + 1)];
    })
    .map(([name, value]) => [unescaped(name), value])
    .filter(([name]) => known.includes(lower(name)));
  const telling = ["x-amz-algorithm", "x-amz-credential", "x-amz-signature"];
  return found.some(([name]) => telling.includes(lower(name))) ? found : undefined;
}

function readLink(link) {
  const members = new Map();
  for (const [name, value] of link) {
    const short = name.slice("X-Amz-".length);
    if (!name.startsWith("X-Amz-") || !OF_LINKS.includes(short) || members.has(short) || value.includes("+")) {
      refuse("MALFORMED_REQUEST");
    }
    members.set(short, decoded(value));
  }
  const [algorithm, scope, time] = ["Algorithm", "Credential", "Date"].map((name) => members.get(name));
  const [signature, names, token] = ["Signature", "SignedHeaders", "Security-Token"].map((name) => members.get(name));
  const faults = members.has("Expires") ? [] : ["MISSING_TIMESTAMP"];
  const life = members.get("Expires") ?? "1";
  return whole({ algorithm, scope, signature, time, names, token, life, isLink: true }, faults);
}

const unescaped = (text) =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
const decoded = (text) => (/%(?![0-9A-Fa-f]{2})/.test(text) ? refuse("MALFORMED_REQUEST") : unescaped(text));

function encoded(text, kept) {
  const isPlain = (letter) => /[A-Za-z0-9._~-]/.test(letter) || kept.includes(letter);
  const escaped = (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  return Array.from(text, (letter) => (isPlain(letter) ? letter : escaped(letter))).join("");
}

function readQuery(query) {
  const pieces = query.split("&").filter((piece) => piece !== "");
  if (query.includes("+") || pieces.length > 100) {
    refuse("MALFORMED_REQUEST");
  }
  return pieces.map((piece) => {
    const cut = piece.indexOf("=");
    const [name, value] = cut < 0 ? [piece, ""] : [piece.slice(0, cut), piece.slice(cut + 1)];
    return [encoded(decoded(name), ""), encoded(decoded(value), "")];
  });
}

function canonicalQuery(parameters) {
  const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);
  return parameters
    .filter(([name]) => name !== "X-Amz-Signature")
    .sort((left, right) => compare(left[0], right[0]) || compare(left[1], right[1]))
    .map((pair) => pair.join("="))
    .join("&");
}

function readScope(text) {
  const pieces = text.split("/");
  const isWhole = pieces.length === 5 && pieces.every((piece) => piece !== "") && pieces[4] === "aws4_request";
  return isWhole && /^[0-9]{8}$/.test(pieces[1]) ? pieces : refuse("MALFORMED_SIGNATURE");
}

function readNames(text) {
  const names = text === "" ? [] : text.split(";");
  if (names.length > 64) {
    refuse("MALFORMED_REQUEST");
  }
  const isGood = names.every((name, at) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && (at === 0 || names[at - 1] < name));
  return isGood ? names : refuse("MALFORMED_SIGNATURE");
}

/** Reads a time in the form of AWS, or a date as in mail; writing it again shows whether there is such a day. */
function readDate(text) {
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (basic) {
    const moment = Date.parse(text.replace(/^(....)(..)(..T..)(..)/, "$1-$2-$3:$4:"));
    const again = Number.isNaN(moment) || moment < 0 ? "" : new Date(moment).toISOString();
    return again.replace(/[-:]|\.000/g, "") === text ? moment / 1000 : refuse("INVALID_TIMESTAMP");
  }
  const mail = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]0000)$/.test(text);
  const moment = mail ? Date.parse(`${text.slice(0, 25)} GMT`) : Number.NaN;
  const isOne = moment >= 0 && new Date(moment).toUTCString().slice(0, 25) === text.slice(0, 25);
  return isOne ? moment / 1000 : refuse("INVALID_TIMESTAMP");
}

function withHost(headers, authority) {
  if (!all(headers, "host").every((value) => /^[A-Za-z0-9._:-]+$/.test(value))) {
    leave("a host of another form");
  }
  if (authority === undefined || authority === null) {
    return headers;
  }
  const host = one(headers, "host");
  if (host === undefined) {
    return [...headers, ["host", wire(authority)]];
  }
  return host === wire(authority) ? headers : refuse("MALFORMED_REQUEST");
}

const folded = (value) => value.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
