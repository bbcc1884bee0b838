import { inspect } from "node:util";

import { nativeOf, type Config } from "./config.js";
import { SigningError } from "./errors.js";
import { native, type IssuedFields, type NativeTokenIssuer, type TokenResponseFields } from "./native.js";
import { CLOCK, isTime } from "./time.js";

/** Options of answering a request for a token. */
export interface AnswerTokenOptions {
  /** The tenant that the token names. The application knows it; a caller cannot ask for it. */
  readonly tenant?: string | undefined;
  /** The time in Unix seconds; the clock unless given. */
  readonly now?: number | undefined;
  /** The id of the token (`jti`); a fresh UUID of version 4 unless given. */
  readonly id?: string | undefined;
}

/** Options of issuing a token. */
export interface IssueTokenOptions extends AnswerTokenOptions {
  /** For how many seconds, up to the `lifetime` of the config, which it is unless given. */
  readonly lifetime?: number | undefined;
  /** Which of the service's permissions the token holds; all of them unless given. */
  readonly permissions?: readonly string[] | undefined;
}

// Only this module holds it, so that nobody makes a token through the constructor.
const MAKE = Symbol("wiresign.make");

/** A token that was issued. It does not show itself, however it is printed. */
export class IssuedToken {
  readonly #fields: IssuedFields;

  /** @internal */
  constructor(make: symbol, fields: IssuedFields) {
    checkMade(make);
    this.#fields = fields;
  }

  /** The token in compact form. Whoever has it can use it. */
  get text(): string {
    return this.#fields.text;
  }

  /** The first Unix second at which it has ended. */
  get expires(): number {
    return this.#fields.expires;
  }

  /** For how many seconds it lives. */
  get lifetime(): number {
    return this.#fields.lifetime;
  }

  /** What it allows, as patterns. */
  get permissions(): readonly string[] {
    return this.#fields.permissions;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { expires: this.expires, permissions: this.permissions };
  }

  [inspect.custom](): string {
    return `IssuedToken ${inspect(this.toJSON())}`;
  }
}

/** What a request for a token is answered with, byte for byte. It does not show the token, however it is printed. */
export class TokenResponse {
  readonly #fields: TokenResponseFields;

  /** @internal */
  constructor(make: symbol, fields: TokenResponseFields) {
    checkMade(make);
    this.#fields = fields;
  }

  /** The HTTP status. */
  get status(): number {
    return this.#fields.status;
  }

  /** The headers to set, in order. */
  get headers(): readonly (readonly [name: string, value: string])[] {
    return this.#fields.headers;
  }

  /** The body, which holds the token. */
  get body(): string {
    return this.#fields.body;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { status: this.status };
  }

  [inspect.custom](): string {
    return `TokenResponse ${inspect(this.toJSON())}`;
  }
}

/** Issues tokens about the services of the registry, signed with the key of the service itself. */
export class TokenIssuer {
  readonly #native: NativeTokenIssuer;
  #service: string;

  /** @throws {SigningError} where the service itself has no key that can sign tokens */
  constructor(config: Config) {
    const made = native.NativeTokenIssuer.create(nativeOf(config));
    if (typeof made === "string") {
      throw new SigningError(made);
    }
    this.#native = made;
    this.#service = config.service;
  }

  /**
   * A token about a service of the registry for one of its targets.
   *
   * @throws {SigningError} where the registry does not allow that, or no key is valid
   */
  issue(subject: string, audience: string, options: IssueTokenOptions = {}): IssuedToken {
    const { lifetime, permissions, tenant, id } = options;
    if (lifetime !== undefined && !isTime(lifetime)) {
      throw new SigningError("the life of a token must be in whole seconds");
    }
    const fields = this.#native.issue(
      subject,
      audience,
      lifetime,
      permissions === undefined ? undefined : [...permissions],
      tenant,
      timeOf(options),
      id,
    );
    return new IssuedToken(MAKE, this.#made(fields));
  }

  /**
   * The whole answer of a token endpoint. What a caller asks wrongly is an answer, too.
   *
   * @param caller the `service` of the `Verified` of this very request; `null` is answered with `invalid_client`
   * @param form the body of the request, as received
   * @throws {SigningError} where the service itself cannot sign
   */
  answer(caller: string | null, form: Uint8Array, options: AnswerTokenOptions = {}): TokenResponse {
    // Callers without types pass whatever they have.
    if (!(form instanceof Uint8Array)) {
      throw new TypeError("The form must be the received bytes: a Buffer or another Uint8Array.");
    }
    const { tenant, id } = options;
    const fields = this.#native.answer(caller ?? undefined, form, tenant, timeOf(options), id);
    return new TokenResponse(MAKE, this.#made(fields));
  }

  /**
   * Swaps the config at once for all later tokens.
   *
   * @throws {SigningError} where the new one has no key that can sign tokens; then the config stays as it was
   */
  replace(config: Config): void {
    if (!this.#native.replace(nativeOf(config))) {
      throw new SigningError(this.#native.lastError());
    }
    this.#service = config.service;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { service: this.#service };
  }

  [inspect.custom](): string {
    return `TokenIssuer ${inspect(this.toJSON())}`;
  }

  #made<T>(fields: T | null): T {
    if (fields === null) {
      throw new SigningError(this.#native.lastError());
    }
    return fields;
  }
}

function checkMade(make: symbol): void {
  if (make !== MAKE) {
    throw new TypeError("Only a TokenIssuer makes these.");
  }
}

function timeOf({ now }: AnswerTokenOptions): number {
  if (now === undefined) {
    return CLOCK;
  }
  if (!isTime(now)) {
    throw new SigningError("the time must be in whole seconds since 1970");
  }
  return now;
}
