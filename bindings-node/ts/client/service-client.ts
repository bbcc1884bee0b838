// The client of one service.

import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, type CircuitBreakerPolicy } from "cockatiel";

import type { Config } from "../config.js";
import { SigningError } from "../errors.js";
import { Signer, type SignerSource } from "../signer.js";
import { Call, isAnswered, isFailureOfTarget, type Surroundings } from "./call.js";
import { Clock } from "./clock.js";
import { ServiceError } from "./error.js";
import { askHealth, type Health, type HealthOptions } from "./health.js";
import type { Interceptors } from "./interceptors.js";
import { policyFrom, type Policy } from "./policy.js";
import { servedRequestId, wantRequestIds } from "./propagation.js";
import { BodyTooLarge, gather, type Fetch, type Init, type Outgoing } from "./sending.js";

/** Options of a client. */
export interface ServiceClientOptions extends Interceptors {
  /** Where the service is, in place of what the registry says. */
  readonly url?: string | undefined;
  readonly policy?: Partial<Policy> | undefined;
  /** What signs, such as `AwsSigners` of `wiresign/aws`; a signer by the config unless given. */
  readonly signer?: Signer | SignerSource | undefined;
  /** What really sends, such as `fetch` of undici with a dispatcher; the global `fetch` unless given. */
  readonly fetch?: Fetch | undefined;
  /** The header that carries the id of the request that is being served. `X-Correlation-ID` unless given. */
  readonly correlationHeader?: string | undefined;
}

/** Options of one call. */
export interface CallOptions {
  readonly headers?: Init["headers"];
  /** Appended to the query of the path. */
  readonly query?: Readonly<Record<string, string | number | boolean>> | URLSearchParams | undefined;
  /** Sent as `application/json`. */
  readonly json?: unknown;
  /** Sent as it is: text, bytes, `URLSearchParams`, `FormData`, a blob or a stream. Streams are gathered to be signed. */
  readonly body?: Init["body"];
  /** Whether the call may be made twice; by its method unless given. */
  readonly idempotent?: boolean | undefined;
  readonly timeout?: number | undefined;
  readonly totalTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The id that ties the call to what it is made for; that of the request that is being served unless given. */
  readonly correlationId?: string | undefined;
}

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * Calls one service of the registry. An answer of 2xx is returned, with its body read; everything else is a `ServiceError`.
 */
export class ServiceClient {
  /** The service that is called. */
  readonly target: string;
  /** Where it is. */
  readonly url: string;
  readonly #config: Config;
  readonly #around: Surroundings;
  readonly #correlationHeader: string;

  constructor(config: Config, target: string, options: ServiceClientOptions = {}) {
    const url = options.url ?? config.url(target);
    if (url === null) {
      throw new TypeError(
        `wiresign: the registry has no url for the service ${target}; add one, or give it as an option.`,
      );
    }
    const policy = policyFrom(options.policy);
    this.target = target;
    this.url = url.replace(/\/+$/, "");
    this.#config = config;
    this.#correlationHeader = options.correlationHeader ?? "X-Correlation-ID";
    const breaker: CircuitBreakerPolicy = circuitBreaker(
      handleWhen(
        (error) => isFailureOfTarget(error) || (breaker.state === CircuitState.HalfOpen && !isAnswered(error)),
      ),
      { halfOpenAfter: policy.breakerTime, breaker: new ConsecutiveBreaker(policy.breakerFailures) },
    );
    this.#around = {
      target,
      signer: options.signer ?? new Signer(config, { target }),
      clock: new Clock(policy.longestSkew),
      policy,
      breaker,
      fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
      interceptors: options,
    };
    wantRequestIds();
  }

  /** Seconds that the clock of the service is ahead, as far as a refusal has told. */
  get clockSkew(): number {
    return this.#around.clock.skew;
  }

  get(path: string, options?: CallOptions): Promise<Response> {
    return this.request("GET", path, options);
  }

  post(path: string, options?: CallOptions): Promise<Response> {
    return this.request("POST", path, options);
  }

  put(path: string, options?: CallOptions): Promise<Response> {
    return this.request("PUT", path, options);
  }

  patch(path: string, options?: CallOptions): Promise<Response> {
    return this.request("PATCH", path, options);
  }

  delete(path: string, options?: CallOptions): Promise<Response> {
    return this.request("DELETE", path, options);
  }

  /**
   * Makes a call with any method.
   *
   * @throws {ServiceError} where the answer is not 2xx, or there is none
   */
  async request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const outgoing = await this.#outgoing(method.toUpperCase(), path, options);
    const { policy } = this.#around;
    const call = new Call(outgoing, this.#around, {
      timeout: options.timeout ?? policy.timeout,
      totalTimeout: options.totalTimeout ?? policy.totalTimeout,
      mayRepeat: options.idempotent ?? IDEMPOTENT.has(outgoing.method),
      signal: options.signal,
    });
    return call.answer();
  }

  /** Asks the service whether it is up; unsigned, for a route that is public. */
  async health(options: Omit<HealthOptions, "services" | "fetch"> = {}): Promise<Health> {
    return askHealth(this.target, this.url, { ...options, fetch: this.#around.fetch });
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { target: this.target, url: this.url, service: this.#config.service };
  }

  /** The request that each try copies, with its body gathered: a signature covers all of it. */
  async #outgoing(method: string, path: string, options: CallOptions): Promise<Outgoing> {
    if (!path.startsWith("/")) {
      throw new TypeError("wiresign: a path starts with /; the rest of the address is that of the service.");
    }
    const headers = new Headers(options.headers);
    let body = options.body ?? null;
    if (options.json !== undefined) {
      if (body !== null) {
        throw new TypeError("wiresign: give either json or a body.");
      }
      body = JSON.stringify(options.json);
      if (!headers.has("content-type")) {
        headers.set("content-type", "application/json");
      }
    }
    const correlationId = options.correlationId ?? servedRequestId();
    if (correlationId !== undefined && !headers.has(this.#correlationHeader)) {
      headers.set(this.#correlationHeader, correlationId);
    }
    // The standard class says what fetch will make of the body: its bytes, and the type with a boundary.
    const whole = { method, headers, body, ...(body === null ? {} : { duplex: "half" as const }) };
    const request = new Request(this.url + withQuery(path, options.query), whole);
    return {
      method,
      url: new URL(request.url),
      headers: new Headers(request.headers),
      body: await this.#bytes(request),
    };
  }

  async #bytes(request: Request): Promise<Uint8Array | undefined> {
    if (request.body === null) {
      return undefined;
    }
    try {
      return await gather(request.body as AsyncIterable<Uint8Array>, this.#around.policy.bodyLimit);
    } catch (cause) {
      if (!(cause instanceof SigningError)) {
        throw cause;
      }
      const code = cause instanceof BodyTooLarge ? "BODY_TOO_LARGE" : "SIGNING_FAILED";
      throw new ServiceError(code, cause.message, { target: this.target, cause });
    }
  }
}

function withQuery(path: string, query: CallOptions["query"]): string {
  if (query === undefined) {
    return path;
  }
  const pairs =
    query instanceof URLSearchParams ? query : Object.entries(query).map(([name, value]) => [name, String(value)]);
  const text = new URLSearchParams(pairs as [string, string][]).toString();
  return text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
}
