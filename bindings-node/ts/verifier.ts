import { isIP } from "node:net";
import { inspect } from "node:util";

import { BodyVerification } from "./body-verification.js";
import { acceptsTemplates, limitsFailures, nativeOf, type Config } from "./config.js";
import { Explanation } from "./explanation.js";
import {
  flatten,
  isOne,
  isPairs,
  isRegular,
  NAME_0,
  NAME_1,
  NAME_2,
  NAME_3,
  NAME_4,
  NAME_5,
  NAME_6,
  type RequestHeaders,
} from "./headers.js";
import {
  native,
  type Counter,
  type HandshakeResponse,
  type HotVerify,
  type NativeVerifier,
  type Terms,
} from "./native.js";
import { Refusal } from "./refusal.js";
import { CLOCK, isTime } from "./time.js";
import { Verified, verifiedFrom, type Known } from "./verified.js";

/** What was received, without the body. */
export interface RequestHead {
  /** The method as received. */
  readonly method: string;
  /** The raw target: path and query exactly as on the wire (`req.originalUrl` in Express, `req.url` in node:http). */
  readonly target: string;
  /** The header fields as received. */
  readonly headers: RequestHeaders;
  /** The authority (`Host`). */
  readonly authority?: string | undefined;
  /** The address of the client, by the rules for proxies of the caller. */
  readonly client?: string | undefined;
}

/** What was received. */
export interface ReceivedRequest extends RequestHead {
  /** The body, byte for byte as received; nothing that was parsed and written again. */
  readonly body?: Uint8Array | undefined;
}

/** Options of one verification, for tests and for the replay of logs. */
export interface VerifyOptions {
  /** The time in Unix seconds; the clock unless given. */
  readonly now?: number | undefined;
}

/** What an external replay store says of a request: it is new, it was there before, or there is no answer. */
export type ReplayOutcome = "first" | "repeated" | "unavailable";

/** The counters of one verifier. */
export interface Metrics {
  /** The counters in the Prometheus text format. */
  prometheus(): string;
  /** The counters as values. */
  counters(): readonly Counter[];
}

const EMPTY = new Uint8Array(0);
const NOBODY = { requestId: null, replayKey: null };

// What the native call answers; src/verifier/hot.rs has the other half. Anything from 0 up is an acceptance.
const REFUSED = -1;
const BAD_BODY = -2;
const BAD_TEXT = -3;
const ELSEWHERE = -6;
// An acceptance, by bits: 0 to 10 the age plus 1,024; 11 whether there is a request id; 12 and up the number of its facts.
const AGE_BITS = 0x7ff;
const AGE_ZERO = 1024;
const HAS_REQUEST_ID = 0x800;
const FACTS_SHIFT = 12;

/** What adapters need to know of the config in force. */
interface InForce {
  readonly config: Config;
  readonly terms: Terms;
  /** Whether verdicts depend on the address of the client. */
  readonly needsClient: boolean;
  /** Whether verdicts may depend on the authority. */
  readonly needsAuthority: boolean;
}

const inForce = new WeakMap<Verifier, InForce>();

/** The config in force, and what a refusal of an adapter says of it. */
export function inForceOf(verifier: Verifier): InForce {
  const found = inForce.get(verifier);
  if (found === undefined) {
    throw new TypeError("A Verifier is needed: make one with new Verifier(config).");
  }
  return found;
}

/** Judges requests by one config. It shows no secret, however it is printed. */
export class Verifier {
  readonly #native: NativeVerifier;
  readonly #hot: HotVerify;
  readonly #isPublic: (method: string, target: string) => boolean;
  #service: string;
  #terms: Terms;
  #facts: Known[] = [];
  #readsMoreHeaders: boolean;

  constructor(config: Config) {
    this.#native = new native.NativeVerifier(nativeOf(config));
    this.#hot = this.#native.hotVerify();
    this.#isPublic = this.#native.hotIsPublic();
    this.#service = config.service;
    this.#terms = this.#native.terms();
    this.#readsMoreHeaders = this.#put(config);
  }

  /**
   * Judges a whole request.
   *
   * @throws {Refusal} where it is not accepted
   */
  verify(request: ReceivedRequest, options?: VerifyOptions): Verified {
    const verdict = this.check(request, options);
    if (verdict instanceof Verified) {
      return verdict;
    }
    // A stack that starts in `check` helps nobody; this one starts at the caller.
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is not called, only looked for in the stack
    Error.captureStackTrace(verdict, this.verify);
    throw verdict;
  }

  /** Judges a whole request, for adapters that would catch the refusal at once: it is returned, not thrown. */
  check(request: ReceivedRequest, options?: VerifyOptions): Verified | Refusal {
    const headers = request.headers;
    if (
      this.#readsMoreHeaders ||
      isPairs(headers) ||
      request.client !== undefined ||
      request.authority !== undefined ||
      !isRegular(headers)
    ) {
      return this.#checkAll(request, options);
    }
    const serviceId = headers[NAME_0];
    const serviceName = headers[NAME_1];
    const timestamp = headers[NAME_2];
    const signature = headers[NAME_3];
    const requestId = headers[NAME_4];
    const target = headers[NAME_5];
    const apiKey = headers[NAME_6];
    if (
      !isOne(serviceId) ||
      !isOne(serviceName) ||
      !isOne(timestamp) ||
      !isOne(signature) ||
      !isOne(requestId) ||
      !isOne(target) ||
      !isOne(apiKey)
    ) {
      return this.#checkAll(request, options);
    }
    // Strings go through flat, and only those that a verification looks at.
    const outcome = this.#hot(
      request.method,
      request.target,
      request.body ?? EMPTY,
      timeOf(options),
      serviceId,
      serviceName,
      timestamp,
      signature,
      requestId,
      target,
      apiKey,
    );
    if (outcome < 0) {
      return outcome === ELSEWHERE ? verifiedFrom(this.#native.takeVerified(), this.#terms) : this.#refusal(outcome);
    }
    const number = outcome >> FACTS_SHIFT;
    const facts = (this.#facts[number] ??= { ...this.#native.facts(number), terms: this.#terms });
    if (facts.isPublic) {
      return Verified.of(facts, null, null, NOBODY);
    }
    // What was accepted has a timestamp and a signature, and where the answer says so a request id.
    const age = (outcome & AGE_BITS) - AGE_ZERO;
    const id = (outcome & HAS_REQUEST_ID) === 0 ? null : (requestId as string);
    const identity = facts.requestIdIsSigned && id !== null ? id : { requestId: id, signature: signature as string };
    return Verified.of(facts, age, timestamp as string, identity);
  }

  /**
   * Judges the head, and gives the object that takes the body piece by piece, in constant memory.
   *
   * @throws {Refusal} where the head alone is reason enough
   */
  begin(head: RequestHead, options?: VerifyOptions): BodyVerification {
    this.#checkTexts(head);
    const made = this.#native.begin(
      head.method,
      head.target,
      flatten(head.headers),
      timeOf(options),
      head.authority,
      clientOf(head),
    );
    if (made === null) {
      throw Refusal.of(this.#native.takeRefusal());
    }
    return BodyVerification.of(made, this.#terms);
  }

  /**
   * Takes what an external replay store says of an accepted request, under its `replayKey`. A request without
   * `replaySeconds` needs none.
   *
   * @throws {Refusal} `REPLAYED_REQUEST`, or `REPLAY_STORE_UNAVAILABLE` unless `replay.on_outage` lets requests pass
   */
  settleReplay(verified: Verified, outcome: ReplayOutcome): void {
    const { unsettled } = verified;
    if (unsettled !== null && !this.#native.settleReplay(unsettled, outcome)) {
      throw Refusal.of(this.#native.takeRefusal());
    }
  }

  /** Says how a request is judged and, where it is refused, what the cause may be. Nothing is remembered or counted. */
  explain(request: ReceivedRequest, options?: VerifyOptions): Explanation {
    this.#checkTexts(request);
    const fields = this.#native.explain(
      request.method,
      request.target,
      flatten(request.headers),
      request.body ?? EMPTY,
      timeOf(options),
      request.authority,
      clientOf(request),
    );
    return Explanation.of(fields);
  }

  /**
   * Answers a request that is a handshake of the webhook: its sender's challenge. Ask this before `verify`; `null` is for a
   * request that is no handshake.
   *
   * @throws {Refusal} of a request that is a handshake, or carries a signature that one must carry
   */
  handshake(webhook: string, request: ReceivedRequest, options?: VerifyOptions): HandshakeResponse | null {
    this.#checkTexts(request);
    const { refused, response } = this.#native.handshake(
      webhook,
      request.method,
      request.target,
      flatten(request.headers),
      request.body ?? EMPTY,
      timeOf(options),
      request.authority,
      clientOf(request),
    );
    if (refused) {
      throw Refusal.of(this.#native.takeRefusal());
    }
    return response;
  }

  /** Swaps the config at once for all later requests; the replay store and the counters are kept. */
  replace(config: Config): void {
    this.#native.replace(nativeOf(config));
    this.#service = config.service;
    this.#terms = this.#native.terms();
    this.#readsMoreHeaders = this.#put(config);
    this.#facts = [];
  }

  /** The counters as they stand. */
  metrics(): Metrics {
    const made = this.#native;
    return { prometheus: () => made.prometheus(), counters: () => made.counters() };
  }

  /** Whether a public route answers this method and target. */
  isPublic(method: string, target: string): boolean {
    return this.#isPublic(method, target);
  }

  /** The longest body that is accepted now, in bytes. */
  get bodyLimit(): number {
    return this.#native.bodyLimit;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { service: this.#service };
  }

  [inspect.custom](): string {
    return `Verifier ${inspect(this.toJSON())}`;
  }

  #put(config: Config): boolean {
    const readsMoreHeaders = nativeOf(config).readsMoreHeaders || acceptsTemplates(config);
    const needs = { needsClient: limitsFailures(config), needsAuthority: readsMoreHeaders };
    inForce.set(this, { config, terms: this.#terms, ...needs });
    return readsMoreHeaders;
  }

  /** The way for everything that is not usual: explicit lists, repeats, other spellings, too much of it. */
  #checkAll(request: ReceivedRequest, options: VerifyOptions | undefined): Verified | Refusal {
    const body = request.body ?? EMPTY;
    if (!(body instanceof Uint8Array)) {
      return this.#refusal(BAD_BODY);
    }
    this.#checkTexts(request);
    const fields = this.#native.verify(
      request.method,
      request.target,
      flatten(request.headers),
      body,
      timeOf(options),
      request.authority,
      clientOf(request),
    );
    return fields === null ? Refusal.of(this.#native.takeRefusal()) : verifiedFrom(fields, this.#terms);
  }

  #checkTexts(head: RequestHead): void {
    // Callers without types pass whatever they have.
    if (typeof head.method !== "string" || typeof head.target !== "string") {
      this.#refusal(BAD_TEXT);
    }
  }

  #refusal(outcome: number): Refusal {
    switch (outcome) {
      case REFUSED:
        return Refusal.of(this.#native.takeRefusal());
      case BAD_BODY:
        throw new TypeError("The body must be the received bytes: a Buffer or another Uint8Array, never text or JSON.");
      case BAD_TEXT:
        throw new TypeError("The method and the target of a request must be strings.");
      default:
        throw new Error("A defect of wiresign was caught at the border of its addon. Please report it.");
    }
  }
}

/** The time for the native side, where the clock is asked for by a number that is no time. */
function timeOf(options: VerifyOptions | undefined): number {
  const now = options?.now;
  if (now === undefined) {
    return CLOCK;
  }
  if (!isTime(now)) {
    throw new RangeError("The time must be in whole seconds since 1970.");
  }
  return now;
}

function clientOf(head: RequestHead): string | undefined {
  if (head.client !== undefined && isIP(head.client) === 0) {
    throw new TypeError("The client of a request must be an IP address.");
  }
  return head.client;
}
