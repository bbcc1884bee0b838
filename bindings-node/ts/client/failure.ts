// What an answer, or the lack of one, means for a call: whether it failed, and whether it may be tried once more.

import { RefusalCode } from "../codes.js";
import { SigningError } from "../errors.js";
import type { ErrorCode } from "./error.js";
import { BodyTooLarge, RedirectRefused } from "./sending.js";

/** A failed try. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether another try is safe. */
  readonly again: boolean;
  /** How long the service wants to be left alone, in milliseconds. */
  readonly after?: number;
  readonly response?: Response;
  readonly refusal?: RefusalCode;
  readonly cause?: unknown;
}

const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** A service that answers so has not let the request in, and remembers nothing of it. */
const NOT_LET_IN: ReadonlySet<string> = new Set([
  RefusalCode.IDENTITY_UNAVAILABLE,
  RefusalCode.REPLAY_STORE_UNAVAILABLE,
  RefusalCode.RATE_LIMITED,
]);
/** Failures before anything was sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** Failures of TLS come before anything was sent, and will be there the next time. */
const UNTRUSTED = /CERT|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;
const LONGEST_REFUSAL = 65_536;

/**
 * The failure of an answer; `undefined` where it is 2xx.
 *
 * @param requestId the id that the request was sent with
 */
export function failureOf(
  response: Response,
  body: Uint8Array,
  mayRepeat: boolean,
  requestId: string | undefined,
): Failure | undefined {
  if (response.ok) {
    return undefined;
  }
  const after = retryAfter(response);
  const refusal = refusalIn(body, requestId);
  if (refusal === undefined) {
    const again = mayRepeat && BUSY.has(response.status);
    return { code: "HTTP_STATUS", message: `the service answered ${response.status}`, again, after, response };
  }
  const message = `the service refused the request: ${refusal}`;
  return { code: "REFUSED", message, again: NOT_LET_IN.has(refusal), after, response, refusal };
}

/** The failure of a request that got no answer. */
export function failureWithout(cause: unknown, timedOut: boolean, mayRepeat: boolean): Failure {
  if (cause instanceof RedirectRefused) {
    return { code: "REDIRECT_REFUSED", message: cause.message, again: false, cause };
  }
  if (cause instanceof BodyTooLarge) {
    return { code: "BODY_TOO_LARGE", message: cause.message, again: false, cause };
  }
  if (cause instanceof SigningError) {
    return { code: "SIGNING_FAILED", message: cause.message, again: false, cause };
  }
  if (timedOut) {
    return { code: "TIMEOUT", message: "no answer in time", again: mayRepeat, cause };
  }
  const code = codeOf(cause);
  if (UNTRUSTED.test(code)) {
    return { code: "CONNECTION_FAILED", message: `the service is not trusted (${code})`, again: false, cause };
  }
  if (NOT_SENT.has(code)) {
    return { code: "CONNECTION_FAILED", message: `no connection (${code})`, again: true, cause };
  }
  return { code: "CONNECTION_LOST", message: `the connection broke (${code})`, again: mayRepeat, cause };
}

/** Whether a failure says that the service is not well. */
export function speaksAgainstTarget({ code, response }: Failure): boolean {
  return response === undefined
    ? code === "TIMEOUT" || code === "CONNECTION_FAILED" || code === "CONNECTION_LOST"
    : response.status >= 500;
}

/**
 * The code of a refusal, where an answer is one.
 *
 * A service may hand on the refusal of another one that it has called itself. Then it has let the request in: that answer is no
 * refusal of this request, and names another one.
 */
function refusalIn(body: Uint8Array, sent: string | undefined): RefusalCode | undefined {
  if (body.byteLength > LONGEST_REFUSAL) {
    return undefined;
  }
  try {
    const { code, requestId } = JSON.parse(Buffer.from(body).toString("utf8")) as {
      code?: string;
      requestId?: unknown;
    };
    if (sent !== undefined && (requestId ?? sent) !== sent) {
      return undefined;
    }
    return Object.values(RefusalCode).find((known) => known === code);
  } catch {
    return undefined;
  }
}

function retryAfter(response: Response): number {
  const text = response.headers.get("retry-after") ?? "";
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

/** What lies behind a "fetch failed". */
function codeOf(failure: unknown): string {
  const { code, cause, name } = failure as { code?: unknown; cause?: unknown; name?: string };
  if (typeof code === "string") {
    return code;
  }
  return typeof cause === "object" && cause !== null ? codeOf(cause) : (name ?? "unknown");
}
