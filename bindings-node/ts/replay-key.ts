// What a store shared by several verifiers keeps. The core has it at hand for cold calls; a hot call hands over no text, so
// it is made here when somebody asks. A test compares both for every scheme.

import { createHash } from "node:crypto";

/** Of a request id that is signed, in the scope of its service. */
export function keyOfRequestId(service: string, requestId: string): string {
  const scope = createHash("sha256").update("wiresign-replay\n").update(service).digest().subarray(0, 16);
  return `n:${createHash("sha256").update(scope).update(requestId).digest("hex")}`;
}

/** Of a signature, as numbers of four bytes. */
export function keyOfSignature(signature: readonly number[]): string {
  return `s:${createHash("sha256").update(Int32Array.from(signature)).digest("hex")}`;
}
