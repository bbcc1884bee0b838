// Bodies as client libraries take them, as the bytes that will be sent.

import { PassThrough, type Stream } from "node:stream";

import { gather } from "./sending.js";

/** The bytes of a body, and the content type that only they know, such as the boundary of a form. */
export interface Bytes {
  readonly bytes: Uint8Array | undefined;
  readonly contentType: string | undefined;
}

/** The bytes of a body that can be had at once; `undefined` where it must be waited for. */
export function bytesNow(body: unknown): Bytes | undefined {
  if (body === undefined || body === null) {
    return { bytes: undefined, contentType: undefined };
  }
  if (typeof body === "string") {
    return { bytes: Buffer.from(body, "utf8"), contentType: undefined };
  }
  if (ArrayBuffer.isView(body)) {
    return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength), contentType: undefined };
  }
  return body instanceof ArrayBuffer ? { bytes: new Uint8Array(body), contentType: undefined } : undefined;
}

/** The bytes of any body: forms, blobs and streams too, which are gathered up to a limit. */
export async function bytesOf(body: unknown, limit: number): Promise<Bytes> {
  const now = bytesNow(body);
  if (now !== undefined) {
    return now;
  }
  if (isForm(body)) {
    // A library may have a FormData of its own; the standard class knows how to write its own one only.
    const form = new FormData();
    for (const [name, value] of body) {
      if (typeof value === "string") {
        form.append(name, value);
      } else {
        form.append(name, value, value.name);
      }
    }
    return whole(new Response(form), limit);
  }
  if (body instanceof Blob) {
    return whole(new Response(body), limit);
  }
  if (typeof body === "object" && body !== null && (Symbol.asyncIterator in body || Symbol.iterator in body)) {
    return { bytes: await gather(asBytes(body as AsyncIterable<unknown>), limit), contentType: undefined };
  }
  if (isOldStream(body)) {
    return { bytes: await gather(asBytes(body.pipe(new PassThrough())), limit), contentType: undefined };
  }
  throw new TypeError("wiresign: the body must be text, bytes, a form, a blob or a stream.");
}

async function whole(response: Response, limit: number): Promise<Bytes> {
  const pieces = response.body as AsyncIterable<Uint8Array> | null;
  return {
    bytes: pieces === null ? undefined : await gather(pieces, limit),
    contentType: response.headers.get("content-type") ?? undefined,
  };
}

async function* asBytes(pieces: AsyncIterable<unknown>): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    const { bytes } = bytesNow(piece) ?? {};
    if (bytes === undefined) {
      throw new TypeError("wiresign: a stream that is a body must give text or bytes.");
    }
    yield bytes;
  }
}

function isForm(body: unknown): body is FormData {
  return (
    typeof body === "object" &&
    body !== null &&
    Symbol.iterator in body &&
    Reflect.get(body, Symbol.toStringTag) === "FormData"
  );
}

/** A stream from before streams could be iterated, such as that of the form-data package. */
function isOldStream(body: unknown): body is Stream {
  return typeof (body as Partial<Stream> | null)?.pipe === "function";
}
