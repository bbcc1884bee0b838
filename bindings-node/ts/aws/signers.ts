// Signs with credentials that end, and gets the next ones in time.

import { inspect } from "node:util";

import type { Config } from "../config.js";
import { SigningError } from "../errors.js";
import { Signer, type AwsCredentials, type SignerOptions, type SignerSource } from "../signer.js";

/** Credentials as the providers of the AWS SDK give them. */
export interface ProvidedCredentials extends AwsCredentials {
  /** When they end; without it they stay. */
  readonly expiration?: Date | undefined;
}

/** What gets credentials: each provider of `@aws-sdk/credential-providers` is one, `fromNodeProviderChain()` for example. */
export type CredentialProvider = () => Promise<ProvidedCredentials>;

/** Options of a source of signers. */
export interface AwsSignersOptions extends SignerOptions {
  /** How long before their end credentials are renewed, in seconds; 300 unless given, as the AWS SDK has it. */
  readonly renewBefore?: number | undefined;
}

interface Kept {
  readonly signer: Signer;
  /** From then on the next credentials are asked for, in milliseconds since 1970. */
  readonly renewAt: number;
  readonly endsAt: number;
}

/** How long a provider that has failed is left alone while there are credentials, in milliseconds. */
const PAUSE = 10_000;

/**
 * Gives the signer with the credentials of the moment. What signs calls takes it in the place of a `Signer`: `createFetch`,
 * `createAdapter`, `createInterceptor` and `ServiceClient`.
 */
export class AwsSigners implements SignerSource {
  readonly #config: Config;
  readonly #provider: CredentialProvider;
  readonly #options: SignerOptions;
  readonly #renewBefore: number;
  #kept: Kept | undefined;
  #renewing: Promise<Signer> | undefined;
  #quietUntil = 0;

  constructor(config: Config, provider: CredentialProvider, options: AwsSignersOptions = {}) {
    this.#config = config;
    this.#provider = provider;
    this.#options = options;
    this.#renewBefore = (options.renewBefore ?? 300) * 1000;
  }

  /**
   * The signer. Where its credentials are about to end, the next ones are asked for, once for all who wait; without them the old
   * ones are used as long as they are good.
   *
   * @throws {SigningError} where there are none, or the config does not sign with them
   */
  async signer(): Promise<Signer> {
    const now = Date.now();
    const kept = this.#kept;
    const isGood = kept !== undefined && now < kept.endsAt;
    if (isGood && (now < kept.renewAt || now < this.#quietUntil)) {
      return kept.signer;
    }
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    if (!isGood) {
      return this.#renewing;
    }
    return this.#renewing.catch(() => {
      this.#quietUntil = now + PAUSE;
      return kept.signer;
    });
  }

  async #renew(): Promise<Signer> {
    const { expiration, ...credentials } = await this.#ask();
    const signer = Signer.withAwsCredentials(this.#config, credentials, this.#options);
    const endsAt = expiration?.getTime() ?? Infinity;
    this.#kept = { signer, renewAt: endsAt - this.#renewBefore, endsAt };
    return signer;
  }

  async #ask(): Promise<ProvidedCredentials> {
    try {
      return await this.#provider();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SigningError(`there are no credentials of AWS: ${why}`, { cause });
    }
  }

  /** What may be printed of it. */
  toJSON(): object {
    const { target } = this.#options;
    return target === undefined ? {} : { target };
  }

  [inspect.custom](): string {
    return `AwsSigners ${inspect(this.toJSON())}`;
  }
}
