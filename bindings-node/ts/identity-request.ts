import { inspect } from "node:util";

import type { NativeIdentityRequest } from "./native.js";

/** What AWS answered to a question. */
export interface IdentityAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

const natives = new WeakMap<IdentityRequest, NativeIdentityRequest>();

/**
 * A question to AWS: who made the proof of an IAM identity. It is sent as it is, over TLS, without following redirects. What it
 * holds proves who somebody is, so it is not printed.
 */
export class IdentityRequest {
  /** Always POST. */
  readonly method: string;
  /** The endpoint of STS in a region of the config. */
  readonly url: string;
  /** Names and values of the headers to send, Host among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Always the same. */
  readonly body: string;

  private constructor({ method, url, headers, body }: NativeIdentityRequest) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
  }

  /** @internal */
  static of(made: NativeIdentityRequest): IdentityRequest {
    const question = new IdentityRequest(made);
    natives.set(question, made);
    return question;
  }

  /** What may be printed of it. */
  toJSON(): object {
    return { url: this.url };
  }

  [inspect.custom](): string {
    return `IdentityRequest ${inspect(this.toJSON())}`;
  }
}

/** The question of the native side. */
export function nativeOfQuestion(question: IdentityRequest): NativeIdentityRequest {
  const made = natives.get(question);
  if (made === undefined) {
    throw new TypeError("An IdentityRequest of identityRequest() is needed.");
  }
  return made;
}
