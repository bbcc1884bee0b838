import { inspect } from "node:util";

import { nativeOf, type Config } from "./config.js";
import { SigningError } from "./errors.js";
import { flatten, type RequestHeaders } from "./headers.js";
import { statusOf, type HttpResponse } from "./response.js";
import { CLOCK, isTime } from "./time.js";
import { native, type HotSign, type NativeSigner } from "./native.js";
import type { RequestHead } from "./verifier.js";

/** What will be sent. */
export interface OutgoingRequest {
  /** The method; it is signed in upper case. */
  readonly method: string;
  /** The raw target: path and query exactly as they will be on the wire. */
  readonly target: string;
  /** The body, byte for byte; text stands for its UTF-8 bytes. */
  readonly body?: Uint8Array | string | undefined;
  /** The headers that will be sent beside the signature, for schemes that sign some of them. */
  readonly headers?: RequestHeaders | undefined;
  /** The authority (`Host`). */
  readonly authority?: string | undefined;
}

/** Options of making a signer. */
export interface SignerOptions {
  /** The service that will be called; schemes that sign no target need none. */
  readonly target?: string | undefined;
}

/** Credentials of AWS, as its SDK has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** There for credentials that were given out for a while. */
  readonly sessionToken?: string | undefined;
}

/** Options of one signature, for tests and for the replay of logs. */
export interface SignOptions {
  /** The time in Unix seconds; the clock unless given. */
  readonly now?: number | undefined;
  /** The request id; a fresh UUID of version 4 unless given. */
  readonly nonce?: string | undefined;
}

/** Options of one link. */
export interface PresignOptions {
  /** For how many seconds the link is good. */
  readonly seconds: number;
  /** The time in Unix seconds; the clock unless given. */
  readonly now?: number | undefined;
}

/** Gives the signer of the moment, where credentials are renewed. */
export interface SignerSource {
  /** @throws {SigningError} where there is none */
  signer(): Promise<Signer>;
}

/** Headers to set, in order. */
export type SignedHeaders = [name: string, value: string][];

const EMPTY = new Uint8Array(0);

/** Holds the credential of one caller and a scheme. It shows no secret, however it is printed. */
export class Signer {
  readonly #native: NativeSigner;
  readonly #sign: HotSign;
  readonly #target: string | undefined;
  // The scheme decides the names, so they are asked for once.
  #names: string[] | undefined;

  /** @throws {SigningError} where the config has no credential to sign with, or the scheme needs a target */
  constructor(config: Config, options?: SignerOptions);
  /** @internal */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the published types have the first one only
  constructor(config: Config, options: SignerOptions, made: NativeSigner | string);
  constructor(
    config: Config,
    options: SignerOptions = {},
    made: NativeSigner | string = native.NativeSigner.create(nativeOf(config), options.target),
  ) {
    if (typeof made === "string") {
      throw new SigningError(made);
    }
    this.#native = made;
    this.#sign = made.hotSign();
    this.#target = options.target;
  }

  /**
   * A signer with credentials of AWS that were given out for a while, in place of the access keys in the config. Where they
   * are renewed, `AwsSigners` of `wiresign/aws` makes the next signer in time.
   *
   * @throws {SigningError} where the config signs with neither `aws-identity` nor `aws-sigv4`
   */
  static withAwsCredentials(config: Config, credentials: AwsCredentials, options: SignerOptions = {}): Signer {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const { target } = options;
    return new Signer(
      config,
      options,
      native.NativeSigner.withAwsCredentials(nativeOf(config), target, accessKeyId, secretAccessKey, sessionToken),
    );
  }

  /**
   * The headers to set, in order. The request is not changed.
   *
   * @throws {SigningError} where the request cannot be signed
   */
  sign(request: OutgoingRequest, options?: SignOptions): SignedHeaders {
    if (request.headers !== undefined) {
      return this.#signAll(request, request.headers, options);
    }
    const values = this.#sign(
      request.method,
      request.target,
      bytesOf(request.body),
      timeOf(options),
      options?.nonce,
      request.authority,
    );
    if (typeof values === "number") {
      throw new SigningError(this.#native.lastError());
    }
    this.#names ??= this.#native.headerNames();
    const list = values.split("\n");
    return this.#names.map((name, index) => [name, list[index] ?? ""]);
  }

  /**
   * The canonical bytes that `sign` would sign. They hold no secret.
   *
   * @throws {SigningError} where the request cannot be signed
   */
  message(request: OutgoingRequest, options?: SignOptions): Buffer {
    const body = checkedBody(request);
    const message = this.#native.message(
      request.method,
      request.target,
      flatten(request.headers ?? []),
      body,
      timeOf(options),
      options?.nonce,
      request.authority,
    );
    const { buffer, byteOffset, byteLength } = this.#made(message);
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /**
   * The target of a link that whoever holds it can follow until it ends. Only where the config signs with `aws-sigv4`. Headers
   * of the request are signed, and must be sent with it.
   *
   * @throws {SigningError} where the request cannot be signed as a link
   */
  presign(request: Omit<OutgoingRequest, "body">, options: PresignOptions): string {
    checkTexts(request);
    if (!isTime(options.seconds)) {
      throw new SigningError("the life of a link must be in whole seconds");
    }
    const link = this.#native.presign(
      request.method,
      request.target,
      flatten(request.headers ?? []),
      timeOf(options),
      options.seconds,
      request.authority,
    );
    return this.#made(link);
  }

  /**
   * Signs the response to a request so that it can be held against that request (RFC 9421, section 2.4), and gives the
   * headers to set.
   *
   * @param request as it was received, with its signature headers; where it asks for a signature by `Accept-Signature`, it
   *   gets that one
   * @throws {SigningError} where the config has no key for that
   */
  signResponse(response: HttpResponse, request: RequestHead, options?: Pick<SignOptions, "now">): SignedHeaders {
    checkTexts(request);
    const signed = this.#native.signResponse(
      statusOf(response),
      flatten(response.headers),
      checkedBytes(response.body),
      request.method,
      request.target,
      flatten(request.headers),
      timeOf(options),
      request.authority,
    );
    return this.#made(signed);
  }

  /**
   * Signs a request once more, as the response to its first attempt asks by `Accept-Signature` (RFC 9421, section 5.2), and
   * gives the headers to set.
   *
   * @param headers those of the response
   * @returns `null` where it asks for nothing
   * @throws {SigningError} where the request cannot be signed so
   */
  signAsAsked(headers: RequestHeaders, request: OutgoingRequest, options?: SignOptions): SignedHeaders | null {
    const body = checkedBody(request);
    const { failed, headers: signed } = this.#native.signAsAsked(
      flatten(headers),
      request.method,
      request.target,
      flatten(request.headers ?? []),
      body,
      timeOf(options),
      options?.nonce,
      request.authority,
    );
    return failed ? this.#made(null) : signed;
  }

  /** What the native side has made; `null` is an error that it has left. */
  #made<T>(made: T | null): T {
    if (made === null) {
      throw new SigningError(this.#native.lastError());
    }
    return made;
  }

  /** The way for requests whose own headers a scheme may sign. */
  #signAll(request: OutgoingRequest, headers: RequestHeaders, options: SignOptions | undefined): SignedHeaders {
    const signed = this.#native.sign(
      request.method,
      request.target,
      flatten(headers),
      checkedBody(request),
      timeOf(options),
      options?.nonce,
      request.authority,
    );
    return this.#made(signed);
  }

  /** What may be printed of it. */
  toJSON(): object {
    return this.#target === undefined ? {} : { target: this.#target };
  }

  [inspect.custom](): string {
    return `Signer ${inspect(this.toJSON())}`;
  }
}

/** The time for the native side. */
function timeOf(options: Pick<SignOptions, "now"> | undefined): number {
  const now = options?.now;
  if (now === undefined) {
    return CLOCK;
  }
  if (!isTime(now)) {
    throw new SigningError("the time must be in whole seconds since 1970");
  }
  return now;
}

// Callers without types pass whatever they have: what follows looks at it.

function checkedBody(request: OutgoingRequest): Uint8Array {
  checkTexts(request);
  return checkedBytes(request.body);
}

function checkTexts({ method, target }: Pick<OutgoingRequest, "method" | "target">): void {
  if (typeof method !== "string" || typeof target !== "string") {
    throw new SigningError("the method and the target must be strings");
  }
}

/** The body as bytes. */
function checkedBytes(given: Uint8Array | string | undefined): Uint8Array {
  const body = bytesOf(given);
  if (!(body instanceof Uint8Array)) {
    throw new SigningError("the body must be text or a Uint8Array");
  }
  return body;
}

function bytesOf(body: Uint8Array | string | undefined): Uint8Array {
  if (body === undefined) {
    return EMPTY;
  }
  return typeof body === "string" ? Buffer.from(body, "utf8") : body;
}
