/**
 * Keeps the published keys of token issuers up to date: fetches each JWK Set that the config names by a URL.
 *
 * @packageDocumentation
 */

import { Config } from "./config.js";
import { ConfigError } from "./errors.js";
import type { Fetch } from "./jwks/fetching.js";
import { Issuer, type Pace } from "./jwks/issuer.js";
import { harmless, warn } from "./reporting.js";
import { inForceOf, onReplacement, type Verifier } from "./verifier.js";

/** Options of fetching keys. */
export interface KeySetsOptions {
  /** From one fetch of a set to the next, in seconds; 300 unless given. */
  readonly refreshSeconds?: number | undefined;
  /**
   * The shortest time from one fetch of a set to the next, in seconds, however many tokens name unknown keys, and however the
   * last fetch went; 60 unless given.
   */
  readonly cooldownSeconds?: number | undefined;
  /** The longest fetch, from the connection to the last byte, in milliseconds; 5,000 unless given. */
  readonly timeout?: number | undefined;
  /** Sends the requests; the `fetch` of Node unless given. */
  readonly fetch?: Fetch | undefined;
  /** Told of each set that could not be fetched or was not taken; a warning of the process unless given. */
  readonly onError?: ((error: KeySetError) => unknown) | undefined;
}

/** A set that could not be fetched, or that was not taken. The keys that were there before stay. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
  /** The name of the issuer, as in the config. */
  readonly issuer: string;
  /** Where its set was asked for. */
  readonly url: string;

  constructor(issuer: string, url: string, cause: unknown) {
    super(`The keys of ${issuer} were not renewed: ${sentenceOf(cause)}`, { cause });
    this.issuer = issuer;
    this.url = url;
  }
}

/**
 * Fetches the sets of all issuers of a config at once, and then again and again until it is closed. Server adapters take it as
 * the option `keySets`, and have it fetch when a token names a key that is not known.
 */
export class KeySets {
  readonly #pace: Pace;
  readonly #onError: (error: KeySetError) => unknown;
  #unfollow: (() => void) | undefined;
  #config: Config;
  /** By the name of the issuer and its URL. */
  #issuers = new Map<string, Issuer>();
  #isClosed = false;

  constructor(source: Config | Verifier, options: KeySetsOptions = {}) {
    const { refreshSeconds = 300, cooldownSeconds = 60, timeout = 5000 } = options;
    for (const [name, value] of Object.entries({ refreshSeconds, cooldownSeconds, timeout })) {
      if (!(value > 0 && value <= MOST)) {
        throw new RangeError(`wiresign: ${name} must be more than 0, and no more than ${MOST}.`);
      }
    }
    this.#pace = {
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      timeout,
      refresh: Math.max(refreshSeconds, cooldownSeconds) * 1000,
      cooldown: cooldownSeconds * 1000,
    };
    this.#onError = options.onError ?? warn;
    this.#config = source instanceof Config ? source : inForceOf(source).config;
    if (!(source instanceof Config)) {
      this.follow(source);
    }
    this.#serve(this.#config);
  }

  /**
   * Fetches all sets, but for those that were fetched within the cool-down, and resolves when each was taken or reported: a
   * service that awaits this before it listens knows the keys from its first request on.
   */
  async refresh(): Promise<void> {
    await Promise.all([...this.#issuers.values()].map((issuer) => issuer.refresh()));
  }

  /** @internal Goes with what is put in force by a verifier of the config, unless it goes with another one. */
  follow(verifier: Verifier): void {
    if (this.#unfollow === undefined && !this.#isClosed && inForceOf(verifier).config === this.#config) {
      this.#unfollow = onReplacement(verifier, (config) => {
        this.#serve(config);
      });
    }
  }

  /** Ends all fetches and timers. The keys stay as they are. */
  close(): void {
    this.#isClosed = true;
    this.#unfollow?.();
    for (const issuer of this.#issuers.values()) {
      issuer.close();
    }
  }

  /** Fetches for another config from now on. What was published to the one before, is known to this one at once. */
  #serve(config: Config): void {
    if (this.#isClosed) {
      return;
    }
    this.#config = config;
    const before = this.#issuers;
    this.#issuers = new Map();
    for (const [name, url] of config.jwksUrls) {
      const key = JSON.stringify([name, url]);
      const publish = (text: string): void => {
        this.#config.publishKeys(name, text);
      };
      const report = (failure: unknown): void => {
        const error = new KeySetError(name, url, failure);
        harmless("onError", () => this.#onError(error));
      };
      const issuer = before.get(key) ?? new Issuer(url, this.#pace, publish, report);
      before.delete(key);
      this.#issuers.set(key, issuer);
      if (issuer.text !== undefined) {
        config.publishKeys(name, issuer.text);
      }
      void issuer.refresh();
    }
    for (const gone of before.values()) {
      gone.close();
    }
  }
}

/** Timers take no longer times, in milliseconds or in seconds. */
const MOST = 2_000_000;

/** What is to be read of a failure. That of `fetch` itself says nothing but that it failed. */
function sentenceOf(failure: unknown): string {
  if (failure instanceof ConfigError) {
    return failure.problems.map(({ message }) => message).join(" ");
  }
  const { message, cause } = failure instanceof Error ? failure : { message: String(failure), cause: undefined };
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
