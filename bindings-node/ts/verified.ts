import { inspect } from "node:util";

import {
  native,
  type Facts,
  type NativeConfig,
  type NativeVerified,
  type Terms,
  type VerifiedFields,
} from "./native.js";
import { requirePattern } from "./permission.js";
import { Refusal } from "./refusal.js";
import { keyOfRequestId, keyOfSignature } from "./replay-key.js";
import { Token, type Claims } from "./token.js";

// Only this module holds it, so that nobody makes a Verified through the constructor.
const MAKE = Symbol("wiresign.make");

/**
 * What tells a request from others: its request id alone where the scheme signs that, else with the bytes of the signature;
 * or all of it, where the core has said it at once.
 */
export type Identity =
  | string
  | { readonly requestId: string | null; readonly signature: readonly number[] | null }
  | {
      readonly requestId: string | null;
      readonly replayKey: string | null;
      readonly replaySeconds: number | null;
      readonly subject: string | null;
      readonly token: Token | null;
      readonly unsettled: NativeVerified | null;
    };

/** The config that verdicts come from, and what a refusal says of it. */
export interface Ground extends Terms {
  readonly config: NativeConfig;
}

/** What many verdicts share: the facts, and what they come from. */
export interface Known extends Facts {
  readonly terms: Ground;
}

/** Who called, from verified material only. Only a verification makes one. */
export class Verified {
  // Four fields and no more: this object is all that a verification leaves on the heap.
  readonly #facts: Known;
  readonly #age: number | null;
  readonly #timestamp: number | null;
  readonly #identity: Identity;

  private constructor(make: symbol, facts: Known, age: number | null, timestamp: number | null, identity: Identity) {
    if (make !== MAKE) {
      throw new TypeError("Only a verification makes a Verified: call verify of a Verifier.");
    }
    this.#facts = facts;
    this.#age = age;
    this.#timestamp = timestamp;
    this.#identity = identity;
  }

  /** @internal */
  static of(facts: Known, age: number | null, timestamp: number | null, identity: Identity): Verified {
    return new Verified(MAKE, facts, age, timestamp, identity);
  }

  /** The calling service; `null` only on a public route. */
  get service(): string | null {
    return this.#facts.service;
  }

  /** Which key of the caller matched. */
  get keyId(): string | null {
    return this.#facts.keyId;
  }

  /** Whether that key is on its way out. */
  get keyIsRetiring(): boolean {
    return this.#facts.keyIsRetiring;
  }

  /** The wire format of the signature. */
  get scheme(): string | null {
    return this.#facts.scheme;
  }

  /** The wire formats of all credentials that were verified. */
  get schemes(): readonly string[] {
    return this.#facts.schemes;
  }

  /** Seconds since the request was signed; negative when it comes from the future. */
  get age(): number | null {
    return this.#age;
  }

  /** When the request was signed, in Unix seconds. */
  get timestamp(): number | null {
    return this.#timestamp;
  }

  /** The request id, where it has the form of one. */
  get requestId(): string | null {
    const identity = this.#identity;
    return typeof identity === "string" ? identity : identity.requestId;
  }

  /** Whether the signature covers the request id. */
  get requestIdIsSigned(): boolean {
    return this.#facts.requestIdIsSigned;
  }

  /** The pattern of the route that matched. */
  get route(): string | null {
    return this.#facts.route;
  }

  /** What the signature covers. */
  get covered(): readonly string[] {
    return this.#facts.covered;
  }

  /** The subject (`sub`) of the request's token, or the ARN that AWS has confirmed; `null` where there is neither. */
  get subject(): string | null {
    const identity = this.#identity;
    return typeof identity === "object" && "subject" in identity ? identity.subject : null;
  }

  /** The tenant that the request's token names, in the claim that the config says. */
  get tenant(): string | null {
    return tokenOf(this.#identity)?.tenant ?? null;
  }

  /** When the request's token expires, in Unix seconds; `null` where there is no token. */
  get tokenExpires(): number | null {
    return tokenOf(this.#identity)?.expires ?? null;
  }

  /**
   * All claims of the request's token, in an object that cannot be changed. Whole numbers beyond
   * `Number.MAX_SAFE_INTEGER` are `bigint`s.
   */
  get claims(): Claims | null {
    return tokenOf(this.#identity)?.claims ?? null;
  }

  /** What a store shared by several verifiers keeps to see the same request again. */
  get replayKey(): string | null {
    const identity = this.#identity;
    if (typeof identity === "string") {
      return keyOfRequestId(this.#facts.service ?? "", identity);
    }
    return "replayKey" in identity ? identity.replayKey : identity.signature && keyOfSignature(identity.signature);
  }

  /** For how many seconds an external replay store must remember the request; `null` where it need not. */
  get replaySeconds(): number | null {
    const identity = this.#identity;
    return typeof identity === "object" && "replaySeconds" in identity ? identity.replaySeconds : null;
  }

  /** @internal What the native side needs to take the word of a store outside. */
  get unsettled(): NativeVerified | null {
    const identity = this.#identity;
    return typeof identity === "object" && "unsettled" in identity ? identity.unsettled : null;
  }

  /** Whether a public route let the request in without a look at its credentials. */
  get isPublic(): boolean {
    return this.#facts.isPublic;
  }

  /**
   * Refuses the request unless one of these services made it: a rule that an application adds to those of the config.
   * Without any service named each caller will do, but there must be one.
   *
   * @throws {Refusal} `SERVICE_NOT_ALLOWED`, or `AUTHENTICATION_REQUIRED` where a public route let the request in
   */
  requireService(...services: readonly string[]): void {
    const service = requiredCaller(this.#facts);
    if (services.length > 0 && !services.includes(service)) {
      const detail = `the application does not take ${service} here`;
      throw Refusal.of(native.refuse("SERVICE_NOT_ALLOWED", detail, service, this.requestId, this.#facts.terms));
    }
  }

  /**
   * Refuses the request unless its caller may do all that a pattern matches, such as `POST /invoices/**`: by `permissions` of
   * the config, and by those of the request's token.
   *
   * @throws {Refusal} `PERMISSION_DENIED`, or `AUTHENTICATION_REQUIRED` where a public route let the request in
   * @throws {TypeError} for what is no pattern
   */
  requirePermission(permission: string): void {
    requirePattern(permission);
    const service = requiredCaller(this.#facts);
    const { terms } = this.#facts;
    if (!terms.config.permits(service, tokenOf(this.#identity)?.text ?? null, permission)) {
      const detail = `${service} lacks a permission that the application requires here`;
      throw Refusal.of(native.refuse("PERMISSION_DENIED", detail, service, this.requestId, terms));
    }
  }

  /** All of it, for a log, but for the claims of a token, of which nobody knows what they hold. */
  toJSON(): object {
    return {
      service: this.service,
      keyId: this.keyId,
      keyIsRetiring: this.keyIsRetiring,
      scheme: this.scheme,
      schemes: this.schemes,
      age: this.age,
      timestamp: this.timestamp,
      requestId: this.requestId,
      requestIdIsSigned: this.requestIdIsSigned,
      route: this.route,
      covered: this.covered,
      subject: this.subject,
      tenant: this.tenant,
      tokenExpires: this.tokenExpires,
      isPublic: this.isPublic,
    };
  }

  [inspect.custom](): string {
    return `Verified ${inspect(this.toJSON())}`;
  }
}

// Not methods: a class with a private one marks each of its objects, and this one has to stay small.
function requiredCaller({ service, terms }: Known): string {
  if (service === null) {
    const detail = "the route is public in the config, and the application needs a caller here";
    throw Refusal.of(native.refuse("AUTHENTICATION_REQUIRED", detail, null, null, terms));
  }
  return service;
}

function tokenOf(identity: Identity): Token | null {
  return typeof identity === "object" && "token" in identity ? identity.token : null;
}

/** A `Verified` from everything that the native side says. */
export function verifiedFrom(fields: VerifiedFields, terms: Ground): Verified {
  return verifiedWith({ ...(fields.facts as Facts), terms }, fields);
}

/** A `Verified` from what the native side says of it alone. */
export function verifiedWith(facts: Known, fields: VerifiedFields): Verified {
  const { age, timestamp, requestId, replayKey, replaySeconds, subject, unsettled } = fields;
  const token = fields.token && new Token(fields.token);
  return Verified.of(facts, age, timestamp, { requestId, replayKey, replaySeconds, subject, token, unsettled });
}
