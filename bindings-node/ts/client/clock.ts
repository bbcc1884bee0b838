// The time as the target sees it, as far as a refusal has told.

/** Seconds that lie within the precision of a Date header and of the way there. */
const NOISE = 1;

/** A clock that learns. */
export class Clock {
  readonly #longestSkew: number;
  #skew = 0;

  constructor(longestSkew: number) {
    this.#longestSkew = longestSkew;
  }

  /** Seconds that the clock of the target is ahead. */
  get skew(): number {
    return this.#skew;
  }

  /** The time to sign with, in Unix seconds. */
  now(): number {
    return Math.floor(Date.now() / 1000) + this.#skew;
  }

  /** Takes the time from an answer that refuses ours. True where that changes what will be signed. */
  learn(response: Response): boolean {
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirs)) {
      return false;
    }
    const skew = Math.round((theirs - Date.now()) / 1000);
    if (Math.abs(skew) > this.#longestSkew || Math.abs(skew - this.#skew) <= NOISE) {
      return false;
    }
    this.#skew = skew;
    return true;
  }
}
