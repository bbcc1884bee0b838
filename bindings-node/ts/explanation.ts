import { inspect } from "node:util";

import type { ExplanationFields, Hint } from "./native.js";

/** How a verification went, and what probably went wrong. For operators; as text it is for people. */
export class Explanation {
  readonly #fields: ExplanationFields;

  private constructor(fields: ExplanationFields) {
    this.#fields = fields;
  }

  /** @internal */
  static of(fields: ExplanationFields): Explanation {
    return new Explanation(fields);
  }

  /** `OK`, or the code of the refusal. */
  get verdict(): string {
    return this.#fields.verdict;
  }

  /** The causes; those that a signature proves come first. */
  get hints(): readonly Hint[] {
    return this.#fields.hints;
  }

  /** All of it as one JSON object. */
  json(): string {
    return this.#fields.json;
  }

  /** All of it for people. */
  toString(): string {
    return this.#fields.text;
  }

  /** All of it, for a log. */
  toJSON(): object {
    return JSON.parse(this.#fields.json) as object;
  }

  [inspect.custom](): string {
    return this.#fields.text;
  }
}
