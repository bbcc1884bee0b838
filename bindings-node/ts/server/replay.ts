// What a server asks whether another process has accepted the same request.

import { Refusal } from "../refusal.js";
import { warn } from "../reporting.js";
import type { Verified } from "../verified.js";
import type { ReplayOutcome, Verifier } from "../verifier.js";

/** A store that several processes share. */
export interface ReplayStore {
  /** Remembers a key for so many seconds, unless it is there: both in one step for all processes. */
  insert(key: string, seconds: number): Promise<ReplayOutcome>;
}

/** Whether a verdict waits for the word of a store. */
export function isUnsettled(verdict: Verified | Refusal): verdict is Verified {
  return !(verdict instanceof Refusal) && verdict.replaySeconds !== null;
}

/** Asks the store about an accepted request; without one, or where it fails, it is out of reach. */
export async function settle(
  verifier: Verifier,
  store: ReplayStore | undefined,
  verified: Verified,
): Promise<Verified | Refusal> {
  const { replayKey, replaySeconds } = verified;
  let outcome: ReplayOutcome = "unavailable";
  if (store !== undefined && replayKey !== null && replaySeconds !== null) {
    try {
      outcome = await store.insert(replayKey, replaySeconds);
    } catch (failure) {
      warn(new Error(`The replay store failed: ${String(failure)}`));
    }
  }
  try {
    verifier.settleReplay(verified, outcome);
    return verified;
  } catch (refusal) {
    if (refusal instanceof Refusal) {
      return refusal;
    }
    throw refusal;
  }
}
