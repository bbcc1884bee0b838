/**
 * Express middleware that lets a request through only when its signature holds. Works with Express 4 and 5.
 *
 * @packageDocumentation
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import type { BodyVerification } from "./body-verification.js";
import { Config } from "./config.js";
import { answer } from "./express/answer.js";
import { Aborted, declaredLength, hasBody, takeBody } from "./express/body.js";
import { Observer, type Decision, type Logger } from "./express/observer.js";
import { refuseConsumedBody, refuseParserBefore, type Application } from "./express/parser-check.js";
import { MAX_BYTES, MAX_FIELDS, type HeaderPairs, type RequestHeaders } from "./headers.js";
import { Refusal } from "./refusal.js";
import type { Verified } from "./verified.js";
import { Verifier, type RequestHead } from "./verifier.js";

export type { AuditRecord, Decision, Logger } from "./express/observer.js";
export type { Application } from "./express/parser-check.js";

declare global {
  // Express itself declares this namespace for additions like these.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** Who called; absent on public routes, whose callers nobody has verified. */
      caller?: Verified;
      /** The body as received; absent on public routes. */
      rawBody?: Buffer;
    }
  }
}

/** Options of the middleware. */
export interface WiresignOptions {
  /** Called with every decision. What it throws is reported as a warning, and changes nothing. */
  readonly onDecision?: (decision: Decision) => unknown;
  /** Gets one audit record per decision: accepted ones at level info, refused ones at level warn. */
  readonly logger?: Logger;
  /**
   * The application that the middleware is about to be mounted in: a body parser that is mounted there already is
   * reported at once. Without it the first request reports it.
   */
  readonly app?: Application;
}

/** A request as Express has it; only what is used here, so that both versions fit. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string;
  app?: Application;
  caller?: Verified;
  rawBody?: Buffer;
}

/** Middleware for Express 4 and 5, and for everything that calls middleware in the same way. */
export type Middleware = (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void;

/** Bodies up to this length, in bytes, are judged in one piece; longer ones while they arrive. */
const ONE_PIECE = 65_536;
const NO_BODY = Buffer.alloc(0);
const IDENTITY_HEADERS = ["x-service-id", "x-service-name"];

/** A request that was accepted: by which verifier, and who is told of decisions about it. */
interface Acceptance {
  readonly verifier: Verifier;
  readonly observer: Observer;
  readonly verified: Verified;
}

const accepted = new WeakMap<ExpressRequest, Acceptance>();

/**
 * Middleware that answers a request itself unless its signature holds. What comes after it finds `req.caller` and
 * `req.rawBody`, and can still read or parse the body.
 *
 * Mount it before every body parser. It takes the raw body itself, and refuses to serve where a parser was faster.
 */
export function wiresign(source: Verifier | Config, options: WiresignOptions = {}): Middleware {
  const verifier = source instanceof Config ? new Verifier(source) : source;
  const observer = new Observer(options.onDecision, options.logger);
  let parsersChecked = false;
  refuseParserBefore(options.app, undefined);

  const middleware: Middleware = (request, response, next) => {
    if (!parsersChecked) {
      refuseParserBefore(request.app, middleware);
      parsersChecked = true;
    }
    if (accepted.get(request)?.verifier === verifier) {
      // Mounted twice, on an application and on its router: the second look would be a replay.
      next();
      return;
    }
    const method = request.method ?? "";
    const target = request.originalUrl ?? request.url ?? "";
    const head: RequestHead = { method, target, headers: headersOf(request) };
    let durationUs = 0;
    const timed = <T>(work: () => T): T => {
      const start = performance.now();
      try {
        return work();
      } finally {
        durationUs += (performance.now() - start) * 1000;
      }
    };

    const decide = (verdict: Verified | Refusal, body: Buffer | undefined): void => {
      observer.tell(verdict, method, target, Math.round(durationUs * 10) / 10);
      if (verdict instanceof Refusal) {
        answer(request, response, verdict, verifier.bodyLimit);
        return;
      }
      stripUnverifiedIdentity(request, verdict);
      accepted.set(request, { verifier, observer, verified: verdict });
      if (!verdict.isPublic) {
        request.caller = verdict;
        request.rawBody = body ?? NO_BODY;
      }
      next();
    };

    if (!hasBody(request) || verifier.isPublic(method, target)) {
      decide(
        timed(() => verifier.check(head)),
        undefined,
      );
      return;
    }
    refuseConsumedBody(request);

    const length = declaredLength(request);
    if (length > 0 && length <= Math.min(ONE_PIECE, verifier.bodyLimit)) {
      takeBody(
        request,
        () => undefined,
        (failure, body) => {
          if (failure === undefined && body !== undefined) {
            decide(
              timed(() => verifier.check({ ...head, body })),
              body,
            );
          }
        },
      );
      return;
    }

    let verification: BodyVerification;
    try {
      verification = timed(() => verifier.begin(head));
      // Too long by its own account: nothing of it needs to be read.
      timed(() => {
        if (length > 0) {
          verification.declareLength(length);
        }
      });
    } catch (failure) {
      conclude(failure);
      return;
    }
    const take = (piece: Buffer): void => {
      timed(() => {
        verification.update(piece);
      });
    };
    takeBody(request, take, (failure, body) => {
      if (failure instanceof Aborted) {
        return;
      }
      if (failure !== undefined) {
        conclude(failure);
        return;
      }
      let verified: Verified;
      try {
        verified = timed(() => verification.finish());
      } catch (refusal) {
        conclude(refusal);
        return;
      }
      decide(verified, body);
    });

    function conclude(failure: unknown): void {
      if (failure instanceof Refusal) {
        decide(failure, undefined);
      } else {
        next(failure);
      }
    }
  };
  return middleware;
}

/**
 * Middleware that serves some of the verified callers only; without any service named all of them, but nobody else. It comes
 * after `wiresign()`, and refuses to serve without that.
 *
 * @param services the ids of the callers that are served
 */
export function requireService(...services: readonly string[]): Middleware {
  return (request, response, next) => {
    const acceptance = accepted.get(request);
    if (acceptance === undefined) {
      throw new Error("wiresign: requireService() needs wiresign() before it.");
    }
    const { verifier, observer, verified } = acceptance;
    try {
      verified.requireService(...services);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) {
        throw refusal;
      }
      observer.tell(refusal, request.method ?? "", request.originalUrl ?? request.url ?? "", 0);
      answer(request, response, refusal, verifier.bodyLimit);
      return;
    }
    next();
  };
}

/** The header fields to judge. Node joins repeats, but the limits count what was on the wire. */
function headersOf(request: IncomingMessage): RequestHeaders {
  const raw = request.rawHeaders;
  let bytes = 0;
  for (const text of raw) {
    bytes += text.length;
  }
  if (raw.length <= MAX_FIELDS * 2 && bytes <= MAX_BYTES) {
    return request.headers;
  }
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    pairs.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  }
  return pairs satisfies HeaderPairs;
}

/**
 * Removes what a handler might take for the caller's name, unless it is that name. On a public route, or beside another
 * scheme's credential, anybody may have written it.
 */
function stripUnverifiedIdentity(request: IncomingMessage, verified: Verified): void {
  const raw = request.rawHeaders;
  for (const name of IDENTITY_HEADERS) {
    const value = request.headers[name];
    if (value === undefined || (value === verified.service && !verified.isPublic)) {
      continue;
    }
    // Node makes this one of rawHeaders when it is first read, by a count that must still be right then.
    const distinct = request.headersDistinct;
    for (const fields of [request.headers, distinct]) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the names are the two constants above
      delete fields[name];
    }
    for (let at = raw.length - 2; at >= 0; at -= 2) {
      if (raw[at]?.toLowerCase() === name) {
        raw.splice(at, 2);
      }
    }
  }
}
