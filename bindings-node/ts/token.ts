// What a token says beyond who calls. Its claims are read when somebody asks for them.

import { randomUUID } from "node:crypto";

import type { TokenFields } from "./native.js";

/** A value in the claims of a token. Whole numbers that a `number` cannot hold are `bigint`s. */
export type Claim = null | boolean | number | bigint | string | readonly Claim[] | Claims;

/** The claims of a token. */
export interface Claims {
  readonly [name: string]: Claim;
}

/** Stands before digits that are to become a `bigint`. Nobody can know it, so no text of a token begins with it. */
const DIGITS = `${randomUUID()}:`;
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Fewer digits than this fit into a `number`. */
const LONG_NUMBER = /\d{16}/;

/** One verified token. */
export class Token {
  readonly tenant: string | null;
  readonly expires: number;
  /** The claims as JSON text. */
  readonly text: string;
  #claims: Claims | undefined;

  constructor({ tenant, expires, claims }: TokenFields) {
    this.tenant = tenant;
    this.expires = expires;
    this.text = claims;
  }

  get claims(): Claims {
    return (this.#claims ??= parse(this.text));
  }
}

/** Reads a JSON object without changing a whole number, however long it is. */
function parse(text: string): Claims {
  const exact = LONG_NUMBER.test(text) ? text.replace(TEXT_OR_NUMBER, marked) : text;
  return JSON.parse(exact, (_name, value: Claim) =>
    typeof value === "string" && value.startsWith(DIGITS) ? BigInt(value.slice(DIGITS.length)) : Object.freeze(value),
  ) as Claims;
}

function marked(token: string): string {
  const isWhole = /^-?\d+$/.test(token);
  return isWhole && !Number.isSafeInteger(Number(token)) ? `"${DIGITS}${token}"` : token;
}
