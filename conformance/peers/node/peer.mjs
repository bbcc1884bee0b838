// A peer: some schemes once more, on Node.js alone and from the documentation of the formats. What it answers, and what it
// leaves to others, is the same as in python/peer.py.

import { createInterface } from "node:readline";

import { Amazon } from "./amazon.mjs";
import {
  Refused,
  Unsupported,
  checkBounds,
  hmac,
  isValid,
  leave,
  ofService,
  one,
  only,
  parts,
  readKeys,
  refuse,
} from "./common.mjs";
import { MessageSignatures } from "./message-signatures.mjs";
import { Tokens } from "./tokens.mjs";

const OF_SERVICES = ["service-hmac-v2", "service-hmac", "cross-service"];
const PREFIXES = { stripe: "", slack: "v0=", github: "sha256=", whatsapp: "sha256=", "hub-signature-256": "sha256=" };
const SIGNATURE_HEADERS = {
  stripe: "stripe-signature",
  slack: "x-slack-signature",
  "standard-webhooks": "webhook-signature",
  memo: "x-memo-signature",
  "timestamped-body": "x-webhook-signature",
  github: "x-hub-signature-256",
  whatsapp: "x-hub-signature-256",
  "hub-signature-256": "x-hub-signature-256",
};
const TIME_HEADERS = {
  slack: "x-slack-request-timestamp",
  "standard-webhooks": "webhook-timestamp",
  memo: "x-memo-timestamp",
  "timestamped-body": "x-webhook-timestamp",
};

class Service {
  constructor(config, env) {
    only(config, "service", "accept", "sign_with", "services", "webhooks", "window", "replay", "environment", "$schema");
    const accept = config.accept ?? ["service-hmac-v2"];
    if (accept.length !== 1) {
      leave("several schemes");
    }
    [this.accept] = accept;
    this.id = config.service;
    this.signWith = config.sign_with ?? "service-hmac-v2";
    this.remembers = config.replay?.store !== "none";
    this.registry = new Map(Object.entries(config.services));
    this.scheme = this.accept;
    this.keys = new Map();
    let window = config.window ?? {};
    for (const [name, entry] of this.registry) {
      only(entry, "keys", "allowed_targets", "url");
      if (!Array.isArray(entry.allowed_targets ?? [])) {
        leave("targets that are no list");
      }
      this.keys.set(name, readKeys(entry.keys ?? [], env, ofService));
    }
    for (const [name, entry] of Object.entries(config.webhooks ?? {})) {
      only(entry, "scheme", "keys", "url");
      const isEncoded = entry.scheme === "standard-webhooks";
      const ofSender = (secret) => (isEncoded ? Buffer.from(secret.replace(/^whsec_/, ""), "base64") : Buffer.from(secret));
      this.keys.set(`webhook:${name}`, readKeys(entry.keys, env, ofSender));
      if (this.accept === `webhook:${name}`) {
        this.scheme = entry.scheme;
        window = {};
      }
    }
    const known = this.scheme === this.accept ? OF_SERVICES : Object.keys(SIGNATURE_HEADERS);
    if (!known.includes(this.scheme)) {
      leave("another scheme");
    }
    this.past = window.past ?? 300;
    this.future = window.future ?? 300;
    if (!Number.isInteger(this.past) || !Number.isInteger(this.future)) {
      leave("a window that is no number");
    }
  }

  verify(now, request) {
    const { method, target, headers, body } = parts(request);
    checkBounds(method, target, headers);
    const cut = target.indexOf("?");
    const [path, query] = cut < 0 ? [target, ""] : [target.slice(0, cut), target.slice(cut + 1)];
    return OF_SERVICES.includes(this.scheme)
      ? this.verifyService(now, { method, path, query, headers, body })
      : this.verifySender(now, headers, body);
  }

  verifyService(now, { method, path, query, headers, body }) {
    const isSecond = this.scheme === "service-hmac-v2";
    const isCross = this.scheme === "cross-service";
    const [named, foreign] = isCross ? ["x-service-name", "x-service-id"] : ["x-service-id", "x-service-name"];
    const read = [named, "x-signature", "x-timestamp", "x-request-id", ...(isSecond ? ["x-target-service"] : [])];
    for (const name of read) {
      const isList = (value) => name === "x-signature" && value.startsWith("v2=");
      once(headers, name, (value) => value.includes(isList(value) ? ", " : ","));
    }
    const [service, signature] = [one(headers, named), one(headers, "x-signature")];
    if (service === undefined) {
      if (signature === undefined) {
        refuse("AUTHENTICATION_REQUIRED");
      }
      refuse(one(headers, foreign) === undefined ? "MISSING_SERVICE_ID" : "SCHEME_NOT_ACCEPTED");
    }
    if (signature === undefined) {
      refuse("MISSING_SIGNATURE");
    }
    if (!isCross && signature.startsWith("v2=") !== isSecond) {
      refuse("SCHEME_NOT_ACCEPTED");
    }
    const timestamp = one(headers, "x-timestamp") ?? refuse("MISSING_TIMESTAMP");
    const nonce = isSecond ? (one(headers, "x-request-id") ?? refuse("MISSING_NONCE")) : "";
    const called = isSecond ? (one(headers, "x-target-service") ?? refuse("MISSING_TARGET")) : "";
    const seconds = readTime(timestamp);
    const signatures = isSecond ? signature.split(",") : [signature];
    if (signatures.length > 8) {
      refuse("MALFORMED_SIGNATURE");
    }
    const tags = signatures.map((text) => readHex(text, isSecond ? "v2=" : "") ?? refuse("MALFORMED_SIGNATURE"));
    if (isSecond && !/^[A-Za-z0-9_-]{16,64}$/.test(nonce)) {
      refuse("INVALID_NONCE");
    }
    const age = this.checkWindow(now, seconds);
    const fields = isSecond
      ? ["wiresign-v2", method, path, query, timestamp, service, called, nonce, body]
      : [method, path, timestamp, body, ...(isCross ? [] : [service])];
    if (!this.keys.get(service)?.length) {
      refuse("UNKNOWN_SERVICE");
    }
    const key = this.matching(service, now, fields.join("\n"), tags);
    const allowed = this.registry.get(service).allowed_targets;
    const callsItself = !isSecond && service === this.id;
    const isAllowed = allowed === undefined ? !callsItself : allowed.includes(this.id);
    if ((isSecond && called !== this.id) || !isAllowed) {
      refuse("TARGET_NOT_ALLOWED");
    }
    return { service, key, scheme: this.scheme, age };
  }

  verifySender(now, headers, body) {
    const { scheme } = this;
    const [name, dated] = [SIGNATURE_HEADERS[scheme], TIME_HEADERS[scheme]];
    const isStandard = scheme === "standard-webhooks";
    const signature = one(headers, name) ?? refuse("AUTHENTICATION_REQUIRED");
    const comma = scheme === "stripe" || isStandard ? ", " : ",";
    once(headers, name, (value) => value.includes(comma));
    for (const header of [dated, isStandard ? "webhook-id" : undefined]) {
      once(headers, header, (value) => value.includes(","));
    }
    let timestamp = one(headers, dated);
    let texts = [signature];
    if (scheme === "stripe" || isStandard) {
      const items = scheme === "stripe" ? readList(signature, ",", "=", "t") : readList(signature, " ", ",");
      texts = items.filter(([key]) => key === "v1").map(([, value]) => value);
      if (scheme === "stripe") {
        timestamp = items.find(([key]) => key === "t")?.[1];
      }
    }
    if (texts.length > 8) {
      refuse("MALFORMED_SIGNATURE");
    }
    const isTimed = scheme === "stripe" || dated !== undefined;
    if (isTimed && timestamp === undefined) {
      refuse("MISSING_TIMESTAMP");
    }
    const messageId = isStandard ? (one(headers, "webhook-id") ?? refuse("MISSING_NONCE")) : "";
    const seconds = isTimed ? readTime(timestamp) : undefined;
    const tags = texts.map((text) => this.readTag(text)).filter((tag) => tag !== undefined);
    if (tags.length === 0) {
      refuse("MALFORMED_SIGNATURE");
    }
    // A full stop ends the id in the message.
    if (isStandard && !/^[!-+\-/-~]{1,128}$/.test(messageId)) {
      refuse("INVALID_NONCE");
    }
    const age = isTimed ? this.checkWindow(now, seconds) : null;
    const key = this.matching(this.accept, now, senderMessage(scheme, timestamp, messageId, body), tags);
    return { service: this.accept, key, scheme, age };
  }

  readTag(text) {
    switch (this.scheme) {
      case "standard-webhooks": {
        const tag = Buffer.from(text, "latin1").toString("latin1") === text ? Buffer.from(text, "base64") : undefined;
        return tag?.length === 32 && tag.toString("base64") === text ? tag : undefined;
      }
      case "memo":
      case "timestamped-body":
        return readHex(text, text.startsWith("sha256=") ? "sha256=" : "");
      default:
        return readHex(text, PREFIXES[this.scheme]);
    }
  }

  checkWindow(now, seconds) {
    if (now - seconds > this.past || seconds - now > this.future) {
      refuse("TIMESTAMP_OUTSIDE_WINDOW");
    }
    return now - seconds;
  }

  matching(owner, now, message, tags) {
    const found = this.keys.get(owner).filter((key) => tags.some((tag) => hmac(key, message).equals(tag)));
    const valid = found.find((key) => isValid(key, now));
    return valid?.id ?? refuse(found.length > 0 ? "KEY_NOT_VALID_NOW" : "INVALID_SIGNATURE");
  }

  sign({ now, nonce, target: called, request }) {
    const { method: given, target, headers, body } = parts(request);
    const method = given.replace(/[a-z]/g, (letter) => letter.toUpperCase());
    try {
      checkBounds(method, target, headers);
    } catch {
      leave("a request that nobody would accept");
    }
    if (headers.length > 0 || !/^[A-Za-z0-9_-]{16,64}$/.test(nonce) || now > 999_999_999_999) {
      leave("a request with more than a head and a body");
    }
    if (called !== null && !this.registry.has(called)) {
      leave("a target that is not known");
    }
    const owner = this.signWith.startsWith("webhook:") ? this.signWith : this.id;
    const keys = (this.keys.get(owner) ?? []).filter((key) => isValid(key, now));
    const active = keys.find((key) => key.state === "active") ?? leave("no active key");
    const cut = target.indexOf("?");
    const [path, query] = cut < 0 ? [target, ""] : [target.slice(0, cut), target.slice(cut + 1)];
    const timestamp = String(now);
    if (owner !== this.id) {
      if (this.keys.get(owner).length !== 1 || this.accept !== owner) {
        leave("several keys of a sender");
      }
      const message = senderMessage(this.scheme, timestamp, nonce, body);
      return signed(message, senderHeaders(this.scheme, timestamp, nonce, hmac(active, message)));
    }
    if (this.signWith === "service-hmac-v2") {
      const message = ["wiresign-v2", method, path, query, timestamp, this.id, called ?? leave("no target"), nonce, body].join("\n");
      const tags = keys.map((key) => `v2=${hmac(key, message).toString("hex")}`);
      return signed(message, [
        ["X-Service-ID", this.id],
        ["X-Target-Service", called],
        ["X-Timestamp", timestamp],
        ["X-Request-ID", nonce],
        ["X-Signature", tags.join(",")],
      ]);
    }
    const named = { "service-hmac": "X-Service-ID", "cross-service": "X-Service-Name" }[this.signWith];
    const last = this.signWith === "service-hmac" ? [this.id] : [];
    const message = [method, path, timestamp, body, ...last].join("\n");
    return signed(message, [
      [named ?? leave("another scheme"), this.id],
      ["X-Timestamp", timestamp],
      ["X-Signature", hmac(active, message).toString("hex")],
      ["X-Request-ID", nonce],
    ]);
  }
}

function senderMessage(scheme, timestamp, messageId, body) {
  switch (scheme) {
    case "stripe":
    case "memo":
    case "timestamped-body":
      return `${timestamp}.${body}`;
    case "slack":
      return `v0:${timestamp}:${body}`;
    case "standard-webhooks":
      return `${messageId}.${timestamp}.${body}`;
    default:
      return body;
  }
}

function senderHeaders(scheme, timestamp, messageId, tag) {
  const digits = tag.toString("hex");
  switch (scheme) {
    case "stripe":
      return [["Stripe-Signature", `t=${timestamp},v1=${digits}`]];
    case "slack":
      return [["X-Slack-Request-Timestamp", timestamp], ["X-Slack-Signature", `v0=${digits}`]];
    case "standard-webhooks":
      return [["webhook-id", messageId], ["webhook-timestamp", timestamp], ["webhook-signature", `v1,${tag.toString("base64")}`]];
    case "memo":
      return [["X-Memo-Timestamp", timestamp], ["X-Memo-Signature", digits]];
    case "timestamped-body":
      return [["X-Webhook-Timestamp", timestamp], ["X-Webhook-Signature", digits]];
    default:
      return [["X-Hub-Signature-256", `sha256=${digits}`]];
  }
}

const signed = (message, headers) => ({ headers, message: { base64: Buffer.from(message, "latin1").toString("base64") } });

function once(headers, name, isJoined) {
  const values = headers.filter(([other]) => other === name).map(([, value]) => value);
  if (values.length > 1 || values.some(isJoined)) {
    refuse("DUPLICATE_HEADER");
  }
}

function readTime(text) {
  return /^(0|[1-9][0-9]{0,11})$/.test(text) ? Number(text) : refuse("INVALID_TIMESTAMP");
}

function readHex(text, prefix) {
  const digits = text.slice(prefix.length);
  return text.startsWith(prefix) && /^[0-9a-f]{64}$/.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

function readList(value, separator, assign, single) {
  const found = [];
  for (const item of value.split(separator)) {
    const cut = item.indexOf(assign);
    if (cut < 0) {
      refuse("MALFORMED_SIGNATURE");
    }
    const key = item.slice(0, cut);
    if (key === single && found.some(([other]) => other === key)) {
      refuse("DUPLICATE_HEADER");
    }
    found.push([key, item.slice(cut + 1)]);
  }
  return found.length > 16 ? refuse("MALFORMED_SIGNATURE") : found;
}

const STANDARDS = new Map([
  ["aws-sigv4", Amazon],
  ["jwt", Tokens],
  ["rfc9421", MessageSignatures],
]);

function answer(question) {
  let service;
  try {
    const config = question.config_text === undefined ? question.config : JSON.parse(question.config_text);
    if (typeof config.service !== "string") {
      leave("a service without a name");
    }
    // No member may be null, and below one would pass for a member that is absent.
    JSON.stringify(config, (_, value) => (value === null ? leave("a null") : value));
    const accepted = config.accept ?? [];
    const Kind = (accepted.length === 1 && STANDARDS.get(accepted[0])) || Service;
    service = new Kind(config, question.env ?? {});
  } catch {
    return question.steps.map(() => ({ unsupported: "this configuration" }));
  }
  let hasAccepted = false;
  let hasOtherConfig = false;
  return question.steps.map((step) => {
    try {
      if (step.op === "sign" && service instanceof Service) {
        return { ok: service.sign(step) };
      }
      hasOtherConfig ||= step.op === "replace";
      if (step.op !== "verify" || hasOtherConfig || (hasAccepted && service.remembers)) {
        leave("this step");
      }
      const ok = service.verify(step.now, step.request);
      hasAccepted = true;
      return { ok };
    } catch (error) {
      if (error instanceof Refused) {
        return { refused: { code: error.message } };
      }
      if (error instanceof Unsupported) {
        // It may have been accepted.
        hasAccepted ||= step.op.startsWith("verify");
        return { unsupported: error.message };
      }
      throw error;
    }
  });
}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ protocol: 1, binding: "peer-node", version: "1", runtime: `Node.js ${process.version}`, capabilities: ["verify", "sign"] });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  say({ id: question.id, results: answer(question) });
}
