// The header fields of a request as Node has them: handed over to be judged, and freed of what nothing proves.

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { MAX_BYTES, MAX_FIELDS, type RequestHeaders } from "../headers.js";
import type { Verified } from "../verified.js";
import type { InForce } from "../verifier.js";
import { look } from "./look.js";

/** What a handler might take for the name of the caller. */
const IDENTITY_HEADERS = ["x-service-id", "x-service-name"] as const;

/**
 * The header fields to judge. Node joins repeats, but the limits count what was on the wire.
 *
 * @param exact whether a scheme reads headers that Node joins or drops in ways of its own
 */
export function headersOf(request: IncomingMessage, headers: IncomingHttpHeaders, exact: boolean): RequestHeaders {
  const raw = look(request, "rawHeaders");
  if (exact || look(request, "httpVersionMajor") > 1) {
    return raw;
  }
  let bytes = 0;
  for (const text of raw) {
    bytes += text.length;
  }
  return raw.length <= MAX_FIELDS * 2 && bytes <= MAX_BYTES ? headers : raw;
}

/** The header with the proof of an IAM identity. */
export const PROOF = "x-service-aws-identity";

/** Where the standards have their credentials, in headers that others use for other things. */
const CARRIERS: readonly (readonly [scheme: string, isThere: (headers: Fields, target: string) => boolean])[] = [
  ["rfc9421", (headers) => headers["signature"] !== undefined || headers["signature-input"] !== undefined],
  ["aws-sigv4", (headers, target) => starts(headers, /^aws4-/i) || /[?&]x-amz-(credential|signature)=/i.test(target)],
  ["aws-identity", (headers) => headers[PROOF] !== undefined],
  ["jwt", (headers) => starts(headers, /^bearer( |$)/i)],
];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Whether a request carries anything of a credential that is accepted somewhere. A request id alone is none: everybody may send
 * one.
 */
export function claimsSomething(headers: Fields, target: string, { config, accepted, queryNames }: InForce): boolean {
  return (
    config.headerNames.some((name) => headers[name] !== undefined && name !== "x-request-id") ||
    CARRIERS.some(([scheme, isThere]) => accepted.has(scheme) && isThere(headers, target)) ||
    (queryNames.length > 0 && namesOne(target, queryNames))
  );
}

/** Whether a query has a parameter of one of these names, however that is escaped. */
function namesOne(target: string, names: readonly string[]): boolean {
  const query = target.slice(target.indexOf("?") + 1);
  const parameters = new URLSearchParams(target.includes("?") ? query : "");
  return names.some((name) => parameters.has(name));
}

function starts({ authorization }: Fields, pattern: RegExp): boolean {
  return typeof authorization === "string" && pattern.test(authorization);
}

/** The headers that a handler might take for the name of somebody. */
export class IdentityHeaders {
  /** In lower case. */
  readonly names: readonly string[];
  readonly #own: ReadonlySet<string>;

  /** @param own names that the application takes for an identity, which no client may choose */
  constructor(own: readonly string[] = []) {
    // Callers without types may pass one name, which is a list of letters.
    if (typeof own === "string") {
      throw new TypeError("wiresign: identityHeaders is a list of names.");
    }
    this.#own = new Set(own.map((name) => name.toLowerCase()));
    this.names = [...new Set([...IDENTITY_HEADERS, ...this.#own])];
  }

  /** Whether a header says what the signature proves. Beside another scheme's credential anybody may have written it. */
  #isProven(name: string, value: string | readonly string[], verified: Verified | undefined): boolean {
    return !this.#own.has(name) && verified?.isPublic === false && value === verified.service;
  }

  #isUnproven(name: string, value: string | readonly string[] | undefined, verified: Verified | undefined): boolean {
    return value !== undefined && !this.#isProven(name, value, verified);
  }

  /** Those that are there and prove nothing. */
  unproven(
    valueOf: (name: string) => string | readonly string[] | undefined,
    verified: Verified | undefined,
  ): string[] {
    return this.names.filter((name) => this.#isUnproven(name, valueOf(name), verified));
  }

  /** Removes those that prove nothing. */
  strip(request: IncomingMessage, verified: Verified | undefined, headers = look(request, "headers")): void {
    for (const name of this.names) {
      if (!this.#isUnproven(name, headers[name], verified)) {
        continue;
      }
      // Node makes this one of rawHeaders when it is first read, by a count that must still be right then. HTTP/2 has none.
      const distinct = request.headersDistinct as NodeJS.Dict<string[]> | undefined;
      for (const fields of [headers, distinct]) {
        if (fields !== undefined) {
          // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the names are those of the option
          delete fields[name];
        }
      }
      const raw = request.rawHeaders;
      for (let at = raw.length - 2; at >= 0; at -= 2) {
        if (raw[at]?.toLowerCase() === name) {
          raw.splice(at, 2);
        }
      }
    }
  }
}
