// What an application may do with each request and each answer of a client.

/** A request that is about to be signed and sent. What an interceptor changes of its headers is sent too. */
export interface ServedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** Which try it is, from 1. */
  readonly attempt: number;
}

/** Functions that see what goes out and what comes in. What they throw ends the call as it is. */
export interface Interceptors {
  /** Called before each try is signed. */
  readonly onRequest?: ((request: ServedRequest) => void | Promise<void>) | undefined;
  /** Called with each answer, refusals and failures included. */
  readonly onResponse?: ((response: Response, request: ServedRequest) => void | Promise<void>) | undefined;
}
