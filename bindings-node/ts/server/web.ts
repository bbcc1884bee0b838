// Requests as the web has them, with headers and a body stream of their own: judged, and made anew with the same bytes.

import { Refusal } from "../refusal.js";
import type { Verified } from "../verified.js";
import { inForceOf, type RequestHead, type Verifier } from "../verifier.js";
import { Handshake, type Answered } from "./answer.js";
import type { Gate, Stopwatch } from "./gate.js";
import { PROOF } from "./headers.js";
import type { Seen } from "./observer.js";

/** A verdict, or what a handshake is answered with; and the body where one was read. */
export interface WebVerdict {
  readonly verdict: Verified | Refusal | Handshake;
  readonly body: Buffer | undefined;
}

/** What a web request does not say itself. */
export interface Arrival {
  /** The target as received. */
  readonly target: string;
  /** Who opened the connection. */
  readonly peer: string | undefined;
}

/** What the record has of a web request. */
export function seenOf(gate: Gate, request: Request, arrival: Arrival): () => Seen {
  return () => ({ method: request.method, target: arrival.target, client: clientOf(gate, request, arrival) });
}

/** The target of a web request as far as the request itself knows it: its URL without the origin. */
export function targetOf(request: Request): string {
  return request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
}

/** Judges a request, reading no more of its body than is allowed, and tells the observer. */
export async function judgeWeb(gate: Gate, request: Request, arrival: Arrival): Promise<WebVerdict> {
  const clock = gate.clock();
  await gate.identify(request.headers.get(PROOF) ?? undefined, () => headOf(gate, request, arrival), clock);
  const { verdict, body } = await judge(gate, request, arrival, clock);
  if (verdict instanceof Handshake) {
    return { verdict, body };
  }
  gate.heed(verdict, request.headers.has("authorization"));
  const final = await new Promise<Verified | Refusal>((resolve, reject) => {
    gate.settled(verdict, reject, resolve);
  });
  gate.tell(final, seenOf(gate, request, arrival), clock.microseconds);
  return { verdict: final, body };
}

async function judge(gate: Gate, request: Request, arrival: Arrival, clock: Stopwatch): Promise<WebVerdict> {
  const { verifier } = gate;
  const head = headOf(gate, request, arrival);
  const webhooks = verifier.handshakesAt(head.method, head.target);
  if (request.body === null || verifier.isPublic(head.method, head.target)) {
    return { verdict: gate.handshake(webhooks, head) ?? clock.run(() => verifier.check(head)), body: undefined };
  }
  if (request.bodyUsed) {
    throw new Error(
      "wiresign: the body of this request was read before wiresign saw it; it needs the bytes as received.",
    );
  }
  const pieces: Uint8Array[] = [];
  try {
    if (webhooks.length > 0) {
      // A handshake proves itself in its body, so its head decides nothing.
      const body = await whole(request, head, verifier);
      const received = { ...head, body };
      return { verdict: gate.handshake(webhooks, received) ?? clock.run(() => verifier.check(received)), body };
    }
    const verification = clock.run(() => verifier.begin(head));
    if (!verification.needsBody) {
      return { verdict: clock.run(() => verification.finish()), body: undefined };
    }
    const declared = Number(request.headers.get("content-length") ?? 0);
    if (declared > 0) {
      clock.run(() => {
        verification.declareLength(declared);
      });
    }
    for await (const piece of request.body as AsyncIterable<Uint8Array>) {
      clock.run(() => {
        verification.update(piece);
      });
      pieces.push(piece);
    }
    return { verdict: clock.run(() => verification.finish()), body: Buffer.concat(pieces) };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) {
      throw refusal;
    }
    return { verdict: refusal, body: undefined };
  }
}

/** The answer to a handshake of a request that claims nothing: it asks in its query. `undefined` where it is none. */
export function unclaimedHandshake(gate: Gate, request: Request, arrival: Arrival): Handshake | Refusal | undefined {
  const webhooks = request.body === null ? gate.verifier.handshakesAt(request.method, arrival.target) : [];
  return gate.handshake(webhooks, headOf(gate, request, arrival));
}

function headOf(gate: Gate, request: Request, arrival: Arrival): RequestHead {
  const { needsClient } = inForceOf(gate.verifier);
  return {
    method: request.method,
    target: arrival.target,
    headers: gate.fields([...request.headers]),
    authority: gate.authority(request.headers.get("host")),
    client: needsClient ? (clientOf(gate, request, arrival) ?? undefined) : undefined,
  };
}

function clientOf(gate: Gate, request: Request, { peer }: Arrival): string | null {
  return gate.client(peer, request.headers);
}

/** All of a body that is not too long. @throws {Refusal} of one that is */
async function whole(request: Request, head: RequestHead, verifier: Verifier): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body as AsyncIterable<Uint8Array>) {
    length += piece.length;
    pieces.push(piece);
    if (length > verifier.bodyLimit) {
      // Refuses it, whoever has sent it.
      verifier.begin(head).update(Buffer.concat(pieces, length));
    }
  }
  return Buffer.concat(pieces, length);
}

/**
 * The request for the handler: of the same class, with the bytes that were verified, and without a name that nothing proves.
 *
 * @param internal headers that no handler needs to see
 */
export function renewed<R extends Request>(
  gate: Gate,
  request: R,
  verified: Verified | undefined,
  body: Buffer | undefined,
  internal: readonly string[],
): R {
  const unproven = gate.identityHeaders.unproven((name) => request.headers.get(name) ?? undefined, verified);
  const headers = new Headers(request.headers);
  [...internal, ...unproven].forEach((name) => {
    headers.delete(name);
  });
  const { method, signal } = request;
  const content = (body ?? request.body) as NonNullable<RequestInit["body"]> | null;
  const Class = request.constructor as new (url: string, init: RequestInit & { duplex?: "half" }) => R;
  return new Class(request.url, { method, headers, signal, body: content, duplex: "half" });
}

/** The answer to a refused request or a handshake, with exactly its bytes. */
export function responseOf(answered: Answered): Response {
  const { status, headers, body } = answered.response;
  return new Response(body, { status, headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) } });
}
