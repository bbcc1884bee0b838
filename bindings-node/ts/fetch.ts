/**
 * A `fetch` that signs the bytes that are really sent.
 *
 * @packageDocumentation
 */

import { gather, sendSigned, type Fetch, type Init } from "./client/sending.js";
import { SigningError } from "./errors.js";
import type { Signer, SignerSource } from "./signer.js";

export type { Fetch } from "./client/sending.js";

/** Options of a signing `fetch`. */
export interface FetchOptions {
  /** What really sends; the global `fetch` unless given. */
  readonly fetch?: Fetch | undefined;
  /** The longest body, in bytes, that is gathered to be signed. 10 MiB unless given. */
  readonly bodyLimit?: number | undefined;
}

type Input = Parameters<Fetch>[0];

const BODY_LIMIT = 10_485_760;
const MOST_REDIRECTS = 20;

/**
 * A `fetch` that signs each request with `signer`.
 *
 * A body of any kind is gathered first, since a signature covers all of it. Redirects within the origin are signed anew;
 * one to another origin is refused, as the signature names the service that it was made for.
 */
export function createFetch(signer: Signer | SignerSource, options: FetchOptions = {}): Fetch {
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT;

  return async (input: Input, init?: Init): Promise<Response> => {
    // The standard class says what fetch will make of the arguments: method, URL, headers, and the bytes of the body.
    const request = new Request(input, withDuplex(init));
    const outgoing = {
      method: upperCase(request.method),
      url: new URL(request.url),
      headers: new Headers(request.headers),
      body: request.body === null ? undefined : await gather(request.body as AsyncIterable<Uint8Array>, bodyLimit),
    };
    return sendSigned(outgoing, {
      signer,
      fetch: options.fetch ?? globalThis.fetch,
      init: { ...carriedOver(input, request), ...init },
      redirects: { mode: request.redirect, most: MOST_REDIRECTS },
    });
  };
}

/** `fetch` itself writes the usual methods in upper case and sends all others as they are, which no server takes. */
function upperCase(method: string): string {
  if (method !== method.toUpperCase()) {
    throw new SigningError(`fetch would send the method ${method} in lower case; write it as ${method.toUpperCase()}`);
  }
  return method;
}

/** A `Request` as first argument says more than its parts that are taken from it. */
function carriedOver(input: Input, request: Request): Init {
  if (!(input instanceof Request)) {
    return {};
  }
  const { signal, mode, credentials, referrer, referrerPolicy, integrity, keepalive } = request;
  return { signal, mode, credentials, referrer, referrerPolicy, integrity, keepalive };
}

/** A stream as a body needs an option that is of no use once the body is gathered. */
function withDuplex(init: Init | undefined): Init | undefined {
  return init?.body === undefined || init.body === null ? init : { ...init, duplex: "half" };
}
