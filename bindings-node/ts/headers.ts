// Header fields as callers hand them over, and what the verifier needs of them.

import { native } from "./native.js";

/** Header fields as in `IncomingMessage.headers`; a repeated one as an array, or joined with ", " as Node does. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Header fields as received, in order, repeats kept. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** The header fields of a request. Each character of a value stands for one byte, as Node hands them over. */
export type RequestHeaders = HeaderRecord | HeaderPairs;

/** The most header fields that are judged; the core has the same limit. */
export const MAX_FIELDS = 256;
/** The most bytes of names and values together; the core has the same limit. */
export const MAX_BYTES = 65_536;

const wanted = native.wantedHeaders() as [string, string, string, string, string, string, string];

/** The lower-case names of the headers that a verification looks at, in the order of the native call. */
export const [NAME_0, NAME_1, NAME_2, NAME_3, NAME_4, NAME_5, NAME_6] = wanted;
const WANTED: ReadonlySet<string> = new Set(wanted);
const SHORTEST = Math.min(...wanted.map((name) => name.length));
const LONGEST = Math.max(...wanted.map((name) => name.length));
const LOWER_CASE_X = 0x78;

/**
 * Whether looking the wanted names up in lower case finds all there is: no wanted name in another spelling, and no more
 * fields than are judged. All of `wantedHeaders()` start with an x, which lets nearly every other name be passed over by
 * its length or its first character.
 *
 * The bytes of a record are not counted: Node has joined and dropped fields, so the sum would not be that of the wire, and
 * Node itself takes 16 KiB of headers unless told otherwise. Who has the list hands that over, as `wiresign/express` does.
 */
export function isRegular(headers: HeaderRecord): boolean {
  let fields = 0;
  for (const name in headers) {
    const length = name.length;
    fields += 1;
    if (
      length >= SHORTEST &&
      length <= LONGEST &&
      (name.charCodeAt(0) | 0x20) === LOWER_CASE_X &&
      name !== NAME_0 &&
      name !== NAME_1 &&
      name !== NAME_2 &&
      name !== NAME_3 &&
      name !== NAME_4 &&
      name !== NAME_5 &&
      name !== NAME_6 &&
      WANTED.has(name.toLowerCase())
    ) {
      return false;
    }
  }
  return fields <= MAX_FIELDS;
}

/** Whether the value of a wanted header is one string, or not there. */
export function isOne(value: string | readonly string[] | undefined): value is string | undefined {
  return typeof value === "string" || value === undefined;
}

/** All fields as one flat list: name, value, name, value. */
export function flatten(headers: RequestHeaders): string[] {
  const flat: string[] = [];
  if (isPairs(headers)) {
    for (const pair of headers) {
      flat.push(text(pair[0]), text(pair[1]));
    }
    return flat;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) {
      for (const item of value as readonly string[]) {
        flat.push(name, text(item));
      }
    } else if (value !== undefined) {
      flat.push(name, text(value));
    }
  }
  return flat;
}

/** Tells the two forms of header fields apart. */
export function isPairs(headers: RequestHeaders): headers is HeaderPairs {
  return Array.isArray(headers);
}

// Callers without types pass whatever they have.
function text(value: unknown): string {
  if (typeof value !== "string") {
    throw new TypeError(`Header names and values must be strings, not ${typeof value}.`);
  }
  return value;
}
