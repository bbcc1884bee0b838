// One call with all of its tries.

import { setTimeout } from "node:timers/promises";

import { BrokenCircuitError, handleWhen, retry, type CircuitBreakerPolicy } from "cockatiel";

import { RefusalCode } from "../codes.js";
import type { Signer, SignerSource } from "../signer.js";
import type { Clock } from "./clock.js";
import { ServiceError } from "./error.js";
import { failureOf, failureWithout, speaksAgainstTarget, type Failure } from "./failure.js";
import type { Interceptors } from "./interceptors.js";
import type { Policy } from "./policy.js";
import { sendSigned, type Fetch, type Outgoing } from "./sending.js";

/** What all calls of a client share. */
export interface Surroundings {
  readonly target: string;
  readonly signer: Signer | SignerSource;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly breaker: CircuitBreakerPolicy;
  readonly fetch: Fetch;
  readonly interceptors: Interceptors;
}

/** What one call may be told. */
export interface CallLimits {
  readonly timeout: number;
  readonly totalTimeout: number;
  readonly mayRepeat: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A try that failed, on its way through the libraries that repeat and break. */
class Failed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Whether an error counts for the circuit breaker. */
export function isFailureOfTarget(error: unknown): boolean {
  return error instanceof Failed && speaksAgainstTarget(error.failure);
}

/** Whether an error tells of an answer. What was given up before there was one says nothing of the service. */
export function isAnswered(error: unknown): boolean {
  if (!(error instanceof Failed)) {
    return false;
  }
  const { code, response } = error.failure;
  return response !== undefined || code === "REDIRECT_REFUSED";
}

/** Statuses whose responses have no body, by the standard of `fetch`. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Makes one call. */
export class Call {
  readonly #outgoing: Outgoing;
  readonly #around: Surroundings;
  readonly #limits: CallLimits;
  readonly #deadline: number;
  #attempts = 0;
  /** How long to wait before the next try, in milliseconds. */
  #wait = 0;
  #requestId: string | undefined;
  #corrected = false;

  constructor(outgoing: Outgoing, around: Surroundings, limits: CallLimits) {
    this.#outgoing = outgoing;
    this.#around = around;
    this.#limits = limits;
    this.#deadline = performance.now() + limits.totalTimeout;
  }

  /** The answer of 2xx; every other end is a `ServiceError`. */
  async answer(): Promise<Response> {
    const { breaker, policy } = this.#around;
    const repeating = retry(
      handleWhen((error) => error instanceof Failed && this.#mayWait(error.failure)),
      { maxAttempts: policy.attempts - 1 },
    );
    const next = async (): Promise<Response> => {
      await this.#waited();
      return breaker.execute(() => this.#try());
    };
    try {
      return await this.#unlessCancelled(repeating.execute(next));
    } catch (failed) {
      throw this.#named(failed);
    }
  }

  /** Gives up at once when the caller does, also while waiting for the next try. */
  async #unlessCancelled(answer: Promise<Response>): Promise<Response> {
    const { signal } = this.#limits;
    if (signal === undefined) {
      return answer;
    }
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        reject(new Failed(this.#cancelled()));
      };
      signal.addEventListener("abort", cancel, { once: true });
      const settle = (): void => {
        signal.removeEventListener("abort", cancel);
      };
      answer.then(resolve, reject).finally(settle).catch(reject);
      if (signal.aborted) {
        cancel();
      }
    });
  }

  /** Not left to the library, whose timer would keep the process alive when the caller has given up. */
  async #waited(): Promise<void> {
    const { signal } = this.#limits;
    if (this.#wait > 0) {
      try {
        await setTimeout(this.#wait, undefined, signal === undefined ? {} : { signal });
      } catch {
        throw new Failed(this.#cancelled());
      }
    }
  }

  async #try(): Promise<Response> {
    if (this.#limits.signal?.aborted === true) {
      throw new Failed(this.#cancelled());
    }
    this.#attempts += 1;
    const left = this.#deadline - performance.now();
    if (left <= 0) {
      throw new Failed({ code: "TIMEOUT", message: "the total time-out is over", again: false });
    }
    const inTime = AbortSignal.timeout(Math.ceil(Math.min(this.#limits.timeout, left)));
    const { response, body } = await this.#send(inTime);
    const failure = failureOf(response, body, this.#limits.mayRepeat, this.#requestId);
    if (failure === undefined) {
      return response;
    }
    if (failure.refusal === RefusalCode.TIMESTAMP_OUTSIDE_WINDOW && !this.#corrected) {
      // The service has not let the request in, so whatever it was may be sent once more, by the service's own clock.
      this.#corrected = true;
      if (this.#around.clock.learn(response)) {
        return this.#try();
      }
    }
    throw new Failed(failure);
  }

  async #send(inTime: AbortSignal): Promise<{ response: Response; body: Uint8Array }> {
    const { signer, fetch, clock, policy, interceptors } = this.#around;
    const { signal, mayRepeat } = this.#limits;
    const outgoing = { ...this.#outgoing, headers: new Headers(this.#outgoing.headers) };
    const served = { ...outgoing, attempt: this.#attempts };
    await interceptors.onRequest?.(served);
    let response: Response;
    let body: Uint8Array;
    try {
      const answer = await sendSigned(outgoing, {
        signer,
        fetch,
        init: { signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]) },
        redirects: { mode: "follow", most: policy.redirects },
        now: () => clock.now(),
        onSigned: (headers) => {
          this.#requestId = headers.get("x-request-id") ?? undefined;
        },
      });
      body = new Uint8Array(await answer.arrayBuffer());
      const { status, statusText, headers } = answer;
      response = new Response(BODILESS.has(status) ? null : Buffer.from(body), { status, statusText, headers });
    } catch (cause) {
      if (signal?.aborted === true) {
        throw new Failed(this.#cancelled());
      }
      throw new Failed(failureWithout(cause, inTime.aborted, mayRepeat));
    }
    await interceptors.onResponse?.(response, served);
    return { response, body };
  }

  /** Whether the next try fits into the time of the call; the wait before it is decided here. */
  #mayWait({ again, after = 0 }: Failure): boolean {
    const { backoff, longestBackoff } = this.#around.policy;
    const most = Math.min(longestBackoff, backoff * 2 ** (this.#attempts - 1));
    this.#wait = Math.max(after, Math.random() * most);
    return again && this.#wait < this.#deadline - performance.now();
  }

  #cancelled(): Failure {
    const cause: unknown = this.#limits.signal?.reason;
    return { code: "CANCELLED", message: "the caller ended the call", again: false, cause };
  }

  #named(failed: unknown): unknown {
    if (failed instanceof BrokenCircuitError) {
      const message = "the service failed too often just now, so nothing is sent";
      return this.#error({ code: "CIRCUIT_OPEN", message, again: false });
    }
    return failed instanceof Failed ? this.#error(failed.failure) : failed;
  }

  #error({ code, message, response, refusal, cause }: Failure): ServiceError {
    const { target } = this.#around;
    const attempts = this.#attempts;
    return new ServiceError(code, message, { target, response, refusal, requestId: this.#requestId, attempts, cause });
  }
}
