// Header fields as callers hand them over, and what the verifier needs of them.

/** Header fields as in `IncomingMessage.headers`; a repeated one as an array, or joined with ", " as Node does. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Header fields as received, in order, repeats kept. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Header fields as in `IncomingMessage.rawHeaders`: name, value, name, value. Those of HTTP/2 that begin with a colon are none. */
export type HeaderList = readonly string[];

/** The header fields of a request. Each character of a value stands for one byte, as Node hands them over. */
export type RequestHeaders = HeaderRecord | HeaderPairs | HeaderList;

/** The most header fields that are judged; the core has the same limit. */
export const MAX_FIELDS = 256;
/** The most bytes of names and values together; the core has the same limit. */
export const MAX_BYTES = 65_536;

/** All fields as one flat list: name, value, name, value. */
export function flatten(headers: RequestHeaders): string[] {
  const flat: string[] = [];
  if (isList(headers)) {
    for (let at = 0; at < headers.length; at += 2) {
      const name = text(headers[at]);
      if (!name.startsWith(":")) {
        flat.push(name, text(headers[at + 1]));
      }
    }
    return flat;
  }
  if (isPairs(headers)) {
    for (const pair of headers) {
      flat.push(text(pair[0]), text(pair[1]));
    }
    return flat;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) {
      for (const item of value as readonly string[]) {
        flat.push(name, text(item));
      }
    } else if (value !== undefined) {
      flat.push(name, text(value));
    }
  }
  return flat;
}

/** The same fields, with another value wherever there is a `Host`. */
export function withHost(headers: RequestHeaders, host: string): RequestHeaders {
  const isHost = (name: string | undefined): boolean => name?.toLowerCase() === "host";
  if (isList(headers)) {
    return headers.map((text, at) => (at % 2 === 1 && isHost(headers[at - 1]) ? host : text));
  }
  if (isPairs(headers)) {
    return headers.map(([name, value]) => [name, isHost(name) ? host : value] as const);
  }
  return headers["host"] === undefined ? headers : { ...headers, host };
}

function isPairs(headers: RequestHeaders): headers is HeaderPairs {
  return Array.isArray(headers);
}

function isList(headers: RequestHeaders): headers is HeaderList {
  return Array.isArray(headers) && typeof headers[0] === "string";
}

// Callers without types pass whatever they have.
function text(value: unknown): string {
  if (typeof value !== "string") {
    throw new TypeError(`Header names and values must be strings, not ${typeof value}.`);
  }
  return value;
}
