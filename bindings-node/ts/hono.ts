/**
 * Hono middleware, on the server of `@hono/node-server`, that lets a request through only when its signature holds.
 *
 * @packageDocumentation
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";

import { serving } from "./client/propagation.js";
import type { Config } from "./config.js";
import { requirePattern } from "./permission.js";
import type { Refusal } from "./refusal.js";
import { admissionOf } from "./server/admissions.js";
import { Gate, type ServerOptions } from "./server/gate.js";
import type { Verified } from "./verified.js";
import type { Verifier } from "./verifier.js";

export type { AuditRecord, Decision, Logger } from "./server/observer.js";

declare module "hono" {
  interface ContextVariableMap {
    /** Who called; `undefined` on public routes, whose callers nobody has verified. */
    caller: Verified | undefined;
    /** The body as received; `undefined` on public routes. */
    rawBody: Buffer | undefined;
  }
}

/** What `@hono/node-server` puts into `c.env`. */
interface Bindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

/** Options of the middleware. */
export type WiresignOptions = ServerOptions;

/**
 * Middleware that answers a request itself unless its signature holds. What comes after it finds `c.get("caller")` and
 * `c.get("rawBody")`, and reads the body as if nobody had.
 */
export function wiresign(source: Verifier | Config, options: WiresignOptions = {}): MiddlewareHandler {
  const gate = new Gate(source, options);
  return async (context, next) => {
    const { incoming, outgoing } = bindingsOf(context);
    const refused = await new Promise<boolean>((resolve, reject) => {
      const enter = (failure?: unknown): void => {
        if (failure === undefined) {
          resolve(false);
        } else {
          reject(
            failure instanceof Error
              ? failure
              : new Error("wiresign: the request cannot be judged", { cause: failure }),
          );
        }
      };
      gate.admit(incoming, outgoing, incoming.url ?? "", enter, (answered) => {
        gate.answer(incoming, outgoing, answered);
        resolve(true);
      });
    });
    if (refused) {
      return RESPONSE_ALREADY_SENT;
    }
    const admission = admissionOf(incoming);
    if (admission?.read !== undefined) {
      // A stream that was read and refilled looks used to the server, and one that still holds something is cut off, with the
      // response over HTTP/2. So the stream ends here, and the server takes the bytes themselves.
      (incoming as { rawBody?: Buffer }).rawBody = admission.read;
      incoming.resume();
    }
    if (admission?.body !== undefined) {
      context.set("caller", admission.verified);
      context.set("rawBody", admission.body);
    }
    for (const name of gate.identityHeaders.names) {
      // Whoever came before may have read the headers, which makes a copy of them.
      if (incoming.headers[name] === undefined && context.req.raw.headers.has(name)) {
        context.req.raw.headers.delete(name);
      }
    }
    await serving(admission?.verified.requestId ?? null, next);
    return undefined;
  };
}

/**
 * Middleware that serves some of the verified callers only; without any service named all of them, but nobody else.
 *
 * @param services the ids of the callers that are served
 */
export function requireService(...services: readonly string[]): MiddlewareHandler {
  return requiring("requireService", (verified) => {
    verified.requireService(...services);
  });
}

/**
 * As `requireService`, for the callers that may do all that a pattern matches, such as `POST /invoices/**`: by the config and by
 * the request's token.
 */
export function requirePermission(permission: string): MiddlewareHandler {
  requirePattern(permission);
  return requiring("requirePermission", (verified) => {
    verified.requirePermission(permission);
  });
}

function requiring(name: string, rule: (verified: Verified) => void): MiddlewareHandler {
  return async (context, next) => {
    const { incoming, outgoing } = bindingsOf(context);
    const admission = admissionOf(incoming);
    if (admission === undefined) {
      throw new Error(`wiresign: ${name}() needs wiresign() before it.`);
    }
    const { gate, verified } = admission;
    const refusal: Refusal | undefined = gate.enforce(gate.seen(incoming, incoming.url ?? ""), () => {
      rule(verified);
    });
    if (refusal !== undefined) {
      gate.answer(incoming, outgoing, refusal);
      return RESPONSE_ALREADY_SENT;
    }
    await next();
    return undefined;
  };
}

function bindingsOf(context: Context): Required<Bindings> {
  const { incoming, outgoing } = context.env as Bindings;
  if (incoming === undefined || outgoing === undefined) {
    throw new Error("wiresign: wiresign/hono runs on @hono/node-server, which hands over the request of node:http.");
  }
  return { incoming, outgoing };
}
