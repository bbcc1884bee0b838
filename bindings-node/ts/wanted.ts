// Picks the headers that a config reads out of those of a request.

import { MAX_BYTES, MAX_FIELDS, type RequestHeaders } from "./headers.js";
import { MOST_VALUES, PLACES, type Exchange } from "./exchange.js";
import { native } from "./native.js";

const ASCII = /^[\0-\x7f]*$/;
const COLON = 0x3a;
/** The most spellings of names that are remembered; clients choose them. */
const MOST_SPELLINGS = 512;

/** A name as the engine keeps names of properties, which lets it compare and look up by address. */
function asName(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text;
}

const usual = native.usualHeaders().map(asName) as [string, string, string, string, string, string, string];

/** The lower-case names of the headers that the built-in schemes read, in the order of the native call. */
export const [NAME_0, NAME_1, NAME_2, NAME_3, NAME_4, NAME_5, NAME_6] = usual;
export const USUAL_NAMES: readonly string[] = usual;
const USUAL: ReadonlySet<string> = new Set(usual);
const SHORTEST = Math.min(...usual.map((name) => name.length));
const LONGEST = Math.max(...usual.map((name) => name.length));
const LOWER_CASE_X = 0x78;

/**
 * Whether looking the usual names up in lower case finds all there is: no usual name in another spelling, and no more
 * fields than are judged. All of `usualHeaders()` start with an x, which lets nearly every other name be passed over by
 * its length or its first character.
 *
 * The bytes of a record are not counted: Node has joined and dropped fields, so the sum would not be that of the wire, and
 * Node itself takes 16 KiB of headers unless told otherwise. Who has the list hands that over, as `wiresign/express` does.
 */
export function isRegular(headers: Readonly<Record<string, unknown>>): boolean {
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
      USUAL.has(name.toLowerCase())
    ) {
      return false;
    }
  }
  return fields <= MAX_FIELDS;
}

/** Whether the value of a header is one string, or not there. */
export function isOne(value: unknown): value is string | undefined {
  return typeof value === "string" || value === undefined;
}

/** The place of a name that is not wanted. */
const NOWHERE = -1;

/** The headers that one config reads. */
export class Wanted {
  /** What `collect` has found last, in the order of the wire. */
  readonly values: string[] = Array.from({ length: MOST_VALUES }, () => "");
  /** Whether a config reads the usual headers and no others. */
  readonly isUsual: boolean;
  /** The place of each name in all spellings that were seen, and of others that had to be looked at twice. */
  readonly #places: Map<string, number>;
  /** For each length, as bits, the first characters of the names: nearly every other name is passed over by them. */
  readonly #firsts = new Int32Array(64);

  constructor(names: readonly string[]) {
    this.isUsual = names.length === USUAL.size && names.every((name) => USUAL.has(name));
    this.#places = new Map(names.map((name, at) => [asName(name), at]));
    for (const name of names) {
      this.#firsts[Math.min(name.length, 63)] = (this.#firsts[Math.min(name.length, 63)] ?? 0) | first(name);
    }
  }

  /**
   * Puts the values into `values` and the places of their names into `exchange`. -1 for headers that need a closer look:
   * too many, too long, or values that are no strings. Of a record the bytes are not counted, as `isRegular` says.
   */
  collect(headers: RequestHeaders, exchange: Exchange): number {
    if (!Array.isArray(headers)) {
      return this.#collectRecord(headers as Readonly<Record<string, unknown>>, exchange);
    }
    return typeof headers[0] === "string"
      ? this.#collectFlat(headers as readonly unknown[], exchange)
      : this.#collectPairs(headers as readonly (readonly unknown[])[], exchange);
  }

  #collectRecord(headers: Readonly<Record<string, unknown>>, exchange: Exchange): number {
    let fields = 0;
    let found = 0;
    for (const name in headers) {
      fields += 1;
      if (this.#mayBeWanted(name)) {
        // Only what is wanted is looked up: in an object of many headers that is most of the work.
        const value = headers[name];
        if (typeof value === "string") {
          found = this.#take(name, value, found, exchange);
        } else if (value !== undefined && this.#placeOf(name) !== NOWHERE) {
          return -1;
        }
      }
    }
    return fields <= MAX_FIELDS && found <= MOST_VALUES ? found : -1;
  }

  #collectPairs(headers: readonly (readonly unknown[])[], exchange: Exchange): number {
    let bytes = 0;
    let found = 0;
    for (const pair of headers) {
      const name = pair[0];
      const value = pair[1];
      if (typeof name !== "string" || typeof value !== "string") {
        return -1;
      }
      bytes += name.length + value.length;
      if (this.#mayBeWanted(name)) {
        found = this.#take(name, value, found, exchange);
      }
    }
    return headers.length <= MAX_FIELDS && bytes <= MAX_BYTES && found <= MOST_VALUES ? found : -1;
  }

  #collectFlat(headers: readonly unknown[], exchange: Exchange): number {
    let fields = 0;
    let bytes = 0;
    let found = 0;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at];
      const value = headers[at + 1];
      if (typeof name !== "string" || typeof value !== "string") {
        return -1;
      }
      if (name.charCodeAt(0) === COLON) {
        continue;
      }
      fields += 1;
      bytes += name.length + value.length;
      if (this.#mayBeWanted(name)) {
        found = this.#take(name, value, found, exchange);
      }
    }
    return fields <= MAX_FIELDS && bytes <= MAX_BYTES && found <= MOST_VALUES ? found : -1;
  }

  #mayBeWanted(name: string): boolean {
    const { length } = name;
    return (((this.#firsts[length < 63 ? length : 63] as number) >>> (name.charCodeAt(0) & 31)) & 1) === 1;
  }

  /** Takes a value, if its name is wanted. Gives how many there are now; too many are counted, and not kept. */
  #take(name: string, value: string, found: number, exchange: Exchange): number {
    const place = this.#placeOf(name);
    if (place === NOWHERE) {
      return found;
    }
    if (found < MOST_VALUES) {
      exchange.cells[PLACES + found] = place;
      this.values[found] = value;
    }
    return found + 1;
  }

  #placeOf(name: string): number {
    return this.#places.get(name) ?? this.#otherSpelling(name);
  }

  #otherSpelling(name: string): number {
    // Some letters outside ASCII become letters of ASCII in lower case.
    const place = (ASCII.test(name) ? this.#places.get(name.toLowerCase()) : undefined) ?? NOWHERE;
    if (this.#places.size < MOST_SPELLINGS) {
      this.#places.set(asName(name), place);
    }
    return place;
  }
}

/** A bit for the first letter of a name, in either case. */
function first(name: string): number {
  return 1 << (name.charCodeAt(0) & 31);
}
