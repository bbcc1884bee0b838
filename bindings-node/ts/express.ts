/**
 * Express middleware that lets a request through only when its signature holds. Works with Express 4 and 5.
 *
 * @packageDocumentation
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import type { Config } from "./config.js";
import { show } from "./express/members.js";
import { consumedBody, refuseParserBefore, type Application } from "./express/parser-check.js";
import { requirePattern } from "./permission.js";
import { admissionOf } from "./server/admissions.js";
import { hasBody } from "./server/body.js";
import { BodyConsumed, Gate, type ServerOptions } from "./server/gate.js";
import { look } from "./server/look.js";
import type { Verified } from "./verified.js";
import type { Verifier } from "./verifier.js";

export type { AuditRecord, Decision, Logger } from "./server/observer.js";
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
export interface WiresignOptions extends ServerOptions {
  /**
   * The application that the middleware is about to be mounted in: a body parser that is mounted there already is
   * reported at once. Without it the first request reports it.
   */
  readonly app?: Application | undefined;
}

/** A request as Express has it; only what is used here, so that both versions fit. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string;
  app?: Application;
  caller?: Verified;
  rawBody?: Buffer;
  /** What a parser has made of the body. */
  readonly body?: unknown;
}

/** Middleware for Express 4 and 5, and for everything that calls middleware in the same way. */
export type Middleware = (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Middleware that answers a request itself unless its signature holds. What comes after it finds `req.caller` and
 * `req.rawBody`, and can still read or parse the body.
 *
 * Mount it before every body parser. It takes the raw body itself, and refuses to serve where a parser was faster.
 */
export function wiresign(source: Verifier | Config, options: WiresignOptions = {}): Middleware {
  const gate = new Gate(source, options);
  let parsersChecked = false;
  refuseParserBefore(options.app, undefined);

  const middleware: Middleware = (request, response, next) => {
    if (!parsersChecked) {
      refuseParserBefore(request.app, middleware);
      parsersChecked = true;
    }
    const target = targetOf(request);
    if (
      look(request, "body") !== undefined &&
      hasBody(request) &&
      admissionOf(request)?.gate !== gate &&
      !gate.verifier.isPublic(request.method ?? "", target)
    ) {
      throw consumedBody();
    }
    gate.admit(request, response, target, (failure) => {
      const admission = admissionOf(request);
      if (failure === undefined && admission?.body !== undefined) {
        show(request, admission);
      }
      next(failure instanceof BodyConsumed ? consumedBody() : failure);
    });
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
  return requiring("requireService", (verified) => {
    verified.requireService(...services);
  });
}

/**
 * As `requireService`, for the callers that may do all that a pattern matches, such as `POST /invoices/**`: by the config and by
 * the request's token.
 */
export function requirePermission(permission: string): Middleware {
  requirePattern(permission);
  return requiring("requirePermission", (verified) => {
    verified.requirePermission(permission);
  });
}

function requiring(name: string, rule: (verified: Verified) => void): Middleware {
  return (request, response, next) => {
    const admission = admissionOf(request);
    if (admission === undefined) {
      throw new Error(`wiresign: ${name}() needs wiresign() before it.`);
    }
    const { gate, verified } = admission;
    const refusal = gate.enforce(gate.seen(request, targetOf(request)), () => {
      rule(verified);
    });
    if (refusal === undefined) {
      next();
    } else {
      gate.answer(request, response, refusal);
    }
  };
}

/** The target as received: Express cuts off of `url` what a router is mounted at. */
function targetOf(request: ExpressRequest): string {
  return look(request, "originalUrl") ?? look(request, "url") ?? "";
}
