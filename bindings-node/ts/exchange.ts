// The memory that a hot call takes things from and leaves things in, besides its arguments; src/verifier/exchange.rs has the
// other half of the agreement.

/** The most header values of one call. */
export const MOST_VALUES = 8;

/** The most names and values of one call that hands all header fields over. */
export const MOST_PIECES = 512;

/** The memory of one verifier. */
export interface Exchange {
  /**
   * 0: in, Unix seconds, or what stands for the clock; out, when the request was signed.
   * 1: out, its age in seconds.
   */
  readonly numbers: Float64Array;
  /**
   * 0: in, how many header values there are.
   * 1: in, the bits of what is given.
   * 2 to 9: in, for each value the place of its name among those of the config.
   * 10: out, the bits of what was found.
   * 11: out, which of the values is the request id; -1 for none.
   * 12 to 19: out, the signature, where the replay key is made of that.
   * 20 and on: in, the lengths of the names and values of all header fields, where these are joined to one text.
   */
  readonly cells: Int32Array;
}

/** Where the places of names begin among the cells. */
export const PLACES = 2;
/** Where the lengths of names and values begin among them. */
export const LENGTHS = 20;

export function exchangeIn(memory: ArrayBuffer): Exchange {
  const numbers = new Float64Array(memory, 0, 2);
  return { numbers, cells: new Int32Array(memory, numbers.byteLength) };
}
