// Signs one request and sends it, to the place where it belongs and nowhere else.

import { SigningError } from "../errors.js";
import { Signer, type SignerSource } from "../signer.js";

/** A function with the face of the global `fetch`. */
export type Fetch = typeof globalThis.fetch;
export type Init = NonNullable<Parameters<Fetch>[1]>;

/** One request as it will be on the wire. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

/** How a request is sent. */
export interface Sending {
  readonly signer: Signer | SignerSource;
  readonly fetch: Fetch;
  /** What `fetch` is told beside method, headers and body. */
  readonly init: Init;
  readonly redirects: { readonly mode: string; readonly most: number };
  /** The time to sign with, in Unix seconds; the clock unless given. */
  readonly now?: (() => number) | undefined;
  /** Sees the headers of each request that is sent, signature included. */
  readonly onSigned?: ((headers: Headers) => void) | undefined;
}

/** An answer leads where the signature does not hold. */
export class RedirectRefused extends SigningError {}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that describe a body, and go with it. */
const BODY_HEADERS = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];

/** Sends a request; redirects within its origin are followed, each with a signature of its own. */
export async function sendSigned(first: Outgoing, sending: Sending): Promise<Response> {
  const { init, redirects } = sending;
  let outgoing = first;
  for (let followed = 0; ; followed += 1) {
    dropEmptyQuery(outgoing.url);
    const headers = signed(outgoing, await signerOf(sending.signer), sending);
    sending.onSigned?.(headers);
    const { method, body } = outgoing;
    const response = await sending.fetch(outgoing.url.href, {
      ...init,
      method,
      headers,
      body: (body ?? null) as NonNullable<Init["body"]> | null,
      redirect: "manual",
    });
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null || redirects.mode === "manual") {
      return response;
    }
    await response.body?.cancel();
    if (redirects.mode === "error") {
      throw new TypeError(`fetch failed: ${outgoing.url.href} redirects, and redirects are not allowed`);
    }
    if (followed === redirects.most) {
      throw new RedirectRefused(`${outgoing.url.href}: more than ${redirects.most} redirects`);
    }
    outgoing = redirected(outgoing, response.status, location);
  }
}

/** Of a query without a character some versions of Node send the question mark, and others do not: none is signed or sent. */
export function dropEmptyQuery(url: URL): void {
  if (url.search === "") {
    url.search = "";
  }
}

/** All of a body, since a signature covers all of it. */
export async function gather(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.byteLength;
    if (length > limit) {
      throw tooLong(limit);
    }
    parts.push(piece);
  }
  return Buffer.concat(parts, length);
}

/** The failure of a body that is not gathered. */
export function tooLong(limit: number): SigningError {
  return new BodyTooLarge(`the body is longer than ${limit} bytes, so it is not gathered to be signed (bodyLimit)`);
}

/** The body is longer than what is gathered to be signed. */
export class BodyTooLarge extends SigningError {}

/** Where a redirect leads, and with what; within one origin only. */
export function redirected(outgoing: Outgoing, status: number, location: string): Outgoing {
  const url = new URL(location, outgoing.url);
  if (url.origin !== outgoing.url.origin) {
    throw new RedirectRefused(
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

/** The signer of the moment. */
export function signerOf(given: Signer | SignerSource): Signer | Promise<Signer> {
  return given instanceof Signer ? given : given.signer();
}

function signed(outgoing: Outgoing, signer: Signer, { now }: Sending): Headers {
  const headers = new Headers(outgoing.headers);
  const { method, url, body } = outgoing;
  const request = { method, target: url.pathname + url.search, headers: [...headers], body, authority: url.host };
  for (const [name, value] of signer.sign(request, { now: now?.() })) {
    headers.set(name, value);
  }
  return headers;
}
