// The addon: finds the binary of this platform inside the package, and says what it exports. Nothing else loads it.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** One finding about a config document. */
export interface Problem {
  /** RFC 6901 JSON pointer to the member in question; empty for the whole document. */
  readonly pointer: string;
  /** A sentence that says what to do, without any secret. */
  readonly message: string;
}

/** One counter of a verifier. */
export interface Counter {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface NativeConfig {
  readonly service: string;
  readonly environment: string | null;
  readonly warnings: Problem[];
  readonly serviceIds: string[];
  readonly bodyLimit: number;
  readonly webhooks: string[];
  readonly headerNames: string[];
  /** The query parameters that may hold a signature. */
  readonly queryNames: string[];
  /** Whether requests say themselves which of their headers are signed. */
  readonly needsAllHeaders: boolean;
  readonly hasExternalReplayStore: boolean;
  readonly jwksUrls: [issuer: string, url: string][];
  /** `null` where the keys were taken. */
  publishKeys(issuer: string, jwks: string): Problem | null;
  /** Throws for what is no permission. */
  permits(service: string, claims: string | null, permission: string): boolean;
  url(service: string): string | null;
}

export interface ConfigOutcome {
  readonly config?: NativeConfig;
  readonly problems: Problem[];
}

/** What many verified requests have in common; kept once per combination, on both sides of the border. */
export interface Facts {
  readonly service: string | null;
  readonly keyId: string | null;
  readonly keyIsRetiring: boolean;
  readonly scheme: string | null;
  readonly schemes: string[];
  readonly route: string | null;
  readonly covered: string[];
  readonly requestIdIsSigned: boolean;
  readonly isPublic: boolean;
}

/** What a refusal says of the config in force. */
export interface Terms {
  readonly realm: string;
  readonly revealsCodes: boolean;
}

export interface VerifiedFields {
  /** `null` where they have a number. */
  readonly facts: Facts | null;
  readonly number: number | null;
  readonly age: number | null;
  readonly timestamp: number | null;
  readonly requestId: string | null;
  readonly replayKey: string | null;
  readonly replaySeconds: number | null;
  /** Whom its token, or AWS, says that it is about. */
  readonly subject: string | null;
  /** What its token says, where it has one. */
  readonly token: TokenFields | null;
  /** The request itself, where what a store outside says is still to come. */
  readonly unsettled: NativeVerified | null;
}

/** What a token says beyond who calls. */
export interface TokenFields {
  readonly tenant: string | null;
  readonly expires: number;
  /** The JSON text of an object. */
  readonly claims: string;
}

/** A verified request, as only the native side sees it. */
export type NativeVerified = object;

/** What a handshake is answered with, byte for byte. */
export interface HandshakeResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers to set, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body, which may be empty. */
  readonly body: string;
}

/** One cause that an explanation names. */
export interface Hint {
  /** The stable name of the cause. */
  readonly id: string;
  /** A sentence that names the cause. */
  readonly cause: string;
  /** A sentence that says what to do. */
  readonly fix: string;
  /** Whether the signature is right once this cause is taken away. */
  readonly isProved: boolean;
}

export interface ExplanationFields {
  readonly verdict: string;
  readonly hints: Hint[];
  readonly text: string;
  readonly json: string;
}

/** A question to AWS. */
export interface NativeIdentityRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: [string, string][];
  readonly body: string;
}

export interface HandshakeOutcome {
  readonly refused: boolean;
  readonly response: HandshakeResponse | null;
}

export interface AskedOutcome {
  readonly failed: boolean;
  readonly headers: [string, string][] | null;
}

export interface ContextFields {
  readonly tenant: string;
  readonly roles: string[];
  readonly keyId: string;
  readonly keyIsRetiring: boolean;
  readonly matched: string;
}

export interface NativeContexts {
  sign(tenant: string, roles: string[], now: number): string | null;
  message(tenant: string, roles: string[]): Uint8Array | null;
  verify(
    tenant: string,
    roles: string[],
    signature: string,
    now: number,
    payload: Uint8Array | undefined,
  ): ContextFields | null;
  replace(config: NativeConfig): boolean;
  lastError(): string;
  takeRefusal(): RefusalFields;
  prometheus(): string;
  counters(): Counter[];
}

export interface IssuedFields {
  readonly text: string;
  readonly expires: number;
  readonly lifetime: number;
  readonly permissions: string[];
}

export interface TokenResponseFields {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
}

export interface NativeTokenIssuer {
  issue(
    subject: string,
    audience: string,
    lifetime: number | undefined,
    permissions: string[] | undefined,
    tenant: string | undefined,
    now: number,
    id: string | undefined,
  ): IssuedFields | null;
  answer(
    caller: string | undefined,
    form: Uint8Array,
    tenant: string | undefined,
    now: number,
    id: string | undefined,
  ): TokenResponseFields | null;
  replace(config: NativeConfig): boolean;
  lastError(): string;
}

export interface RefusalFields {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly detail: string;
  readonly service: string | null;
  readonly requestId: string | null;
  readonly responseStatus: number;
  readonly responseCode: string;
  readonly wwwAuthenticate: string | null;
  readonly body: string;
}

/** Judges a request by the values of the headers that the config reads. Never throws. */
export interface HotVerify {
  (
    method: string,
    target: string,
    body: Uint8Array | undefined,
    authority: string | undefined,
    client: string | undefined,
    value0: string | undefined,
    value1: string | undefined,
    value2: string | undefined,
    value3: string | undefined,
    value4: string | undefined,
    value5: string | undefined,
    value6: string | undefined,
    value7: string | undefined,
  ): number;
  /** What else a call takes and leaves. */
  readonly exchange: ArrayBuffer;
}

/** Signs; gives the header values with a line feed between them, or a number where it cannot. Never throws. */
export type HotSign = (
  method: string,
  target: string,
  body: Uint8Array,
  now: number,
  nonce: string | undefined,
  authority: string | undefined,
) => string | number;

export interface NativeSigner {
  hotSign(): HotSign;
  /** The names of the headers, in the order of the values that the last signing gave. */
  headerNames(): string[];
  lastError(): string;
  /** As the hot call, for a request whose own headers are signed too. */
  sign(
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    nonce: string | undefined,
    authority: string | undefined,
  ): [string, string][] | null;
  message(
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    nonce: string | undefined,
    authority: string | undefined,
  ): Uint8Array | null;
  presign(
    method: string,
    target: string,
    headers: string[],
    now: number,
    validFor: number,
    authority: string | undefined,
  ): string | null;
  signResponse(
    status: number,
    responseHeaders: string[],
    body: Uint8Array,
    method: string,
    target: string,
    requestHeaders: string[],
    now: number,
    authority: string | undefined,
  ): [string, string][] | null;
  signAsAsked(
    responseHeaders: string[],
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    nonce: string | undefined,
    authority: string | undefined,
  ): AskedOutcome;
}

export interface NativeBodyVerification {
  readonly needsBody: boolean;
  update(bytes: Uint8Array): boolean;
  /** Takes the length that the head declares. */
  declareLength(length: number): boolean;
  finish(): VerifiedFields | null;
  takeRefusal(): RefusalFields;
}

export interface NativeVerifier {
  hotVerify(): HotVerify;
  hotIsPublic(): (method: string, target: string) => boolean;
  facts(id: number): Facts;
  takeRefusal(): RefusalFields;
  takeVerified(): VerifiedFields;
  terms(): Terms;
  verify(
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    authority: string | undefined,
    client: string | undefined,
  ): VerifiedFields | null;
  begin(
    method: string,
    target: string,
    headers: string[],
    now: number,
    authority: string | undefined,
    client: string | undefined,
  ): NativeBodyVerification | null;
  explain(
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    authority: string | undefined,
    client: string | undefined,
  ): ExplanationFields;
  settleReplay(verified: NativeVerified, outcome: string): boolean;
  handshake(
    webhook: string,
    method: string,
    target: string,
    headers: string[],
    body: Uint8Array,
    now: number,
    authority: string | undefined,
    client: string | undefined,
  ): HandshakeOutcome;
  /** The webhooks to ask `handshake` about before a request is verified. */
  handshakesAt(method: string, target: string): string[];
  verifyResponse(
    service: string,
    status: number,
    responseHeaders: string[],
    body: Uint8Array,
    method: string,
    target: string,
    requestHeaders: string[],
    now: number,
    authority: string | undefined,
  ): VerifiedFields | null;
  /** `null` where there is nothing to ask. */
  identityRequest(
    method: string,
    target: string,
    headers: string[],
    now: number,
    authority: string | undefined,
    client: string | undefined,
  ): NativeIdentityRequest | null;
  /** Without a status there was no answer. */
  identityAnswer(question: NativeIdentityRequest, status: number | undefined, body: Uint8Array, now: number): void;
  acceptSignature(): string;
  replace(config: NativeConfig): void;
  readonly bodyLimit: number;
  prometheus(): string;
  counters(): Counter[];
}

export interface Native {
  version(): string;
  parseConfig(json: string, environment: string[]): ConfigOutcome;
  configFromEnv(environment: string[]): ConfigOutcome;
  usualHeaders(): string[];
  generateSecret(encoding: string): string;
  refuse(code: string, detail: string, service: string | null, requestId: string | null, terms: Terms): RefusalFields;
  NativeConfig: abstract new () => NativeConfig;
  NativeContexts: { create(config: NativeConfig): NativeContexts | string };
  NativeSigner: {
    create(config: NativeConfig, target: string | undefined): NativeSigner | string;
    withAwsCredentials(
      config: NativeConfig,
      target: string | undefined,
      accessKeyId: string,
      secret: string,
      sessionToken: string | undefined,
    ): NativeSigner | string;
  };
  NativeTokenIssuer: { create(config: NativeConfig): NativeTokenIssuer | string };
  NativeVerifier: new (config: NativeConfig) => NativeVerifier;
}

const BUILT_FOR = ["linux-x64"];

function load(): Native {
  const platform = `${process.platform}-${process.arch}`;
  const file = join(__dirname, "..", "prebuilds", platform, "wiresign.node");
  if (!existsSync(file)) {
    throw new Error(
      `wiresign has no binary for ${platform}. This package holds one for: ${BUILT_FOR.join(", ")}. ` +
        "Nothing is compiled at installation; build the package from source on this platform.",
    );
  }
  try {
    return createRequire(__filename)(file) as Native;
  } catch (cause) {
    throw new Error(
      `wiresign cannot load its binary for ${platform}. On Linux it needs the GNU C library ` +
        `(Alpine Linux has another one), as new as where it was built: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

export const native: Native = load();
