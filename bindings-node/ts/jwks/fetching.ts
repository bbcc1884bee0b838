// Fetches one JWK Set, and no more of it than a set may have.

/** The longest set that is taken, in bytes; the core has the same limit. */
const MOST_BYTES = 65_536;
const OK = 200;

/** What is needed of `fetch`, so that one with a proxy or certificates of its own will do. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The text of a set. Redirects are not followed: keys come from the address in the config, or not at all.
 *
 * @param signal ends the fetch, at whatever point it is
 */
export async function fetchSet(fetch: Fetch, url: string, signal: AbortSignal): Promise<string> {
  const headers = { Accept: "application/jwk-set+json, application/json" };
  const response = await fetch(url, { headers, redirect: "manual", signal });
  if (response.status !== OK) {
    await response.body?.cancel();
    throw new Error(`the answer has the status ${response.status}, and only ${OK} carries keys`);
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Counted as they arrive, behind any compression: what a head declares is only a word.
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > MOST_BYTES) {
      throw new Error(`the set is longer than ${MOST_BYTES} bytes`);
    }
    pieces.push(piece);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces, length));
}
