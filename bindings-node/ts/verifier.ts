import { isIP } from "node:net";
import { inspect } from "node:util";

import { BodyVerification } from "./body-verification.js";
import { acceptedBy, acceptsTemplates, limitsFailures, nativeOf, type Config } from "./config.js";
import { exchangeIn, LENGTHS, MOST_PIECES, type Exchange } from "./exchange.js";
import { Explanation } from "./explanation.js";
import { flatten, MAX_BYTES, type HeaderRecord, type RequestHeaders } from "./headers.js";
import { IdentityRequest, nativeOfQuestion, type IdentityAnswer } from "./identity-request.js";
import {
  native,
  type Counter,
  type HandshakeResponse,
  type HotVerify,
  type NativeVerifier,
  type Terms,
} from "./native.js";
import { Refusal } from "./refusal.js";
import { statusOf, type HttpResponse } from "./response.js";
import { CLOCK, isTime } from "./time.js";
import { Verified, verifiedFrom, verifiedWith, type Ground, type Known } from "./verified.js";
import {
  isOne,
  isRegular,
  NAME_0,
  NAME_1,
  NAME_2,
  NAME_3,
  NAME_4,
  NAME_5,
  NAME_6,
  USUAL_NAMES,
  Wanted,
} from "./wanted.js";

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
const NOBODY = { requestId: null, signature: null };

// What the native call answers; src/verifier/hot.rs has the other half. Anything from 0 up is an acceptance, and the number
// of its facts.
const REFUSED = -1;
const BAD_BODY = -2;
const BAD_TEXT = -3;
const ELSEWHERE = -6;
const BAD_CLIENT = -7;

// The places and the bits of what goes over and comes back in memory.
const TIME = 0;
const AGE = 1;
const COUNT = 0;
const GIVEN = 1;
const FOUND = 10;
const REQUEST_ID = 11;
const SIGNATURE = 12;
const GIVEN_BODY = 1;
const GIVEN_AUTHORITY = 2;
const GIVEN_CLIENT = 4;
const GIVEN_IN_ORDER = 8;
const GIVEN_JOINED = 16;
const HAS_TIME = 1;
const KNOWN_BY_REQUEST_ID = 2;
const KNOWN_BY_SIGNATURE = 4;

const NO_CLIENT = "The client of a request must be an IP address.";

/** What adapters need to know of the config in force. */
export interface InForce {
  readonly config: Config;
  readonly terms: Terms;
  /** Whether verdicts depend on the address of the client. */
  readonly needsClient: boolean;
  /** Whether verdicts may depend on the authority. */
  readonly needsAuthority: boolean;
  /** Whether a scheme reads headers that Node joins or drops in ways of its own. */
  readonly needsExactHeaders: boolean;
  /** The longest body that is accepted, in bytes. */
  readonly bodyLimit: number;
  /** The schemes that the document names. */
  readonly accepted: ReadonlySet<string>;
  /** The query parameters that may hold a signature. */
  readonly queryNames: readonly string[];
}

const inForce = new WeakMap<Verifier, InForce>();

const watchers = new WeakMap<Verifier, Set<(config: Config) => void>>();

/** Calls `watch` with each config just before it is put in force. What comes back ends that. */
export function onReplacement(verifier: Verifier, watch: (config: Config) => void): () => void {
  const watching = watchers.get(verifier) ?? new Set();
  watchers.set(verifier, watching.add(watch));
  return () => {
    watching.delete(watch);
  };
}

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
  readonly #exchange: Exchange;
  readonly #isPublic: (method: string, target: string) => boolean;
  #service: string;
  #terms: Ground;
  #facts: Known[] = [];
  /** The headers that the config reads; `undefined` where the request decides that. */
  #wanted: Wanted | undefined;

  constructor(config: Config) {
    this.#native = new native.NativeVerifier(nativeOf(config));
    this.#hot = this.#native.hotVerify();
    this.#exchange = exchangeIn(this.#hot.exchange);
    this.#isPublic = this.#native.hotIsPublic();
    this.#service = config.service;
    this.#terms = this.#groundOf(config);
    this.#wanted = this.#put(config);
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
    const { headers } = request;
    const wanted = this.#wanted;
    if (wanted?.isUsual !== true || Array.isArray(headers) || !isRegular(headers as HeaderRecord)) {
      return this.#checkWanted(request, options);
    }
    const values = headers as HeaderRecord;
    const value0 = values[NAME_0];
    const value1 = values[NAME_1];
    const value2 = values[NAME_2];
    const value3 = values[NAME_3];
    const value4 = values[NAME_4];
    const value5 = values[NAME_5];
    const value6 = values[NAME_6];
    if (
      !isOne(value0) ||
      !isOne(value1) ||
      !isOne(value2) ||
      !isOne(value3) ||
      !isOne(value4) ||
      !isOne(value5) ||
      !isOne(value6)
    ) {
      return this.#checkWanted(request, options);
    }
    // Strings go through flat, and only those that a verification looks at.
    const { cells, numbers } = this.#exchange;
    numbers[TIME] = timeOf(options);
    cells[COUNT] = USUAL_NAMES.length;
    cells[GIVEN] = givenOf(request) | GIVEN_IN_ORDER;
    const outcome = this.#hot(
      request.method,
      request.target,
      request.body,
      request.authority,
      request.client,
      value0,
      value1,
      value2,
      value3,
      value4,
      value5,
      value6,
      undefined,
    );
    if (outcome < 0) {
      return this.#rest(outcome);
    }
    const name = USUAL_NAMES[cells[REQUEST_ID] as number];
    return this.#accepted(outcome, name === undefined ? null : (values[name] as string));
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

  /** The webhooks to ask `handshake` about, one after the other, before a request that goes there is verified. */
  handshakesAt(method: string, target: string): readonly string[] {
    return inForceOf(this).config.webhooks.length === 0 ? [] : this.#native.handshakesAt(method, target);
  }

  /**
   * The question that AWS has to answer before a request with the proof of an IAM identity can be verified; `null` where there
   * is none. Ask this before `verify` and `begin`, send the question, and hand the answer to `identityAnswer`. Server adapters
   * do it by themselves with the option `aws`.
   */
  identityRequest(head: RequestHead, options?: VerifyOptions): IdentityRequest | null {
    this.#checkTexts(head);
    const made = this.#native.identityRequest(
      head.method,
      head.target,
      flatten(head.headers),
      timeOf(options),
      head.authority,
      clientOf(head),
    );
    return made === null ? null : IdentityRequest.of(made);
  }

  /** Takes what AWS answers to a question; without an answer, `null`, the request will be refused. */
  identityAnswer(question: IdentityRequest, answer: IdentityAnswer | null, options?: VerifyOptions): void {
    const body = answer?.body ?? EMPTY;
    if (!(body instanceof Uint8Array)) {
      throw this.#refusal(BAD_BODY);
    }
    this.#native.identityAnswer(nativeOfQuestion(question), answer?.status, body, timeOf(options));
  }

  /**
   * Judges the response that a service gave to a request, by a signature of RFC 9421 that covers both.
   *
   * @param request as it was sent, with its signature headers
   * @throws {Refusal} as for requests; `SERVICE_NOT_ALLOWED` where another service has signed
   */
  verifyResponse(service: string, response: HttpResponse, request: RequestHead, options?: VerifyOptions): Verified {
    this.#checkTexts(request);
    const body = response.body ?? EMPTY;
    if (!(body instanceof Uint8Array)) {
      throw this.#refusal(BAD_BODY);
    }
    const fields = this.#native.verifyResponse(
      service,
      statusOf(response),
      flatten(response.headers),
      body,
      request.method,
      request.target,
      flatten(request.headers),
      timeOf(options),
      request.authority,
    );
    if (fields === null) {
      throw Refusal.of(this.#native.takeRefusal());
    }
    return verifiedFrom(fields, this.#terms);
  }

  /**
   * The value of an `Accept-Signature` header (RFC 9421, section 5.1) that asks the caller for the signature that is accepted
   * here. For the answer to a request that was not signed so.
   */
  acceptSignature(): string {
    return this.#native.acceptSignature();
  }

  /** Swaps the config at once for all later requests; the replay store and the counters are kept. */
  replace(config: Config): void {
    watchers.get(this)?.forEach((watch) => {
      watch(config);
    });
    this.#native.replace(nativeOf(config));
    this.#service = config.service;
    this.#terms = this.#groundOf(config);
    this.#wanted = this.#put(config);
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
    return inForceOf(this).bodyLimit;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { service: this.#service };
  }

  [inspect.custom](): string {
    return `Verifier ${inspect(this.toJSON())}`;
  }

  #groundOf(config: Config): Ground {
    return { ...this.#native.terms(), config: nativeOf(config) };
  }

  #put(config: Config): Wanted | undefined {
    const names = config.headerNames;
    const wanted = nativeOf(config).needsAllHeaders ? undefined : new Wanted(names);
    inForce.set(this, {
      config,
      terms: this.#terms,
      needsClient: limitsFailures(config),
      needsAuthority: wanted === undefined || names.includes("host"),
      needsExactHeaders: wanted?.isUsual !== true || acceptsTemplates(config),
      bodyLimit: config.bodyLimit,
      accepted: new Set(acceptedBy(config)),
      queryNames: nativeOf(config).queryNames,
    });
    return wanted;
  }

  /** The way for configs that read other headers than the usual ones, for lists, and for other spellings. */
  #checkWanted(request: ReceivedRequest, options: VerifyOptions | undefined): Verified | Refusal {
    const wanted = this.#wanted;
    const count = wanted === undefined ? -1 : wanted.collect(request.headers, this.#exchange);
    if (wanted === undefined || count < 0) {
      return this.#checkAll(request, options);
    }
    const { values } = wanted;
    const { cells, numbers } = this.#exchange;
    numbers[TIME] = timeOf(options);
    cells[COUNT] = count;
    cells[GIVEN] = givenOf(request);
    const outcome = this.#hot(
      request.method,
      request.target,
      request.body,
      request.authority,
      request.client,
      values[0],
      values[1],
      values[2],
      values[3],
      values[4],
      values[5],
      values[6],
      values[7],
    );
    if (outcome < 0) {
      return this.#rest(outcome);
    }
    return this.#accepted(outcome, values[cells[REQUEST_ID] as number] ?? null);
  }

  /** The way for schemes whose signers choose what they sign, and for everything that is not usual: repeats in arrays. */
  #checkAll(request: ReceivedRequest, options: VerifyOptions | undefined): Verified | Refusal {
    const flat = flatten(request.headers);
    if (flat.length > MOST_PIECES) {
      return this.#checkMany(request, flat, options);
    }
    const { cells, numbers } = this.#exchange;
    let joined = "";
    let at = LENGTHS;
    for (const piece of flat) {
      // One text crosses at the price of one string.
      joined += piece;
      cells[at++] = piece.length;
    }
    if (joined.length > MAX_BYTES) {
      return this.#checkMany(request, flat, options);
    }
    numbers[TIME] = timeOf(options);
    cells[COUNT] = flat.length;
    cells[GIVEN] = givenOf(request) | GIVEN_JOINED;
    const nothing = undefined;
    const outcome = this.#hot(
      request.method,
      request.target,
      request.body,
      request.authority,
      request.client,
      joined,
      nothing,
      nothing,
      nothing,
      nothing,
      nothing,
      nothing,
      nothing,
    );
    return this.#rest(outcome);
  }

  /** The way for too many headers or too much of them. */
  #checkMany(request: ReceivedRequest, flat: string[], options: VerifyOptions | undefined): Verified | Refusal {
    const body = request.body ?? EMPTY;
    if (!(body instanceof Uint8Array)) {
      return this.#rest(BAD_BODY);
    }
    this.#checkTexts(request);
    const fields = this.#native.verify(
      request.method,
      request.target,
      flat,
      body,
      timeOf(options),
      request.authority,
      clientOf(request),
    );
    return fields === null ? this.#rest(REFUSED) : verifiedFrom(fields, this.#terms);
  }

  /** What the native call has accepted. */
  #accepted(number: number, requestId: string | null): Verified {
    const facts = this.#facts[number] ?? this.#learn(number);
    const { cells, numbers } = this.#exchange;
    const found = cells[FOUND] as number;
    const age = numbers[AGE] as number;
    const timestamp = numbers[TIME] as number;
    if (found === (HAS_TIME | KNOWN_BY_REQUEST_ID) && requestId !== null) {
      return Verified.of(facts, age, timestamp, requestId);
    }
    if (facts.isPublic) {
      return Verified.of(facts, null, null, NOBODY);
    }
    const signature = (found & KNOWN_BY_SIGNATURE) === 0 ? null : signatureIn(cells);
    const identity = (found & KNOWN_BY_REQUEST_ID) === 0 || requestId === null ? { requestId, signature } : requestId;
    const isTimed = (found & HAS_TIME) !== 0;
    return Verified.of(facts, isTimed ? age : null, isTimed ? timestamp : null, identity);
  }

  #learn(number: number): Known {
    return (this.#facts[number] = { ...this.#native.facts(number), terms: this.#terms });
  }

  /** What the native call has not accepted, or has more to say about than it can leave. */
  #rest(outcome: number): Verified | Refusal {
    if (outcome !== ELSEWHERE) {
      return this.#refusal(outcome);
    }
    const fields = this.#native.takeVerified();
    const { number } = fields;
    return number === null
      ? verifiedFrom(fields, this.#terms)
      : verifiedWith(this.#facts[number] ?? this.#learn(number), fields);
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
        throw new TypeError("The method, the target and the authority of a request must be strings.");
      case BAD_CLIENT:
        throw new TypeError(NO_CLIENT);
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

/** What the native call has left of a signature. A list is made in a third of the time that a copy of the memory takes. */
function signatureIn(cells: Int32Array): number[] {
  const at = (place: number): number => cells[SIGNATURE + place] as number;
  return [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)];
}

/** What there is besides a method, a target and headers. */
function givenOf(request: ReceivedRequest): number {
  return (
    // Callers without types may pass null.
    (request.body == null ? 0 : GIVEN_BODY) |
    (request.authority === undefined ? 0 : GIVEN_AUTHORITY) |
    (request.client === undefined ? 0 : GIVEN_CLIENT)
  );
}

function clientOf(head: RequestHead): string | undefined {
  if (head.client !== undefined && isIP(head.client) === 0) {
    throw new TypeError(NO_CLIENT);
  }
  return head.client;
}
