/**
 * A replay store that several processes share, so that a request is accepted once by all of them together.
 *
 * @packageDocumentation
 */

import { randomBytes } from "node:crypto";

import { harmless, warn } from "./reporting.js";
import type { ReplayStore } from "./server/replay.js";
import type { ReplayOutcome } from "./verifier.js";

export type { ReplayStore } from "./server/replay.js";

/** Options of the store. */
export interface RedisReplayOptions {
  /** What all keys begin with; `wiresign:replay:` unless given, in every language. */
  readonly prefix?: string | undefined;
  /** The longest wait for an answer, in milliseconds; 1,000 unless given. */
  readonly timeout?: number | undefined;
  /** Told why there was no answer; a warning of the process unless given. */
  readonly onError?: ((error: unknown) => unknown) | undefined;
}

/** A client of the ioredis package. */
export interface IoRedis {
  set(key: string, value: string, ex: "EX", seconds: number, nx: "NX"): Promise<unknown>;
  get(key: string): Promise<string | null>;
  readonly defineCommand: unknown;
}

/** A client of the redis package (node-redis). */
export interface NodeRedis {
  set(key: string, value: string, options: { readonly EX: number; readonly NX: true }): Promise<unknown>;
  get(key: string): Promise<unknown>;
}

type Insert = (key: string, mark: string, seconds: number) => Promise<unknown>;

const PREFIX = "wiresign:replay:";
const TIMEOUT = 1000;

/**
 * Asks Redis or Valkey through a client of yours, of ioredis or of node-redis.
 *
 * What the store forgets can come again: it needs a memory policy of `noeviction`, and to survive its own restart
 * `appendonly yes` with `appendfsync always`.
 */
export class RedisReplay implements ReplayStore {
  readonly #insert: Insert;
  readonly #get: (key: string) => Promise<unknown>;
  readonly #prefix: string;
  readonly #timeout: number;
  readonly #onError: (error: unknown) => unknown;

  constructor(client: IoRedis | NodeRedis, options: RedisReplayOptions = {}) {
    this.#insert = insertOf(client);
    this.#get = (key) => client.get(key);
    this.#prefix = options.prefix ?? PREFIX;
    this.#timeout = options.timeout ?? TIMEOUT;
    this.#onError = options.onError ?? warnOfSilence;
  }

  /** Remembers a key for so long, unless it is there: both in one step for all processes. */
  async insert(key: string, seconds: number): Promise<ReplayOutcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${this.#timeout} ms`));
      }, this.#timeout);
    });
    try {
      return await Promise.race([this.#ask(this.#prefix + key, seconds), late]);
    } catch (error) {
      harmless("onError", () => this.#onError(error));
      return "unavailable";
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(name: string, seconds: number): Promise<ReplayOutcome> {
    const mark = randomBytes(16).toString("hex");
    if ((await this.#insert(name, mark, seconds)) === "OK") {
      return "first";
    }
    // A client that lost an answer sends the command again, and finds what it has written itself.
    const found = await this.#get(name);
    if (found === null || found === undefined) {
      return "unavailable";
    }
    return (found as string | Buffer).toString() === mark ? "first" : "repeated";
  }
}

function insertOf(client: IoRedis | NodeRedis): Insert {
  if ("defineCommand" in client) {
    return (key, mark, seconds) => client.set(key, mark, "EX", seconds, "NX");
  }
  return (key, mark, seconds) => client.set(key, mark, { EX: seconds, NX: true });
}

function warnOfSilence(error: unknown): void {
  warn(new Error(`The replay store gave no answer: ${String(error)}`));
}
