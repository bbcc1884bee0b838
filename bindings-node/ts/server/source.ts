// Where an adapter takes its verifier from.

import type { Config } from "../config.js";
import type { Verifier } from "../verifier.js";
import { Gate, type ServerOptions } from "./gate.js";

/** Exactly one of the two. */
export interface Source {
  /** The config to judge by. */
  readonly config?: Config | undefined;
  /** A verifier of your own, to replace its config later or to read its counters. */
  readonly verifier?: Verifier | undefined;
}

/** A gate by the one that is given. */
export function gateFrom({ config, verifier }: Source, options: ServerOptions): Gate {
  const source = verifier ?? config;
  if (source === undefined || (verifier !== undefined && config !== undefined)) {
    throw new TypeError("wiresign: give either a config or a verifier among the options.");
  }
  return new Gate(source, options);
}
