// What a store shared by several verifiers keeps. The core has it at hand for cold calls; a hot call hands over no text, so
// it is made here when somebody asks. A test compares both for every scheme.

import { createHash } from "node:crypto";

import type { Facts } from "./native.js";

/**
 * Made of signed bytes only: of the nonce where the scheme signs one, in the scope of its service; else of the signature.
 *
 * @param identity the nonce; or the signature header as received
 */
export function replayKey(facts: Facts, identity: string | { readonly signature: string }): string {
  if (typeof identity !== "string") {
    return `s:${createHash("sha256").update(Buffer.from(identity.signature, "hex")).digest("hex")}`;
  }
  const scope = createHash("sha256")
    .update("wiresign-replay\n")
    .update(facts.service ?? "")
    .digest()
    .subarray(0, 16);
  return `n:${createHash("sha256").update(scope).update(identity).digest("hex")}`;
}
