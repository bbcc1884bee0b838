// Tells others of each decision. Nothing that they do or throw changes it.

import type { Refusal } from "../refusal.js";
import type { Verified } from "../verified.js";
import { harmless } from "../reporting.js";

/** A logger as pino has it: fields first, then a line of text. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What an adapter decided about one request. */
export type Decision =
  | { readonly accepted: true; readonly verified: Verified; readonly audit: AuditRecord }
  | { readonly accepted: false; readonly refusal: Refusal; readonly audit: AuditRecord };

/** One line of the audit log. It holds no secret, no signature and no query. */
export interface AuditRecord {
  readonly event: "accepted" | "refused" | "public";
  /** The caller; of a refused request the known service that was claimed, not proven. */
  readonly service: string | null;
  readonly scheme: string | null;
  readonly keyId: string | null;
  /** Why the request was refused. */
  readonly code: string | null;
  readonly method: string;
  readonly path: string;
  /** The pattern of the route that matched. */
  readonly route: string | null;
  /** The address of the client, by the rules for proxies. */
  readonly client: string | null;
  readonly requestId: string | null;
  /** Seconds since the request was signed. */
  readonly age: number | null;
  /** What the verification took, in microseconds, without waiting for the body. */
  readonly durationUs: number;
  /** Of a refused request: more for the operator. */
  readonly detail?: string;
}

/** As much of a request as the record has. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly client: string | null;
}

/** Calls the hook and the logger of one adapter. */
export class Observer {
  readonly #hook: ((decision: Decision) => unknown) | undefined;
  readonly #logger: Logger | undefined;

  constructor(hook: ((decision: Decision) => unknown) | undefined, logger: Logger | undefined) {
    this.#hook = hook;
    this.#logger = logger;
  }

  /** Whether nobody wants to know. */
  get isIdle(): boolean {
    return this.#hook === undefined && this.#logger === undefined;
  }

  tell(verdict: Verified | Refusal, seen: Seen, durationUs: number): void {
    if (this.isIdle) {
      return;
    }
    const decision = decisionOf(verdict, seen, durationUs);
    harmless("logger", () => {
      if (decision.accepted) {
        this.#logger?.info(decision.audit, "request accepted");
      } else {
        this.#logger?.warn(decision.audit, "request refused");
      }
    });
    harmless("onDecision", () => this.#hook?.(decision));
  }
}

function decisionOf(verdict: Verified | Refusal, { method, target, client }: Seen, durationUs: number): Decision {
  const request = { method, path: target.split("?", 1)[0] ?? target };
  if (verdict instanceof Error) {
    const { service, code, requestId, detail } = verdict;
    const caller = { service, scheme: null, keyId: null, code };
    const audit = {
      event: "refused",
      ...caller,
      ...request,
      route: null,
      client,
      requestId,
      age: null,
      durationUs,
      detail,
    } as const;
    return { accepted: false, refusal: verdict, audit };
  }
  const { service, scheme, keyId, route, requestId, age } = verdict;
  const caller = { service, scheme, keyId, code: null };
  const event = verdict.isPublic ? "public" : "accepted";
  const audit = { event, ...caller, ...request, route, client, requestId, age, durationUs } as const;
  return { accepted: true, verified: verdict, audit };
}
