// Asks the known services whether they are up.

import type { Config } from "../config.js";
import type { Fetch } from "./sending.js";

/** What one service answered. */
export interface Health {
  readonly service: string;
  /** Whether the answer was 2xx. */
  readonly isUp: boolean;
  /** The status; `null` where there was no answer. */
  readonly status: number | null;
  readonly milliseconds: number;
  /** What was in the way of an answer. */
  readonly error: string | null;
}

/** Options of asking. */
export interface HealthOptions {
  /** The services to ask; all that have a url unless given. */
  readonly services?: readonly string[] | undefined;
  /** Where to ask; `/health` unless given. */
  readonly path?: string | undefined;
  /** The longest time for each, in milliseconds; 2,000 unless given. */
  readonly timeout?: number | undefined;
  /** What really sends; the global `fetch` unless given. */
  readonly fetch?: Fetch | undefined;
}

/** Asks each service that has a url, or those named. The question is unsigned, for routes that are public. */
export async function checkHealth(config: Config, options: HealthOptions = {}): Promise<Record<string, Health>> {
  const services = options.services ?? config.serviceIds.filter((id) => config.url(id) !== null);
  const ask = async (service: string): Promise<[string, Health]> => {
    const url = config.url(service);
    if (url === null) {
      throw new TypeError(`wiresign: the registry has no url for the service ${service}.`);
    }
    return [service, await askHealth(service, url, options)];
  };
  return Object.fromEntries(await Promise.all(services.map(ask)));
}

/** Asks one service. */
export async function askHealth(service: string, url: string, options: HealthOptions): Promise<Health> {
  const { path = "/health", timeout = 2000, fetch = globalThis.fetch } = options;
  const started = performance.now();
  const health = (told: Partial<Health>): Health => {
    return { service, isUp: false, status: null, error: null, ...told, milliseconds: performance.now() - started };
  };
  try {
    const signal = AbortSignal.timeout(timeout);
    const response = await fetch(url.replace(/\/+$/, "") + path, { signal, redirect: "manual" });
    await response.body?.cancel();
    return health({ isUp: response.ok, status: response.status });
  } catch (failure) {
    return health({ error: nameOf(failure) });
  }
}

function nameOf(failure: unknown): string {
  const { code, name, cause } = failure as { code?: unknown; name?: string; cause?: { code?: string } };
  return cause?.code ?? (typeof code === "string" ? code : (name ?? String(failure)));
}
