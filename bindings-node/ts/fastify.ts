/**
 * A Fastify plugin that lets a request through only when its signature holds. Works with Fastify 5, over HTTP/1.1 and HTTP/2.
 *
 * @packageDocumentation
 */

import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from "fastify";

import { admit, answer, decorate } from "./fastify/requests.js";
import { requirePattern } from "./permission.js";
import { admissionOf } from "./server/admissions.js";
import type { ServerOptions } from "./server/gate.js";
import { gateFrom, type Source } from "./server/source.js";
import type { Verified } from "./verified.js";

export type { AuditRecord, Decision, Logger } from "./server/observer.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who called; `null` on public routes, whose callers nobody has verified. */
    caller: Verified | null;
    /** The body as received; `null` on public routes. */
    rawBody: Buffer | null;
  }
}

/** Options of the plugin: a config or a verifier, and what every adapter takes. */
export type WiresignOptions = Source & ServerOptions;

/** A hook for routes, as `onRequest`, `preHandler` and the like. */
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: (failure?: Error) => void) => void;

/**
 * Judges every request of the instance that it is registered in, before anything has read the body. What comes after it finds
 * `request.caller` and `request.rawBody`, and the content type parsers read the body as if nobody had.
 */
export const wiresign: FastifyPluginCallback<WiresignOptions> = Object.assign(
  (app: FastifyInstance, options: WiresignOptions, done: (failure?: Error) => void): void => {
    const gate = gateFrom(options, options);
    decorate(app);
    app.addHook("onRequest", (request, reply, next) => {
      admit(gate, request, reply, next);
    });
    done();
  },
  // As fastify-plugin does: the hook is for the instance that registers it, not for a child of its own.
  {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "wiresign",
    [Symbol.for("plugin-meta")]: { name: "wiresign", fastify: "5.x" },
  },
);

/**
 * A hook that serves some of the verified callers only; without any service named all of them, but nobody else.
 *
 * @param services the ids of the callers that are served
 */
export function requireService(...services: readonly string[]): Hook {
  return requiring("requireService", (verified) => {
    verified.requireService(...services);
  });
}

/**
 * As `requireService`, for the callers that may do all that a pattern matches, such as `POST /invoices/**`: by the config and by
 * the request's token.
 */
export function requirePermission(permission: string): Hook {
  requirePattern(permission);
  return requiring("requirePermission", (verified) => {
    verified.requirePermission(permission);
  });
}

function requiring(name: string, rule: (verified: Verified) => void): Hook {
  return (request, reply, done) => {
    const admission = admissionOf(request.raw);
    if (admission === undefined) {
      done(new Error(`wiresign: ${name}() needs the plugin, registered before the route.`));
      return;
    }
    const { gate, verified } = admission;
    const refusal = gate.enforce(gate.seen(request.raw, request.originalUrl), () => {
      rule(verified);
    });
    if (refusal === undefined) {
      done();
    } else {
      answer(gate, request, reply, refusal);
    }
  };
}
