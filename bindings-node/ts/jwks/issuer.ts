// The keys of one issuer: when they were fetched last, and when they may be fetched again.

import { fetchSet, type Fetch } from "./fetching.js";

/** How the sets of all issuers are fetched. */
export interface Pace {
  readonly fetch: Fetch;
  /** The longest fetch, in milliseconds. */
  readonly timeout: number;
  /** From one fetch to the next, in milliseconds. */
  readonly refresh: number;
  /** The shortest time from the end of one fetch to the next, whoever asks, in milliseconds. */
  readonly cooldown: number;
}

/** Fetches the set of one issuer again and again. */
export class Issuer {
  readonly #url: string;
  readonly #pace: Pace;
  readonly #publish: (text: string) => void;
  readonly #report: (failure: unknown) => void;
  /** The set that was taken last. */
  text: string | undefined;
  #running: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #quietUntil = -Infinity;
  #isClosed = false;

  constructor(url: string, pace: Pace, publish: (text: string) => void, report: (failure: unknown) => void) {
    this.#url = url;
    this.#pace = pace;
    this.#publish = publish;
    this.#report = report;
  }

  /** Fetches, unless a fetch is under way, which will do, or one has just ended. */
  refresh(): Promise<void> {
    if (this.#running === undefined && (this.#isClosed || performance.now() < this.#quietUntil)) {
      return Promise.resolve();
    }
    return this.#start();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const { fetch, timeout, refresh, cooldown } = this.#pace;
    clearTimeout(this.#timer);
    const abort = new AbortController();
    this.#abort = abort;
    const timer = setTimeout(() => {
      abort.abort(new Error(`there was no whole answer within ${timeout} ms`));
    }, timeout);
    // The socket keeps the process alive for as long as there is something to wait for.
    timer.unref();
    let pause = cooldown;
    try {
      const text = await fetchSet(fetch, this.#url, abort.signal);
      if (!this.#isClosed) {
        this.#publish(text);
        this.text = text;
        pause = refresh;
      }
    } catch (failure) {
      if (!this.#isClosed) {
        this.#report(failure);
      }
    }
    clearTimeout(timer);
    this.#quietUntil = performance.now() + cooldown;
    if (!this.#isClosed) {
      // Without a look at the cool-down: a timer may be a little early by another clock.
      this.#timer = setTimeout(() => void this.#start(), pause).unref();
    }
  }
}
