// Takes the body of a request from its stream, and puts the same bytes back for whoever comes next.

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

import { look } from "./look.js";

/** The client went away before the body was complete. Nobody is left to be answered. */
export class Aborted extends Error {
  override readonly name = "Aborted";
}

const NOTHING = Buffer.alloc(0);

/** The stream of a request over HTTP/2, which the head of one over HTTP/1.1 does not have. */
export function streamOf(request: IncomingMessage): Http2ServerRequest["stream"] | undefined {
  return look(request, "httpVersionMajor") < 2 ? undefined : (request as unknown as Http2ServerRequest).stream;
}

/** Whether a body follows the head. Node has checked both fields when it read the head. */
export function hasBody(request: IncomingMessage, headers: IncomingHttpHeaders = look(request, "headers")): boolean {
  // HTTP/1.1 needs one of the two; over HTTP/2 neither is needed.
  return (
    declaredLength(headers) > 0 ||
    headers["transfer-encoding"] !== undefined ||
    streamOf(request)?.endAfterHeaders === false
  );
}

/** Whether somebody has taken bytes of the body already, or is about to. */
export function isBodyConsumed(request: IncomingMessage): boolean {
  return request.readableDidRead || request.readableEnded || request.readableFlowing === true;
}

/** The length that the head declares; 0 where it declares none. */
export function declaredLength(headers: IncomingHttpHeaders): number {
  const declared = headers["content-length"];
  return declared === undefined ? 0 : Number(declared);
}

/** Whether all of the body has arrived, read or not. */
function isComplete(request: IncomingMessage): boolean {
  // Over HTTP/2 "complete" means that somebody has read it all; the stream below it knows when the last byte came.
  return streamOf(request)?.readableEnded ?? request.complete;
}

/** As much of what a stream keeps of itself as is looked at here. Node has kept its chunks in a list, later in an array. */
interface Kept {
  readonly buffer?: readonly unknown[] | { readonly head?: { readonly data?: unknown } | null } | null;
  readonly bufferIndex?: number;
}

/**
 * The whole body, where it has arrived in one chunk, which stays in the stream as it is. Short bodies are there one tick
 * after the head: then the parser has put into the stream what came in the same packet. Nobody needs to be told of it by
 * events, which cost several times what a verification does. `undefined`: it must be waited for.
 */
export function arrivedBody(request: IncomingMessage, length: number): Buffer | undefined {
  const { buffer, bufferIndex = 0 } = look(request as unknown as { readonly _readableState: Kept }, "_readableState");
  const first: unknown =
    buffer != null && "head" in buffer ? buffer.head?.data : (buffer as readonly unknown[] | undefined)?.[bufferIndex];
  return Buffer.isBuffer(first) && first.length === length ? first : undefined;
}

/**
 * Reads the whole body, then makes the stream start again from its first byte: a parser or a handler that comes later reads
 * it as if nobody had.
 *
 * @param take sees each piece as it arrives; what it throws ends the reading, and the rest stays unread
 * @param done gets the whole body, or the reason why there is none: an `Aborted`, or what `take` threw
 */
export function takeBody(
  request: IncomingMessage,
  take: (piece: Buffer) => void,
  done: (failure: unknown, body: Buffer | undefined) => void,
): void {
  const pieces: Buffer[] = [];
  let length = 0;

  const stop = (failure: unknown, body?: Buffer): void => {
    request.removeListener("readable", read);
    request.removeListener("error", abort);
    request.removeListener("close", abort);
    // The stream notices in the next tick that nobody listens any more. A handler that listens before is not noticed.
    process.nextTick(done, failure, body);
  };
  const abort = (): void => {
    stop(new Aborted("The client went away before the body was complete."));
  };
  const read = (): void => {
    // The stream says that it has ended only after a read that finds nothing. It must not: ended, it takes nothing back. So
    // it is read only while something is there, and the parser tells that nothing will follow.
    while (request.readableLength > 0) {
      const piece = request.read() as Buffer | null;
      if (piece === null) {
        break;
      }
      length += piece.length;
      pieces.push(piece);
      try {
        take(piece);
      } catch (failure) {
        stop(failure);
        return;
      }
    }
    if (isComplete(request)) {
      const body = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
      if (length > 0) {
        request.unshift(body);
      }
      stop(undefined, body);
    }
  };

  if (request.destroyed) {
    abort();
    return;
  }
  if (isComplete(request) && request.readableLength === 0) {
    process.nextTick(done, undefined, NOTHING);
    return;
  }
  // A listener for "readable" makes a read that finds nothing in the next tick, unless one is under way. That would end the
  // stream of a body that turns out to be empty, and whoever listens later would wait for the end for ever.
  request.read(0);
  request.on("error", abort);
  request.on("close", abort);
  request.on("readable", read);
}
