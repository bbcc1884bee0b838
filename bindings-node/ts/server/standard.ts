// The verifier of a process that names none: one for all of its handlers, since each verifier remembers its own requests only.

import { existsSync } from "node:fs";

import { Config } from "../config.js";
import { Verifier } from "../verifier.js";

const FILE = "wiresign.json";

let standard: Verifier | undefined;

/** The verifier of the process: by the file in `WIRESIGN_CONFIG`, by `wiresign.json`, or by environment variables alone. */
export function standardVerifier(): Verifier {
  standard ??= new Verifier(read());
  return standard;
}

function read(): Config {
  const named = process.env["WIRESIGN_CONFIG"];
  if (named !== undefined) {
    return Config.fromFile(named);
  }
  return existsSync(FILE) ? Config.fromFile(FILE) : Config.fromEnv();
}
