/**
 * Calls with a token: gets it from a token endpoint, keeps it, and gets the next one before it ends.
 *
 * @packageDocumentation
 */

import { inspect } from "node:util";

import type { Fetch } from "./client/sending.js";
import { harmless, warn } from "./reporting.js";
import { ask, type Asked } from "./tokens/asking.js";
import type { TokenError } from "./tokens/error.js";

export { TokenError } from "./tokens/error.js";

/** Options of a source of tokens. */
export interface TokenSourceOptions {
  /** The URL of the token endpoint. */
  readonly url: string;
  /** The id of the service that is to be called. */
  readonly audience: string;
  /** The permissions that are asked for, such as `GET /invoices/**`; all that the caller has unless given. */
  readonly permissions?: readonly string[] | undefined;
  /** Sends the request, with the proof of who calls: what `createFetch` of `wiresign/fetch` makes of a signer for the issuer. */
  readonly fetch: Fetch;
  /** The longest wait for the endpoint's whole answer, in milliseconds; 5,000 unless given. */
  readonly timeout?: number | undefined;
  /** Told why there is no next token, while there is still one at hand; a warning of the process unless given. */
  readonly onError?: ((error: TokenError) => unknown) | undefined;
}

interface Kept {
  readonly text: string;
  readonly since: number;
  /** From then on the next one is asked for, by the clock of `performance`. */
  readonly renewAt: number;
  /** From then on calls wait for the next one. */
  readonly waitAt: number;
  readonly endsAt: number;
}

/** How long an endpoint that gave no token, or one that nobody takes, is left alone, in milliseconds. */
const PAUSE = 1000;
const UNAUTHORIZED = 401;

/** Holds the token for one service. It does not show it, however it is printed. */
export class TokenSource {
  readonly #asked: Asked;
  readonly #audience: string;
  readonly #onError: (error: TokenError) => unknown;
  #kept: Kept | undefined;
  #asking: Promise<string> | undefined;
  #failure: { readonly error: TokenError; readonly until: number } | undefined;

  constructor({ url, audience, permissions, fetch, timeout = 5000, onError = warn }: TokenSourceOptions) {
    const form = new URLSearchParams({ grant_type: "client_credentials", audience });
    if (permissions !== undefined) {
      form.set("scope", permissions.join(" "));
    }
    this.#asked = { url, form: form.toString(), fetch, timeout };
    this.#audience = audience;
    this.#onError = onError;
  }

  /**
   * The token. The next one is asked for in the background when a tenth to a fifth of its life is left, and waited for when there
   * is next to nothing left; several calls at once ask once. As long as the old one is good, it is used where there is no next one.
   *
   * @throws {TokenError} where there is none
   */
  async token(): Promise<string> {
    const now = performance.now();
    const kept = this.#kept;
    if (kept !== undefined && now < kept.renewAt) {
      return kept.text;
    }
    if (this.#failure !== undefined && now < this.#failure.until) {
      return this.#stillGood(this.#failure.error);
    }
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined;
    });
    if (kept !== undefined && now < kept.waitAt) {
      // The failure is told to `onError`.
      this.#asking.catch(() => undefined);
      return kept.text;
    }
    return this.#asking;
  }

  /** Drops a token that is not taken any more, so that the next call asks for another one; but no token that is quite new. */
  drop(text: string): void {
    if (this.#kept?.text === text && performance.now() - this.#kept.since > PAUSE) {
      this.#kept = undefined;
    }
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { url: this.#asked.url, audience: this.#audience };
  }

  [inspect.custom](): string {
    return `TokenSource ${inspect(this.toJSON())}`;
  }

  async #renew(): Promise<string> {
    // The life of the token has begun before the answer was here.
    const since = performance.now();
    try {
      const { text, lifetime } = await ask(this.#asked);
      const life = lifetime * 1000;
      // Not the same moment for all who have started together.
      const reserve = 0.1 + Math.random() * 0.1;
      const at = (part: number): number => since + life * part;
      this.#kept = { text, since, renewAt: at(1 - reserve), waitAt: at(0.95), endsAt: at(1) };
      this.#failure = undefined;
      return text;
    } catch (caught) {
      const error = caught as TokenError;
      this.#failure = { error, until: performance.now() + PAUSE };
      const text = this.#stillGood(error);
      harmless("onError", () => this.#onError(error));
      return text;
    }
  }

  #stillGood(error: TokenError): string {
    if (this.#kept === undefined || performance.now() >= this.#kept.endsAt) {
      throw error;
    }
    return this.#kept.text;
  }
}

/**
 * A function with the face of the global `fetch` that calls one service with its token. Where the answer is 401 the token is
 * dropped; the call is not made twice.
 *
 * @param url of the service: the token is sent to its origin only
 * @param fetch what really sends; the global one unless given
 */
export function createTokenFetch(
  source: TokenSource,
  url: string | URL,
  fetch: Fetch = (...request) => globalThis.fetch(...request),
): Fetch {
  const { origin } = new URL(url);
  return async (input, init) => {
    const request = new Request(input, init);
    if (new URL(request.url).origin !== origin) {
      throw new TypeError(`wiresign: this token is for ${origin} only.`);
    }
    const text = await source.token();
    request.headers.set("Authorization", `Bearer ${text}`);
    const response = await fetch(request);
    if (response.status === UNAUTHORIZED) {
      source.drop(text);
    }
    return response;
  };
}
