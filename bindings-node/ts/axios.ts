/**
 * An axios adapter that signs the bytes that are really sent.
 *
 * @packageDocumentation
 */

import type { AxiosAdapter, AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from "axios";

import { bytesOf } from "./client/bodies.js";
import { dropEmptyQuery, redirected, RedirectRefused, signerOf, type Outgoing } from "./client/sending.js";
import type { Signer, SignerSource } from "./signer.js";

/** Options of the adapter. */
export interface AdapterOptions {
  /** What really sends; the adapters that axios itself would take unless given. */
  readonly adapter?: InternalAxiosRequestConfig["adapter"];
  /** The longest body, in bytes, that is gathered to be signed. 10 MiB unless given. */
  readonly bodyLimit?: number | undefined;
}

const BODY_LIMIT = 10_485_760;
const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * An adapter for `axios.create({ adapter })`. It comes last, after the interceptors and transformations of axios, so what it
 * signs is what is sent. Redirects within the origin are signed anew; one to another origin is a `SigningError`.
 */
export function createAdapter(
  axios: AxiosStatic,
  signer: Signer | SignerSource,
  options: AdapterOptions = {},
): AxiosAdapter {
  const send = axios.getAdapter(options.adapter ?? axios.defaults.adapter);

  return async (config) => {
    const most = config.maxRedirects ?? MOST_REDIRECTS;
    let outgoing = await outgoingOf(axios, config, options.bodyLimit ?? BODY_LIMIT);
    for (let followed = 0; ; followed += 1) {
      const response: AxiosResponse = await send(signed(axios, await signerOf(signer), config, outgoing, most > 0));
      response.config = config;
      const location: unknown = REDIRECTS.has(response.status) ? response.headers["location"] : undefined;
      if (most === 0 || typeof location !== "string") {
        return response;
      }
      discard(response);
      if (followed === most) {
        throw new RedirectRefused(`${outgoing.url.href}: more than ${most} redirects`);
      }
      outgoing = redirected(outgoing, response.status, location);
    }
  };
}

async function outgoingOf(axios: AxiosStatic, config: InternalAxiosRequestConfig, limit: number): Promise<Outgoing> {
  const { bytes, contentType } = await bytesOf(config.data, limit);
  const headers = new Headers();
  for (const [name, value] of Object.entries(config.headers.toJSON())) {
    for (const text of [value].flat()) {
      headers.append(name, text);
    }
  }
  for (const [name, value] of Object.entries(headersOfForm(config.data))) {
    headers.set(name, value);
  }
  if (contentType !== undefined) {
    headers.set("content-type", contentType);
  }
  const url = new URL(axios.getUri(config));
  url.hash = "";
  return { method: (config.method ?? "get").toUpperCase(), url, headers, body: bytes };
}

/** The form-data package is a stream that knows its own headers. */
function headersOfForm(data: unknown): Record<string, string> {
  const form = data as { getHeaders?: () => Record<string, string> } | null | undefined;
  return typeof form?.getHeaders === "function" ? form.getHeaders() : {};
}

function signed(
  axios: AxiosStatic,
  signer: Signer,
  config: InternalAxiosRequestConfig,
  { method, url, headers, body }: Outgoing,
  follow: boolean,
): InternalAxiosRequestConfig {
  dropEmptyQuery(url);
  const request = { method, target: url.pathname + url.search, headers: [...headers], body, authority: url.host };
  const all = axios.AxiosHeaders.from(Object.fromEntries(headers));
  for (const [name, value] of signer.sign(request)) {
    all.set(name, value);
  }
  const accepts = config.validateStatus;
  const whole = { ...config };
  // They are in the URL now.
  delete whole.baseURL;
  delete whole.params;
  return {
    ...whole,
    method,
    url: url.href,
    headers: all,
    data: body === undefined ? undefined : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    maxRedirects: 0,
    validateStatus: (status) => (follow && REDIRECTS.has(status)) || !accepts || accepts(status),
  };
}

function discard({ data }: AxiosResponse): void {
  (data as { destroy?: () => void } | null | undefined)?.destroy?.();
}
