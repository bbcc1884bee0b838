/**
 * A `fetch` that signs the bytes that are really sent.
 *
 * @packageDocumentation
 */

import { SigningError } from "./errors.js";
import type { Signer } from "./signer.js";

/** A function with the face of the global `fetch`. */
export type Fetch = typeof globalThis.fetch;

/** Options of a signing `fetch`. */
export interface FetchOptions {
  /** What really sends; the global `fetch` unless given. */
  readonly fetch?: Fetch | undefined;
  /** The longest body, in bytes, that is gathered to be signed. 10 MiB unless given. */
  readonly bodyLimit?: number | undefined;
}

type Input = Parameters<Fetch>[0];
type Init = NonNullable<Parameters<Fetch>[1]>;

/** One request as it will be on the wire. */
interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

const BODY_LIMIT = 10_485_760;
const MOST_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that describe a body, and go with it. */
const BODY_HEADERS = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];

/**
 * A `fetch` that signs each request with `signer`.
 *
 * A body of any kind is gathered first, since a signature covers all of it. Redirects within the origin are signed anew;
 * one to another origin is refused, as the signature names the service that it was made for.
 */
export function createFetch(signer: Signer, options: FetchOptions = {}): Fetch {
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT;

  return async (input: Input, init?: Init): Promise<Response> => {
    const send = options.fetch ?? globalThis.fetch;
    // The standard class says what fetch will make of the arguments: method, URL, headers, and the bytes of the body.
    const request = new Request(input, withDuplex(init));
    let outgoing: Outgoing = {
      method: upperCase(request.method),
      url: new URL(request.url),
      headers: new Headers(request.headers),
      body: await gather(request, bodyLimit),
    };
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(outgoing.url.href, {
        ...carriedOver(input, request),
        ...init,
        method: outgoing.method,
        headers: signed(signer, outgoing),
        body: outgoing.body ?? null,
        redirect: "manual",
      });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null || request.redirect === "manual") {
        return response;
      }
      await response.body?.cancel();
      if (request.redirect === "error") {
        throw new TypeError(`fetch failed: ${outgoing.url.href} redirects, and redirects are not allowed`);
      }
      if (redirects === MOST_REDIRECTS) {
        throw new TypeError(`fetch failed: more than ${MOST_REDIRECTS} redirects`);
      }
      outgoing = redirected(outgoing, response.status, location);
    }
  };
}

function signed(signer: Signer, outgoing: Outgoing): Headers {
  const headers = new Headers(outgoing.headers);
  const { method, url, body } = outgoing;
  for (const [name, value] of signer.sign({ method, target: url.pathname + url.search, body, authority: url.host })) {
    headers.set(name, value);
  }
  return headers;
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

async function gather(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (request.body === null) {
    return undefined;
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > limit) {
      throw new SigningError(`the body is longer than ${limit} bytes, so it is not gathered to be signed (bodyLimit)`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function redirected(outgoing: Outgoing, status: number, location: string): Outgoing {
  const url = new URL(location, outgoing.url);
  if (url.origin !== outgoing.url.origin) {
    throw new SigningError(
      `${outgoing.url.href} redirects to another origin, ${url.origin}; a signature is for one service, so call that one`,
    );
  }
  const { method } = outgoing;
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (!becomesGet) {
    return { ...outgoing, url };
  }
  const headers = new Headers(outgoing.headers);
  for (const name of BODY_HEADERS) {
    headers.delete(name);
  }
  return { method: "GET", url, headers, body: undefined };
}
