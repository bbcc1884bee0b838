import type { NativeBodyVerification } from "./native.js";
import { Refusal } from "./refusal.js";
import { verifiedFrom, type Ground, type Verified } from "./verified.js";

/** A verification that waits for the rest of the body. Used up by `finish`, or by a refusal. */
export class BodyVerification {
  #native: NativeBodyVerification | undefined;
  readonly #needsBody: boolean;

  readonly #terms: Ground;

  private constructor(made: NativeBodyVerification, terms: Ground) {
    this.#native = made;
    this.#terms = terms;
    this.#needsBody = made.needsBody;
  }

  /** @internal */
  static of(made: NativeBodyVerification, terms: Ground): BodyVerification {
    return new BodyVerification(made, terms);
  }

  /** False on a public route, whose body nobody looks at. */
  get needsBody(): boolean {
    return this.#needsBody;
  }

  /**
   * Takes the next bytes of the body. They are not verified before `finish` has returned.
   *
   * @throws {Refusal} as soon as the body is too long
   */
  update(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError("The body must be bytes: a Buffer or another Uint8Array.");
    }
    this.#require((live) => live.update(bytes));
  }

  /**
   * Takes the length that the head declares (`Content-Length`), before any of the body is there.
   *
   * @throws {Refusal} where that is too long
   */
  declareLength(length: number): void {
    if (!(Number.isSafeInteger(length) && length >= 0)) {
      throw new RangeError("The length of a body must be a whole number of bytes.");
    }
    this.#require((live) => live.declareLength(length));
  }

  /**
   * Ends the body and gives the verdict.
   *
   * @throws {Refusal} where the request is not accepted
   */
  finish(): Verified {
    const live = this.#live();
    this.#native = undefined;
    const fields = live.finish();
    if (fields === null) {
      throw Refusal.of(live.takeRefusal());
    }
    return verifiedFrom(fields, this.#terms);
  }

  #require(step: (live: NativeBodyVerification) => boolean): void {
    const live = this.#live();
    if (!step(live)) {
      this.#native = undefined;
      throw Refusal.of(live.takeRefusal());
    }
  }

  #live(): NativeBodyVerification {
    if (this.#native === undefined) {
      throw new Error("This BodyVerification has given its verdict; begin another one.");
    }
    return this.#native;
  }
}
