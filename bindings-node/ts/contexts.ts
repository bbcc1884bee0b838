import { inspect } from "node:util";

import { nativeOf, type Config } from "./config.js";
import { SigningError } from "./errors.js";
import { native, type ContextFields, type NativeContexts } from "./native.js";
import { Refusal } from "./refusal.js";
import { CLOCK, isTime } from "./time.js";
import type { Metrics, VerifyOptions } from "./verifier.js";

// Only this module holds it, so that nobody makes a VerifiedContext through the constructor.
const MAKE = Symbol("wiresign.make");

/** Options of judging a context. */
export interface VerifyContextOptions extends VerifyOptions {
  /** What an older system signed; looked at only while the config's migration lasts. */
  readonly payload?: Uint8Array | undefined;
}

/** A tenant and roles that were signed. Only a verification makes one. */
export class VerifiedContext {
  readonly #fields: ContextFields;

  constructor(make: symbol, fields: ContextFields) {
    if (make !== MAKE) {
      throw new TypeError("Only a verification makes a VerifiedContext: call verify of Contexts.");
    }
    this.#fields = fields;
  }

  /** The tenant. */
  get tenant(): string {
    return this.#fields.tenant;
  }

  /** The roles, sorted and each once. */
  get roles(): readonly string[] {
    return this.#fields.roles;
  }

  /** Which key matched. */
  get keyId(): string {
    return this.#fields.keyId;
  }

  /** Whether that key is on its way out. */
  get keyIsRetiring(): boolean {
    return this.#fields.keyIsRetiring;
  }

  /** Which form of signature matched. */
  get matched(): string {
    return this.#fields.matched;
  }

  /** Whether one of the roles is this one. */
  hasRole(role: string): boolean {
    return this.#fields.roles.includes(role);
  }

  /** All of it, for a log. */
  toJSON(): object {
    return { ...this.#fields };
  }

  [inspect.custom](): string {
    return `VerifiedContext ${inspect(this.toJSON())}`;
  }
}

/** Signs and verifies who acts for whom: a tenant and roles. It shows no secret, however it is printed. */
export class Contexts {
  readonly #native: NativeContexts;

  /** @throws {SigningError} where the config has no keys for contexts */
  constructor(config: Config) {
    const made = native.NativeContexts.create(nativeOf(config));
    if (typeof made === "string") {
      throw new SigningError(made);
    }
    this.#native = made;
  }

  /**
   * The signature, as hex.
   *
   * @throws {SigningError} where the tenant or the roles cannot be signed
   */
  sign(tenant: string, roles: readonly string[], options?: VerifyOptions): string {
    requireText(tenant, ...roles);
    return this.#made(this.#native.sign(tenant, [...roles], timeOf(options)));
  }

  /**
   * The canonical bytes that `sign` would sign. They hold no secret.
   *
   * @throws {SigningError} where the tenant or the roles cannot be signed
   */
  message(tenant: string, roles: readonly string[]): Buffer {
    requireText(tenant, ...roles);
    return Buffer.from(this.#made(this.#native.message(tenant, [...roles])));
  }

  /**
   * Judges a signature.
   *
   * @throws {Refusal} where it does not hold
   */
  verify(tenant: string, roles: readonly string[], signature: string, options?: VerifyContextOptions): VerifiedContext {
    const fields = this.#native.verify(tenant, [...roles], signature, timeOf(options), options?.payload);
    if (fields === null) {
      throw Refusal.of(this.#native.takeRefusal());
    }
    return new VerifiedContext(MAKE, fields);
  }

  /**
   * Takes new keys for all later calls; the counters are kept.
   *
   * @throws {SigningError} where the config has no keys for contexts
   */
  replace(config: Config): void {
    if (!this.#native.replace(nativeOf(config))) {
      throw new SigningError(this.#native.lastError());
    }
  }

  /** The counters as they stand. */
  metrics(): Metrics {
    const made = this.#native;
    return { prometheus: () => made.prometheus(), counters: () => made.counters() };
  }

  /** What may be printed of it. */
  toJSON(): object {
    return {};
  }

  #made<T>(outcome: T | null): T {
    if (outcome === null) {
      throw new SigningError(this.#native.lastError());
    }
    return outcome;
  }
}

/** Half a surrogate pair has no UTF-8; it would become a character that stands for all of them. */
function requireText(...texts: readonly string[]): void {
  if (texts.some((text) => /\p{Surrogate}/u.test(text))) {
    throw new SigningError("the tenant and the roles must be whole Unicode text");
  }
}

function timeOf(options: VerifyOptions | undefined): number {
  const now = options?.now;
  if (now === undefined) {
    return CLOCK;
  }
  if (!isTime(now)) {
    throw new RangeError("The time must be in whole seconds since 1970.");
  }
  return now;
}
