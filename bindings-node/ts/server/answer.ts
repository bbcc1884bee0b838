// Answers a request with exactly the bytes that a refusal or a handshake has for it.

import type { IncomingMessage, ServerResponse } from "node:http";

import type { HandshakeResponse } from "../native.js";
import { declaredLength, hasBody, streamOf } from "./body.js";

/** What is answered without a look at the application: a refusal, or a handshake. */
export interface Answered {
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** The answer to a webhook's sender that asks who is there. */
export class Handshake implements Answered {
  readonly response: Answered["response"];

  constructor({ status, headers, body }: HandshakeResponse) {
    this.response = { status, headers: Object.fromEntries(headers), body };
  }
}

/** How long, in milliseconds, a client may go on sending a body that nobody wants. */
const PATIENCE = 2000;

/** Answers, and gets rid of what the client may still be sending: within `bodyLimit` bytes, else the connection ends. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answered: Answered,
  bodyLimit: number,
): void {
  const { status, headers, body } = answered.response;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  response.setHeader("Content-Length", Buffer.byteLength(body));

  const stream = streamOf(request);
  if (stream !== undefined) {
    // An answer that is complete may end a stream whose request is not; the connection lives on.
    response.end(body, () => {
      stream.close();
    });
    request.resume();
    return;
  }
  const unread = hasBody(request) && !request.complete;
  const bounded = request.headers["transfer-encoding"] === undefined && declaredLength(request.headers) <= bodyLimit;
  if (!unread || bounded) {
    request.resume();
    response.end(body);
    return;
  }
  // A connection that is closed while the client still sends loses the answer on its way. So the whole answer goes out
  // first, and the end of it waits until the client has stopped, or has had its chance.
  response.setHeader("Connection", "close");
  if (request.method !== "HEAD") {
    response.write(body);
  }
  let left = bodyLimit;
  const close = (): void => {
    clearTimeout(timer);
    request.removeListener("data", discard);
    response.end();
  };
  const discard = (piece: Buffer): void => {
    left -= piece.length;
    if (left < 0) {
      close();
    }
  };
  const timer = setTimeout(close, PATIENCE);
  request.on("data", discard);
  request.once("end", close);
  request.once("close", close);
  request.once("error", close);
}
