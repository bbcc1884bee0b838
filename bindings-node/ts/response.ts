// Responses, which the standard signs as it signs requests.

import type { RequestHeaders } from "./headers.js";

/** A response, as it will be sent or was received. */
export interface HttpResponse {
  /** The status, such as 200. */
  readonly status: number;
  /** The header fields. */
  readonly headers: RequestHeaders;
  /** The body, byte for byte. */
  readonly body?: Uint8Array | undefined;
}

/** The status, as long as it is one. */
export function statusOf({ status }: HttpResponse): number {
  if (!(Number.isInteger(status) && status >= 100 && status <= 999)) {
    throw new RangeError("The status of a response is a number of three digits.");
  }
  return status;
}
