/**
 * Route handlers and API routes of Next.js that serve other services only when their signature holds.
 *
 * @packageDocumentation
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import { serving } from "./client/propagation.js";
import type { Config } from "./config.js";
import { PEER, RAW_TARGET } from "./next/raw-target.js";
import { requirePattern } from "./permission.js";
import { Refusal } from "./refusal.js";
import type { Gate } from "./server/gate.js";
import { admissionOf } from "./server/admissions.js";
import type { ServerOptions } from "./server/gate.js";
import { Handshake } from "./server/answer.js";
import { claimsSomething } from "./server/headers.js";
import type { Seen } from "./server/observer.js";
import { gateFrom } from "./server/source.js";
import { standardVerifier } from "./server/standard.js";
import { judgeWeb, renewed, responseOf, seenOf, targetOf, unclaimedHandshake } from "./server/web.js";
import type { Verified } from "./verified.js";
import { inForceOf, type Verifier } from "./verifier.js";

export type { AuditRecord, Decision, Logger } from "./server/observer.js";

/** Options of a protected handler. */
export interface CrossServiceOptions extends ServerOptions {
  /**
   * Whether there must be a verified caller, whose signature covers the query. True unless given. Without it a request that
   * carries no credential reaches the handler with no caller, unless something is required of callers; one that carries a
   * wrong one never does.
   */
  readonly strict?: boolean | undefined;
  /** The ids of the services that are served; without it every service that the config lets in. */
  readonly requiredServices?: readonly string[] | undefined;
  /** What the caller must be allowed, as a pattern such as `POST /invoices/**`, by the config and by the request's token. */
  readonly requiredPermission?: string | undefined;
  /** The config to judge by; `WIRESIGN_CONFIG`, `wiresign.json` or the environment unless given. */
  readonly config?: Config | undefined;
  /** A verifier of your own. */
  readonly verifier?: Verifier | undefined;
}

/** What a verification adds to a request. */
export interface Authenticated {
  /** Who called; absent on public routes, and where `strict` is off and nobody said who they are. */
  readonly caller?: Verified;
  /** The body as received; absent where there is no caller. */
  readonly rawBody?: Buffer;
}

type RouteHandler<R extends Request, C> = (request: R & Authenticated, context: C) => Response | Promise<Response>;
type ApiHandler<R extends IncomingMessage, S extends ServerResponse> = (
  request: R & Authenticated,
  response: S,
) => unknown;

/**
 * Protects a route handler (`route.ts` below `app`) or an API route (below `pages/api`).
 *
 * An API route needs `export const config = { api: { bodyParser: false } }`, since a signature covers the bytes as received.
 */
export function withCrossServiceAuth<R extends Request, C>(
  handler: RouteHandler<R, C>,
  options?: CrossServiceOptions,
): (request: R, context: C) => Promise<Response>;
export function withCrossServiceAuth<R extends IncomingMessage, S extends ServerResponse>(
  handler: ApiHandler<R, S>,
  options?: CrossServiceOptions,
): (request: R, response: S) => Promise<void>;
export function withCrossServiceAuth(
  handler: unknown,
  options: CrossServiceOptions = {},
  // Which of the two it is only the request says.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
): (request: any, second: any) => Promise<any> {
  const protection = new Protection(options);
  return async (request: IncomingMessage | Request, second: unknown): Promise<Response | undefined> => {
    if ("rawHeaders" in request) {
      await protection.serveApi(
        request,
        second as ServerResponse,
        handler as ApiHandler<IncomingMessage, ServerResponse>,
      );
      return undefined;
    }
    return protection.serveRoute(request, second, handler as RouteHandler<Request, unknown>);
  };
}

/** Headers that hand over what was received, and that no handler needs to see. */
const INTERNAL = [RAW_TARGET, PEER];
/** What schemes cover that holds the query. */
const WITH_QUERY: ReadonlySet<string> = new Set(["query", '"@query"', '"@target-uri"', '"@request-target"']);

class Protection {
  readonly #options: CrossServiceOptions;
  readonly #strict: boolean;
  /** Whether the handler serves those who do not say who they are. */
  readonly #servesAnybody: boolean;
  /** Made by the first request: while Next builds the application there are no secrets. */
  #gate: Gate | undefined;

  constructor(options: CrossServiceOptions) {
    this.#options = options;
    const { requiredServices = [], requiredPermission } = options;
    this.#strict = options.strict ?? true;
    this.#servesAnybody = !this.#strict && requiredServices.length === 0 && requiredPermission === undefined;
    if (requiredPermission !== undefined) {
      requirePattern(requiredPermission);
    }
  }

  async serveRoute(request: Request, context: unknown, handler: RouteHandler<Request, unknown>): Promise<Response> {
    const gate = this.#gateNow();
    const arrival = {
      target: request.headers.get(RAW_TARGET) ?? targetOf(request),
      peer: request.headers.get(PEER) ?? undefined,
    };
    if (
      this.#servesAnybody &&
      !claimsSomething(Object.fromEntries(request.headers), arrival.target, inForceOf(gate.verifier))
    ) {
      const handshake = unclaimedHandshake(gate, request, arrival);
      return handshake === undefined
        ? handler(renewed(gate, request, undefined, undefined, INTERNAL), context)
        : responseOf(handshake);
    }
    const { verdict, body } = await judgeWeb(gate, request, arrival);
    if (verdict instanceof Handshake) {
      return responseOf(verdict);
    }
    const verified = this.#admit(gate, verdict, arrival.target, seenOf(gate, request, arrival));
    if (verified instanceof Refusal) {
      return responseOf(verified);
    }
    const fresh = renewed(gate, request, verified, body, INTERNAL);
    if (verified !== undefined) {
      attach(fresh, verified, body ?? Buffer.alloc(0));
    }
    return serving(verified?.requestId ?? null, () => handler(fresh, context));
  }

  async serveApi(
    request: IncomingMessage & { body?: unknown },
    response: ServerResponse,
    handler: ApiHandler<IncomingMessage, ServerResponse>,
  ): Promise<void> {
    const gate = this.#gateNow();
    const received = request.headers[RAW_TARGET];
    const target = typeof received === "string" ? received : (request.url ?? "");
    if (this.#servesAnybody && !claimsSomething(request.headers, target, inForceOf(gate.verifier))) {
      const handshake = gate.unclaimedHandshake(request, target);
      if (handshake === undefined) {
        gate.identityHeaders.strip(request, undefined);
        await handler(request, response);
      } else {
        gate.answer(request, response, handshake);
      }
      return;
    }
    if (request.body !== undefined && request.readableDidRead) {
      throw new Error(
        "wiresign: Next has parsed the body of this request, and a signature covers the bytes as received. " +
          "Add this to the API route: export const config = { api: { bodyParser: false } }",
      );
    }
    const verdict = await new Promise<Verified | Refusal | Handshake>((resolve, reject) => {
      const decide = (found: Verified | Refusal | Handshake, body: Buffer | undefined): void => {
        if (!(found instanceof Refusal || found instanceof Handshake)) {
          gate.enter(request, found, body);
        }
        resolve(found);
      };
      gate.judge(request, target, decide, reject);
    });
    if (verdict instanceof Handshake) {
      gate.answer(request, response, verdict);
      return;
    }
    const verified = this.#admit(gate, verdict, target, gate.seen(request, target));
    if (verified instanceof Refusal) {
      gate.answer(request, response, verified);
      return;
    }
    if (verified !== undefined) {
      attach(request, verified, admissionOf(request)?.body ?? Buffer.alloc(0));
    }
    await serving(verified?.requestId ?? null, () => handler(request, response));
  }

  /** The caller; `undefined` on a public route. */
  #admit(gate: Gate, verdict: Verified | Refusal, target: string, seen: () => Seen): Verified | Refusal | undefined {
    if (verdict instanceof Refusal) {
      return verdict;
    }
    const { requiredServices = [], requiredPermission } = this.#options;
    const refusal = gate.enforce(seen, () => {
      if (this.#strict || requiredServices.length > 0) {
        verdict.requireService(...requiredServices);
      }
      if (requiredPermission !== undefined) {
        verdict.requirePermission(requiredPermission);
      }
      if (this.#strict && target.includes("?") && !verdict.covered.some((name) => WITH_QUERY.has(name))) {
        throw gate.refusal(
          "INSUFFICIENT_COVERAGE",
          "the handler is strict, and the signature covers no query",
          verdict,
        );
      }
    });
    return refusal ?? (verdict.isPublic ? undefined : verdict);
  }

  #gateNow(): Gate {
    const { config, verifier } = this.#options;
    const source =
      config === undefined && verifier === undefined ? { verifier: standardVerifier() } : { config, verifier };
    this.#gate ??= gateFrom(source, this.#options);
    return this.#gate;
  }
}

function attach(request: object, caller: Verified, rawBody: Buffer): void {
  Object.defineProperties(request, {
    caller: { value: caller, configurable: true },
    rawBody: { value: rawBody, configurable: true },
  });
}
