import { FailureCode } from "./codes.js";
import type { Problem } from "./native.js";

/** A config document that cannot be used. All of its problems at once, so that one run is enough to mend it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = FailureCode.CONFIG_INVALID;
  /** Every problem, in the order of the document. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ pointer, message }) => `${pointer === "" ? "(document)" : pointer}: ${message}`);
    super(`The configuration cannot be used.\n${lines.join("\n")}`);
    this.problems = problems;
  }
}

/** A request that cannot be signed; the message says what is missing. */
export class SigningError extends Error {
  override readonly name = "SigningError";
  readonly code = FailureCode.SIGNING_FAILED;
}
