// What every server adapter does with a request: take its body, judge it, tell the observer, answer or let it in. The
// adapters differ only in how a framework hands a request over and takes it back.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import type { Sts } from "../aws.js";
import type { BodyVerification } from "../body-verification.js";
import { serving } from "../client/propagation.js";
import { Config } from "../config.js";
import type { RequestHeaders } from "../headers.js";
import type { KeySets } from "../jwks.js";
import { native } from "../native.js";
import { Refusal } from "../refusal.js";
import type { Verified } from "../verified.js";
import { inForceOf, Verifier, type ReceivedRequest, type RequestHead } from "../verifier.js";
import { admissionOf, remember } from "./admissions.js";
import { answer, Handshake, type Answered } from "./answer.js";
import { Aborted, arrivedBody, declaredLength, hasBody, isBodyConsumed, takeBody } from "./body.js";
import { claimsSomething, headersOf, IdentityHeaders, PROOF } from "./headers.js";
import { look } from "./look.js";
import { Observer, type Decision, type Logger, type Seen } from "./observer.js";
import { Proxies, type ProxyOptions } from "./proxies.js";
import { isUnsettled, settle, type ReplayStore } from "./replay.js";

/** Options that every server adapter has. */
export interface ServerOptions extends ProxyOptions {
  /** Called with every decision. What it throws is reported as a warning, and changes nothing. */
  readonly onDecision?: ((decision: Decision) => unknown) | undefined;
  /** Gets one audit record per decision: accepted ones at level info, refused ones at level warn. */
  readonly logger?: Logger | undefined;
  /** The store that several processes share, where the config says `"replay": {"store": "external"}`. */
  readonly replay?: ReplayStore | undefined;
  /** Fetches the published keys of token issuers, and does so again when a token names a key that is not known. */
  readonly keySets?: KeySets | undefined;
  /** Names of headers that the application takes for an identity, such as `X-User-ID`. They never reach it from outside. */
  readonly identityHeaders?: readonly string[] | undefined;
  /** Asks AWS who made the proof of an IAM identity. Without it no such proof is accepted. */
  readonly aws?: Sts | undefined;
}

/** A request that was let in. */
export interface Admission {
  readonly gate: Gate;
  readonly verified: Verified;
  /** The body as received; `undefined` where nobody called, and so nobody has signed it. */
  readonly body: Buffer | undefined;
  /** What was read of the body, whoever called. */
  readonly read: Buffer | undefined;
}

/** What is judged: the head, and later the body. */
type Judging = RequestHead & { body: Buffer | undefined };

/** A verdict, or what a handshake is answered with; and the body where one was read. */
export type Judged = (verdict: Verified | Refusal | Handshake, body: Buffer | undefined) => void;

/** Bodies up to this length, in bytes, are judged in one piece; longer ones while they arrive. */
const ONE_PIECE = 65_536;
const NO_BODY = Buffer.alloc(0);
/** What a token of a key that is not at hand is refused with, where it does not say which key that is. */
const TRIED: ReadonlySet<string> = new Set(["INVALID_SIGNATURE", "ALGORITHM_NOT_ALLOWED"]);

/** Judges the requests of one server by one verifier. */
export class Gate {
  readonly verifier: Verifier;
  readonly identityHeaders: IdentityHeaders;
  readonly #observer: Observer;
  readonly #proxies: Proxies;
  readonly #replay: ReplayStore | undefined;
  readonly #keySets: KeySets | undefined;
  readonly #aws: Sts | undefined;

  constructor(source: Verifier | Config, options: ServerOptions = {}) {
    this.verifier = source instanceof Config ? new Verifier(source) : source;
    this.identityHeaders = new IdentityHeaders(options.identityHeaders);
    this.#observer = new Observer(options.onDecision, options.logger);
    this.#proxies = new Proxies(options);
    this.#replay = options.replay;
    this.#keySets = options.keySets;
    this.#keySets?.follow(this.verifier);
    this.#aws = options.aws;
    if (inForceOf(this.verifier).config.hasExternalReplayStore && options.replay === undefined) {
      throw new TypeError(
        'wiresign: the config says "replay": {"store": "external"}; give the store as the option replay.',
      );
    }
  }

  /**
   * Lets the request in and calls `next`, or answers it.
   *
   * @param target the whole target as received, where a framework has shortened `request.url`
   * @param reply answers a request, refused or a handshake, in the framework's way; by the response itself unless given
   */
  admit(
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    next: (failure?: unknown) => void,
    reply: (answered: Answered) => void = (answered) => {
      this.answer(request, response, answered);
    },
  ): void {
    if (admissionOf(request)?.gate === this) {
      // Mounted twice, on an application and on its router: the second look would be a replay.
      next();
      return;
    }
    const headers = look(request, "headers");
    const decide: Judged = (verdict, body) => {
      if (verdict instanceof Refusal || verdict instanceof Handshake) {
        reply(verdict);
        return;
      }
      this.enter(request, verdict, body, headers);
      serving(verdict.requestId, next);
    };
    this.judge(request, target, decide, next, headers);
  }

  /**
   * As `admit`, for a server that has handlers for everybody: a request that claims nothing goes on unjudged, unless it is a
   * handshake. One that does claim something is refused where that is not true, whoever would have handled it.
   */
  admitClaims(
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    next: (failure?: unknown) => void,
    reply: (answered: Answered) => void = (answered) => {
      this.answer(request, response, answered);
    },
  ): void {
    if (claimsSomething(request.headers, target, inForceOf(this.verifier))) {
      this.admit(request, response, target, next, reply);
      return;
    }
    const handshake = this.unclaimedHandshake(request, target);
    if (handshake === undefined) {
      this.identityHeaders.strip(request, undefined);
      next();
    } else {
      reply(handshake);
    }
  }

  /** The answer to a handshake of a request that claims nothing: it asks in its query. `undefined` where it is none. */
  unclaimedHandshake(request: IncomingMessage, target: string): Handshake | Refusal | undefined {
    const webhooks = hasBody(request) ? [] : this.verifier.handshakesAt(request.method ?? "", target);
    return webhooks.length === 0 ? undefined : this.handshake(webhooks, this.#headOf(request, request.headers, target));
  }

  /** Judges a request without a look at its body, and tells the observer of a refusal. */
  judgeHead(request: IncomingMessage, target: string): Verified | Refusal {
    const clock = this.clock();
    const { headers } = request;
    const verdict = clock.run(() => this.verifier.check(this.#headOf(request, headers, target)));
    this.heed(verdict, headers.authorization !== undefined);
    if (verdict instanceof Refusal) {
      this.tell(verdict, this.seen(request, target), clock.microseconds);
    } else if (!verdict.isPublic) {
      // Whoever says who it is was judged when it came in, with its body. This one was not.
      return this.refusal("AUTHENTICATION_REQUIRED", "the body of the request was not judged", verdict);
    }
    return verdict;
  }

  /** Judges a request and tells the observer. The body is back in the stream when `decide` is called. */
  judge(
    request: IncomingMessage,
    target: string,
    decide: Judged,
    fail: (failure: unknown) => void,
    headers: IncomingHttpHeaders = look(request, "headers"),
  ): void {
    const clock = this.clock();
    const answered = this.identify(headers[PROOF], () => this.#headOf(request, headers, target), clock);
    if (answered === undefined) {
      this.#judge(request, headers, target, clock, decide, fail);
      return;
    }
    // Out of the promise before the application runs: what that throws is nobody's rejection.
    answered.then(
      () => {
        process.nextTick(() => {
          this.#judge(request, headers, target, clock, decide, fail);
        });
      },
      (failure: unknown) => {
        process.nextTick(fail, failure);
      },
    );
  }

  /**
   * Asks AWS who calls, where a request proves an IAM identity that is not known yet. Nothing is decided here.
   *
   * @param proof the header with the proof, where there is one
   * @returns `undefined` where there is nothing to wait for
   */
  identify(proof: unknown, head: () => RequestHead, clock: Stopwatch): Promise<void> | undefined {
    const aws = this.#aws;
    if (aws === undefined || proof === undefined) {
      return undefined;
    }
    const question = clock.run(() => this.verifier.identityRequest(head()));
    if (question === null) {
      return undefined;
    }
    return aws.ask(question).then((answer) => {
      this.verifier.identityAnswer(question, answer);
    });
  }

  #judge(
    request: IncomingMessage,
    headers: IncomingHttpHeaders,
    target: string,
    clock: Stopwatch,
    decide: Judged,
    fail: (failure: unknown) => void,
  ): void {
    const conclude: Judged = (verdict, body) => {
      this.heed(verdict, headers.authorization !== undefined);
      if (verdict instanceof Handshake || (this.#observer.isIdle && !isUnsettled(verdict))) {
        decide(verdict, body);
        return;
      }
      this.settled(verdict, fail, (final) => {
        this.tell(final, this.seen(request, target), clock.microseconds);
        decide(final, body);
      });
    };
    const head = this.#headOf(request, headers, target);
    if (this.#proxies.isContradictory(request)) {
      conclude(this.refusal("MALFORMED_REQUEST", "Host and :authority name different authorities"), undefined);
      return;
    }
    const webhooks = this.verifier.handshakesAt(head.method, target);
    const check = (body: Buffer | undefined): void => {
      head.body = body;
      const handshake = webhooks.length === 0 ? undefined : this.handshake(webhooks, head);
      conclude(handshake ?? clock.run(() => this.verifier.check(head)), body);
    };
    if (!hasBody(request, headers)) {
      check(undefined);
      return;
    }
    const length = declaredLength(headers);
    const isShort = length > 0 && length <= Math.min(ONE_PIECE, this.verifier.bodyLimit);
    const judge = (): void => {
      const arrived = isShort ? arrivedBody(request, length) : undefined;
      if (arrived !== undefined) {
        // Nothing is taken out of the stream, so a public route, which the verdict knows of, can have it too.
        check(arrived);
      } else if (this.verifier.isPublic(head.method, target)) {
        check(undefined);
      } else if (isBodyConsumed(request)) {
        fail(new BodyConsumed());
      } else if (isShort) {
        takeBody(
          request,
          () => undefined,
          (failure, body) => {
            if (failure === undefined && body !== undefined) {
              check(body);
            }
          },
        );
      } else {
        this.#judgeWhileItArrives(request, head, length, clock, conclude, fail);
      }
    };
    if (isShort) {
      process.nextTick(judge);
    } else {
      judge();
    }
  }

  /** Remembers that a request was let in, and removes what it says of itself without proof. */
  enter(
    request: IncomingMessage,
    verified: Verified,
    body: Buffer | undefined,
    headers: IncomingHttpHeaders = look(request, "headers"),
  ): void {
    this.identityHeaders.strip(request, verified, headers);
    const signed = verified.isPublic ? undefined : (body ?? NO_BODY);
    remember(request, { gate: this, verified, body: signed, read: signed ?? body });
  }

  /**
   * Has keys fetched, where one may be missing. The request is not kept waiting for them: anybody can name keys.
   *
   * @param hasToken whether the request may carry a token. One that names no key was tried with those at hand
   */
  heed(verdict: Verified | Refusal | Handshake, hasToken: boolean): void {
    if (this.#keySets === undefined || !(verdict instanceof Refusal)) {
      return;
    }
    if (verdict.code === "UNKNOWN_KEY" || (hasToken && TRIED.has(verdict.code))) {
      void this.#keySets.refresh();
    }
  }

  /** Asks the store that several processes share, where the verdict waits for that. */
  settled(
    verdict: Verified | Refusal,
    fail: (failure: unknown) => void,
    done: (verdict: Verified | Refusal) => void,
  ): void {
    if (!isUnsettled(verdict)) {
      done(verdict);
      return;
    }
    // Out of the promise before the application runs: what that throws is nobody's rejection.
    settle(this.verifier, this.#replay, verdict).then(
      (final) => {
        process.nextTick(done, final);
      },
      (failure: unknown) => {
        process.nextTick(fail, failure);
      },
    );
  }

  /** A clock for one decision, which stands still where nobody wants to know. */
  clock(): Stopwatch {
    return this.#observer.isIdle ? STANDING_STILL : new Stopwatch();
  }

  /** Tells hook and logger of one decision. */
  tell(verdict: Verified | Refusal, seen: () => Seen, microseconds: number): void {
    if (!this.#observer.isIdle) {
      this.#observer.tell(verdict, seen(), microseconds);
    }
  }

  /** What the record has of a request. */
  seen(request: IncomingMessage, target: string): () => Seen {
    return () => ({ method: request.method ?? "", target, client: this.#proxies.clientOf(request) });
  }

  /** The address of a client, and the authority that it calls, of a request that is not one of `node:http`. */
  client(peer: string | undefined, headers: Headers): string | null {
    return this.#proxies.client(peer, headers.get(this.#proxies.clientHeader) ?? undefined);
  }

  authority(host: string | null): string | undefined {
    return this.#proxies.authority(host ?? undefined);
  }

  /** The header fields as they are judged. Handlers get those that were received. */
  fields(received: RequestHeaders): RequestHeaders {
    return this.#proxies.fields(received);
  }

  /** The answer to a handshake of one of the webhooks, or its refusal; `undefined` for a request that is none. */
  handshake(webhooks: readonly string[], request: ReceivedRequest): Handshake | Refusal | undefined {
    try {
      for (const webhook of webhooks) {
        const response = this.verifier.handshake(webhook, request);
        if (response !== null) {
          return new Handshake(response);
        }
      }
      return undefined;
    } catch (refusal) {
      if (refusal instanceof Refusal) {
        return refusal;
      }
      throw refusal;
    }
  }

  /** Answers with exactly the bytes that are given. */
  answer(request: IncomingMessage, response: ServerResponse, answered: Answered): void {
    answer(request, response, answered, this.verifier.bodyLimit);
  }

  /** A refusal of the adapter itself, which looks like one of the core. */
  refusal(code: string, detail: string, verified?: Verified): Refusal {
    const { service = null, requestId = null } = verified ?? {};
    return Refusal.of(native.refuse(code, detail, service, requestId, inForceOf(this.verifier).terms));
  }

  /**
   * Runs a rule that an application adds to those of the config, such as `verified.requireService(…)`.
   *
   * @returns what the rule threw, if it was a refusal; the observer knows of it
   */
  enforce(seen: () => Seen, rule: () => void): Refusal | undefined {
    try {
      rule();
      return undefined;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) {
        throw refusal;
      }
      this.tell(refusal, seen, 0);
      return refusal;
    }
  }

  /** What is judged of a request. Authority and client cost something, so they are there where a verdict needs them. */
  #headOf(request: IncomingMessage, headers: IncomingHttpHeaders, target: string): Judging {
    const { needsAuthority, needsClient, needsExactHeaders } = inForceOf(this.verifier);
    return {
      method: look(request, "method") ?? "",
      target,
      headers: this.fields(headersOf(request, headers, needsExactHeaders)),
      authority: needsAuthority ? this.#proxies.authorityOf(request) : undefined,
      client: needsClient ? (this.#proxies.clientOf(request) ?? undefined) : undefined,
      body: undefined,
    };
  }

  #judgeWhileItArrives(
    request: IncomingMessage,
    head: RequestHead,
    length: number,
    clock: Stopwatch,
    conclude: Judged,
    fail: (failure: unknown) => void,
  ): void {
    const give = (failure: unknown): void => {
      if (failure instanceof Refusal) {
        conclude(failure, undefined);
      } else if (!(failure instanceof Aborted)) {
        fail(failure);
      }
    };
    let verification: BodyVerification;
    try {
      verification = clock.run(() => this.verifier.begin(head));
      // Too long by its own account: nothing of it needs to be read.
      clock.run(() => {
        if (length > 0) {
          verification.declareLength(length);
        }
      });
    } catch (failure) {
      give(failure);
      return;
    }
    const take = (piece: Buffer): void => {
      clock.run(() => {
        verification.update(piece);
      });
    };
    const finish = (body: Buffer | undefined): void => {
      let verified: Verified;
      try {
        verified = clock.run(() => verification.finish());
      } catch (refusal) {
        give(refusal);
        return;
      }
      conclude(verified, body);
    };
    if (!verification.needsBody) {
      // Nobody claims anything: whoever handles the request reads its body, and sets the bounds of that.
      finish(undefined);
      return;
    }
    takeBody(request, take, (failure, body) => {
      if (failure === undefined) {
        finish(body);
      } else {
        give(failure);
      }
    });
  }
}

/** Somebody has read the body already, and a signature covers the bytes as received. */
export class BodyConsumed extends Error {
  constructor() {
    super("wiresign: the body of this request was read before wiresign saw it; it needs the bytes as received.");
  }
}

/** What verifying takes, without waiting for the body. */
export class Stopwatch {
  #milliseconds = 0;

  run<T>(work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#milliseconds += performance.now() - start;
    }
  }

  get microseconds(): number {
    return Math.round(this.#milliseconds * 10_000) / 10;
  }
}

class StandingStill extends Stopwatch {
  override run<T>(work: () => T): T {
    return work();
  }
}

const STANDING_STILL = new StandingStill();
