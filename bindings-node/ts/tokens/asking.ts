// Asks a token endpoint once, and reads no more of its answer than a token may need.

import { gather, type Fetch } from "../client/sending.js";
import { TokenError } from "./error.js";

/** What is asked for, and of whom. */
export interface Asked {
  readonly url: string;
  readonly form: string;
  readonly fetch: Fetch;
  /** The longest wait for the whole answer, in milliseconds. */
  readonly timeout: number;
}

/** What an endpoint gives. */
export interface Given {
  readonly text: string;
  /** In seconds. */
  readonly lifetime: number;
}

const MOST_BYTES = 65_536;
/** What may stand behind `Bearer` (RFC 6750, section 2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;

/** The next token. @throws {TokenError} whatever the reason is */
export async function ask({ url, form, fetch, timeout }: Asked): Promise<Given> {
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort(new Error(`there was no whole answer within ${timeout} ms`));
  }, timeout);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: form,
      signal: abort.signal,
    });
    const body = await gather((response.body ?? []) as AsyncIterable<Uint8Array>, MOST_BYTES);
    return read(url, response, body.toString("utf8"));
  } catch (cause) {
    throw cause instanceof TokenError ? cause : new TokenError(url, sentenceOf(cause), { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Reads an answer as RFC 6749 has it (sections 5.1 and 5.2). */
function read(url: string, { status }: Response, body: string): Given {
  const answer = objectOf(body);
  if (status !== 200) {
    // A verification in front of the endpoint answers in its own way.
    const error = textOf(answer["error"]);
    const sentence = textOf(answer["error_description"]) ?? textOf(answer["code"]) ?? error ?? "no reason was given";
    throw new TokenError(url, `the answer has the status ${status}: ${sentence}`, { status, error });
  }
  const { access_token: text, token_type: type, expires_in: lifetime } = answer;
  const isBearer = typeof type === "string" && type.toLowerCase() === "bearer";
  if (typeof text !== "string" || !TOKEN.test(text) || !isBearer) {
    throw new TokenError(url, "the answer holds no bearer token", { status });
  }
  if (typeof lifetime !== "number" || !(lifetime > 0)) {
    throw new TokenError(url, "the answer does not say for how long the token is good", { status });
  }
  return { text, lifetime };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What is to be read of a failure. That of `fetch` itself says nothing but that it failed. */
function sentenceOf(failure: unknown): string {
  const { message, cause } = failure instanceof Error ? failure : { message: String(failure), cause: undefined };
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
