// The memory that a hot call takes things from and leaves things in, besides its arguments; src/verifier/exchange.rs has the
// other half of the agreement.

/** The most header values of one call. */
export const MOST_VALUES = 8;

/** In: the bits of what there is besides a method, a target and headers. */
export const Given = {
  BODY: 1,
  AUTHORITY: 2,
  CLIENT: 4,
  /** The values stand in the order of the names, `undefined` for those that are not there. */
  IN_ORDER: 8,
} as const;

/** Out: the bits of what was found. */
export const Found = {
  TIME: 1,
  BY_REQUEST_ID: 2,
  BY_SIGNATURE: 4,
} as const;

const NUMBERS = 2;
const NUMBER_BYTES = 8;
const SIGNATURE = 4 + MOST_VALUES;

/** The memory of one verifier. */
export class Exchange {
  /** In: Unix seconds, or what stands for the clock; out: when the request was signed. Behind it, out: its age. */
  readonly #numbers: Float64Array;
  /** How many values, what is given, the place of each value's name; what was found, which value is the id, a signature. */
  readonly #cells: Int32Array;

  constructor(memory: ArrayBuffer) {
    this.#numbers = new Float64Array(memory, 0, NUMBERS);
    this.#cells = new Int32Array(memory, NUMBERS * NUMBER_BYTES);
  }

  /** Says where the name of a value stands among those of the config. */
  place(value: number, name: number): void {
    this.#cells[2 + value] = name;
  }

  begin(now: number, values: number, given: number): void {
    this.#numbers[0] = now;
    this.#cells[0] = values;
    this.#cells[1] = given;
  }

  get found(): number {
    return this.#cells[2 + MOST_VALUES] as number;
  }

  /** Which of the values is the request id; -1 for none. */
  get requestId(): number {
    return this.#cells[3 + MOST_VALUES] as number;
  }

  get timestamp(): number {
    return this.#numbers[0] as number;
  }

  get age(): number {
    return this.#numbers[1] as number;
  }

  /** The 32 bytes that a replay key is made of. */
  signature(): Int32Array {
    return this.#cells.slice(SIGNATURE, SIGNATURE + 8);
  }
}
