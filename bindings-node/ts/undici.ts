/**
 * An interceptor for dispatchers of undici that signs the bytes that are really sent.
 *
 * @packageDocumentation
 */

import { stringify } from "node:querystring";

import type { Dispatcher } from "undici";

import { bytesNow, bytesOf, type Bytes } from "./client/bodies.js";
import { signerOf } from "./client/sending.js";
import { SigningError } from "./errors.js";
import { Signer, type SignerSource } from "./signer.js";

/** Options of the interceptor. */
export interface InterceptorOptions {
  /** The origin of the service. A request to another one, after a redirect too, is a `SigningError`. */
  readonly origin: string | URL;
  /** The longest body, in bytes, that is gathered to be signed. 10 MiB unless given. */
  readonly bodyLimit?: number | undefined;
}

const BODY_LIMIT = 10_485_760;

/**
 * An interceptor for `dispatcher.compose(…)`. With `interceptors.redirect()` before it in the list, each redirect is signed
 * anew. Bodies that are neither text nor bytes are gathered first.
 */
export function createInterceptor(
  signer: Signer | SignerSource,
  options: InterceptorOptions,
): Dispatcher.DispatcherComposeInterceptor {
  const { origin } = new URL(options.origin);

  return (dispatch) => (request, handler) => {
    const called = new URL(String(request.origin)).origin;
    if (called !== origin) {
      throw new SigningError(`a signature for ${origin} is not sent to ${called}; a signature is for one service`);
    }
    const now = bytesNow(request.body);
    if (now !== undefined && signer instanceof Signer) {
      return dispatch(signed(signer, request, now), handler);
    }
    const gathered = now ?? bytesOf(request.body, options.bodyLimit ?? BODY_LIMIT);
    Promise.all([signerOf(signer), gathered]).then(
      ([by, bytes]) => dispatch(signed(by, request, bytes), handler),
      (failure: unknown) => {
        fail(handler, failure as Error);
      },
    );
    return true;
  };
}

function signed(
  signer: Signer,
  request: Dispatcher.DispatchOptions,
  { bytes, contentType }: Bytes,
): Dispatcher.DispatchOptions {
  const { query, ...rest } = request;
  const text = query === undefined ? "" : stringify(query as Record<string, string>);
  const path = text === "" ? request.path : `${request.path}?${text}`;
  const { host } = new URL(String(request.origin));
  const headers = pairsOf(request.headers);
  if (contentType !== undefined && !headers.some(([name]) => name.toLowerCase() === "content-type")) {
    headers.push(["content-type", contentType]);
  }
  const signature = signer.sign({ method: request.method, target: path, headers, body: bytes, authority: host });
  const names = new Set(signature.map(([name]) => name.toLowerCase()));
  const kept = headers.filter(([name]) => !names.has(name.toLowerCase()));
  return { ...rest, path, body: bytes ?? null, headers: [...kept, ...signature].flat() };
}

/** Headers in any of the forms that undici takes. */
function pairsOf(headers: Dispatcher.DispatchOptions["headers"]): [string, string][] {
  if (headers === undefined || headers === null) {
    return [];
  }
  if (Array.isArray(headers) && typeof headers[0] === "string") {
    const flat = headers;
    return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as [string, string]] : []));
  }
  const entries = Symbol.iterator in headers ? (headers as Iterable<[string, string]>) : Object.entries(headers);
  const pairs: [string, string][] = [];
  for (const [name, value] of entries as Iterable<[string, string | string[] | undefined]>) {
    for (const item of value === undefined ? [] : [value].flat()) {
      pairs.push([name, item]);
    }
  }
  return pairs;
}

/** Tells a handler that nothing was sent. Dispatchers that are composed give handlers of the newer kind only. */
function fail(handler: Dispatcher.DispatchHandler, failure: Error): void {
  handler.onResponseError?.(NOTHING_TO_CONTROL, failure);
}

const NOTHING_TO_CONTROL = {
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
} as unknown as Dispatcher.DispatchController;
