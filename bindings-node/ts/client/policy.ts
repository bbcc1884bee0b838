// How patient a client is.

/** Times in milliseconds, and limits. */
export interface Policy {
  /** The longest time of one try, its answer included. 10,000 unless given. */
  readonly timeout: number;
  /** The longest time of a whole call, with all tries and all waiting. 30,000 unless given. */
  readonly totalTimeout: number;
  /** How often a call is tried at most. 3 unless given. */
  readonly attempts: number;
  /** The first wait between two tries is at most this long; each next one may be twice as long. 100 unless given. */
  readonly backoff: number;
  /** The longest wait between two tries, unless the service asks for a longer one with Retry-After. 5,000 unless given. */
  readonly longestBackoff: number;
  /** After so many failures in a row nothing is sent for a while. 5 unless given. */
  readonly breakerFailures: number;
  /** How long that is; then one call is let through to see. 30,000 unless given. */
  readonly breakerTime: number;
  /** The largest difference between the clocks that is made up for, in seconds; 0 for none. 300 unless given. */
  readonly longestSkew: number;
  /** The longest body that is gathered to be signed, in bytes. 10 MiB unless given. */
  readonly bodyLimit: number;
  /** How many redirects inside the service are followed, each signed anew. 5 unless given. */
  readonly redirects: number;
}

const USUAL: Policy = {
  timeout: 10_000,
  totalTimeout: 30_000,
  attempts: 3,
  backoff: 100,
  longestBackoff: 5_000,
  breakerFailures: 5,
  breakerTime: 30_000,
  longestSkew: 300,
  bodyLimit: 10_485_760,
  redirects: 5,
};

/** The policy with what is not given as usual. */
export function policyFrom(given: Partial<Policy> = {}): Policy {
  const policy = { ...USUAL, ...given };
  for (const [name, value] of Object.entries(policy)) {
    if (typeof value !== "number" || !(value >= 0)) {
      throw new RangeError(`wiresign: ${name} of a policy must be a number from 0 up.`);
    }
  }
  if (!Number.isSafeInteger(policy.attempts) || policy.attempts < 1) {
    throw new RangeError("wiresign: a call needs at least one try (attempts).");
  }
  return policy;
}
