// Asks AWS who made the proof of an IAM identity.

import http, { type Agent, type IncomingMessage } from "node:http";
import https from "node:https";

import type { IdentityAnswer, IdentityRequest } from "../identity-request.js";
import { harmless, warn } from "../reporting.js";
import { Turns } from "./turns.js";

/** Options of asking. */
export interface StsOptions {
  /** The longest time of a question as a whole, waiting included, in milliseconds; 3,000 unless given. */
  readonly timeout?: number | undefined;
  /** How many questions are under way at the same time at most; 16 unless given. */
  readonly atOnce?: number | undefined;
  /** Where to send all questions in tests, on this machine. The headers stay as they are. */
  readonly endpoint?: string | URL | undefined;
  /** Opens the connections, through a proxy for example; one of `node:https` that keeps them unless given. */
  readonly agent?: Agent | undefined;
  /** Told of each question that got no answer; a warning of the process unless given. */
  readonly onError?: ((error: Error) => unknown) | undefined;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);
const MOST_BYTES = 16_384;

/**
 * Sends questions to the Security Token Service of AWS. Server adapters take it as the option `aws`, and one serves all of a
 * process. A question goes out as the core makes it: over TLS, to the host of a region in the config, and nowhere else.
 */
export class Sts {
  readonly #timeout: number;
  readonly #endpoint: URL | undefined;
  readonly #agent: Agent;
  readonly #onError: (error: Error) => unknown;
  readonly #turns: Turns;
  /** Several requests with the same proof wait for one answer. */
  readonly #underWay = new Map<string, Promise<IdentityAnswer | null>>();

  constructor({ timeout = 3000, atOnce = 16, endpoint, agent, onError = warn }: StsOptions = {}) {
    if (!(timeout > 0) || !(atOnce >= 1)) {
      throw new RangeError("wiresign: timeout and atOnce must be more than 0.");
    }
    const replaced = endpoint === undefined ? undefined : new URL(endpoint);
    if (replaced !== undefined && !LOOPBACK.has(replaced.hostname)) {
      throw new TypeError("wiresign: the endpoint is for tests, and must be on this machine.");
    }
    this.#timeout = timeout;
    this.#endpoint = replaced;
    this.#agent = agent ?? new (replaced?.protocol === "http:" ? http : https).Agent({ keepAlive: true });
    this.#onError = onError;
    this.#turns = new Turns(atOnce);
  }

  /** Sends a question; `null` where there is no answer. */
  ask(question: IdentityRequest): Promise<IdentityAnswer | null> {
    const key = JSON.stringify([question.url, question.headers]);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) {
      return underWay;
    }
    const answer = this.#ask(question).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, answer);
    return answer;
  }

  async #ask(question: IdentityRequest): Promise<IdentityAnswer | null> {
    const timeOut = new AbortController();
    const timer = setTimeout(() => {
      timeOut.abort(new Error(`there was no whole answer within ${this.#timeout} ms`));
    }, this.#timeout);
    try {
      await this.#turns.take(timeOut.signal);
      try {
        return await this.#send(question, timeOut.signal);
      } finally {
        this.#turns.over();
      }
    } catch (failure) {
      // A connection that is given up says that it was, and not why.
      const cause: unknown = timeOut.signal.aborted ? timeOut.signal.reason : failure;
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new Error(`${question.url} gave no answer: ${why}`, { cause });
      harmless("onError", () => this.#onError(error));
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  async #send({ method, url, headers, body }: IdentityRequest, signal: AbortSignal): Promise<IdentityAnswer> {
    const target = this.#endpoint ?? new URL(url);
    // Only the endpoint of a test may be without TLS: what else speaks plain HTTP is no URL for this client.
    const { request } = this.#endpoint?.protocol === "http:" ? http : https;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers: Object.fromEntries(headers), agent: this.#agent, signal };
      // It decodes nothing and follows no redirect.
      request(target, options, resolve).on("error", reject).end(body);
    });
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > MOST_BYTES) {
        throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
      }
      pieces.push(piece);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces, length) };
  }
}
