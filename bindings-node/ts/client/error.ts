// The one family of errors that a service client throws.

import type { RefusalCode } from "../codes.js";

/** Why a call failed. */
export const ErrorCode = {
  /** No whole answer came in time. */
  TIMEOUT: "TIMEOUT",
  /** There was no connection, so the request was not sent. */
  CONNECTION_FAILED: "CONNECTION_FAILED",
  /** The connection broke after the request began; the service may have acted on it. */
  CONNECTION_LOST: "CONNECTION_LOST",
  /** The service failed too often just now, so nothing was sent. */
  CIRCUIT_OPEN: "CIRCUIT_OPEN",
  /** The service refused the request; `refusal` says why. */
  REFUSED: "REFUSED",
  /** The service answered with a status that is not 2xx. */
  HTTP_STATUS: "HTTP_STATUS",
  /** The answer leads out of the service, or round in circles. */
  REDIRECT_REFUSED: "REDIRECT_REFUSED",
  /** The request cannot be signed. */
  SIGNING_FAILED: "SIGNING_FAILED",
  /** The body is longer than what the client gathers to sign it. */
  BODY_TOO_LARGE: "BODY_TOO_LARGE",
  /** The caller's own signal ended the call. */
  CANCELLED: "CANCELLED",
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What an error says beside its code and its message. */
export interface ErrorDetails {
  readonly target: string;
  readonly response?: Response | undefined;
  readonly refusal?: RefusalCode | undefined;
  readonly requestId?: string | undefined;
  readonly attempts?: number | undefined;
  readonly cause?: unknown;
}

/** A call to another service failed. `cause` is what lies behind it, where there is something. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** Why the call failed. */
  readonly code: ErrorCode;
  /** The service that was called. */
  readonly target: string;
  /** The HTTP status of the answer, where there was one. */
  readonly status: number | null;
  /** The answer, where there was one; its body can still be read. It is not enumerable: who prints an error wants no body. */
  declare readonly response: Response | null;
  /** The code that the service refused with. */
  readonly refusal: RefusalCode | null;
  /** The id of the last request that was sent. */
  readonly requestId: string | null;
  /** How many requests were sent, redirects aside. */
  readonly attempts: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(`${details.target}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.target = details.target;
    this.status = details.response?.status ?? null;
    Object.defineProperty(this, "response", { value: details.response ?? null });
    this.refusal = details.refusal ?? null;
    this.requestId = details.requestId ?? null;
    this.attempts = details.attempts ?? 0;
  }

  /** All of it, for a log. It holds no secret and nothing of a body. */
  toJSON(): object {
    const { name, code, message, target, status, refusal, requestId, attempts } = this;
    return { name, code, message, target, status, refusal, requestId, attempts };
  }
}
