import type { RefusalCode } from "./codes.js";
import type { RefusalFields } from "./native.js";

const TOO_MANY_REQUESTS = 429;

/** What every adapter answers with, byte for byte. It honours `reveal` of the config. */
export interface RefusalResponse {
  readonly status: number;
  /** The code that is shown, which `reveal` may have made uniform. */
  readonly code: RefusalCode;
  /** The WWW-Authenticate header, with status 401. */
  readonly wwwAuthenticate: string | null;
  /** All headers to set. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text: error, code, requestId. */
  readonly body: string;
}

/** Why a request is not accepted. The message is safe to show; the detail is for the operator's log only. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The stable code. */
  readonly code: RefusalCode;
  /** The HTTP status of the code. */
  readonly status: number;
  /** More, for the operator's log only. */
  readonly detail: string;
  /** The known service that was claimed, not proven. */
  readonly service: string | null;
  /** The request id, where it has the form of one. */
  readonly requestId: string | null;
  /** The answer to send. */
  readonly response: RefusalResponse;

  private constructor(fields: RefusalFields) {
    super(fields.message);
    this.code = fields.code as RefusalCode;
    this.status = fields.status;
    this.detail = fields.detail;
    this.service = fields.service;
    this.requestId = fields.requestId;
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (fields.wwwAuthenticate !== null) {
      headers["WWW-Authenticate"] = fields.wwwAuthenticate;
    }
    if (fields.responseStatus === TOO_MANY_REQUESTS) {
      // Failures are counted by the minute of the clock.
      headers["Retry-After"] = String(60 - (Math.floor(Date.now() / 1000) % 60));
    }
    this.response = {
      status: fields.responseStatus,
      code: fields.responseCode as RefusalCode,
      wwwAuthenticate: fields.wwwAuthenticate,
      headers,
      body: fields.body,
    };
  }

  /** @internal */
  static of(fields: RefusalFields): Refusal {
    // A stack says where the verifier was called, never why the request was refused, and taking it down costs more than
    // the whole verification: forged requests must not be dearer than genuine ones.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return new Refusal(fields);
    } finally {
      Error.stackTraceLimit = limit;
    }
  }

  /** What may be shown to anybody: the detail is left out. */
  toJSON(): object {
    return { code: this.code, status: this.status, message: this.message, requestId: this.requestId };
  }
}
