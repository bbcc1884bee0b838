// The id of the request that is being served, for the calls that are made while it is. It costs something for every promise of
// the process, so the servers take part only where a client wants to know.

import { AsyncLocalStorage } from "node:async_hooks";

let storage: AsyncLocalStorage<string> | undefined;

/** Wants to know: from now on the servers say what they are serving. */
export function wantRequestIds(): void {
  storage ??= new AsyncLocalStorage();
}

/** The id of the request that is being served here. */
export function servedRequestId(): string | undefined {
  return storage?.getStore();
}

/** Serves a request: what is called meanwhile knows its id. */
export function serving<T>(requestId: string | null, work: () => T): T {
  return storage === undefined || requestId === null ? work() : storage.run(requestId, work);
}
