/**
 * Signs and verifies HTTP requests between services, with the same answer in every language.
 *
 * @packageDocumentation
 */

export { BodyVerification } from "./body-verification.js";
export { FailureCode, RefusalCode } from "./codes.js";
export { Config, type ConfigOptions, type Environment } from "./config.js";
export { Contexts, VerifiedContext, type VerifyContextOptions } from "./contexts.js";
export { ConfigError, SigningError } from "./errors.js";
export { Explanation } from "./explanation.js";
export { IdentityRequest, type IdentityAnswer } from "./identity-request.js";
export type { HeaderList, HeaderPairs, HeaderRecord, RequestHeaders } from "./headers.js";
export type { Counter, HandshakeResponse, Hint, Problem } from "./native.js";
export { Refusal, type RefusalResponse } from "./refusal.js";
export { generateSecret, type SecretEncoding } from "./secret.js";
export type { HttpResponse } from "./response.js";
export {
  Signer,
  type AwsCredentials,
  type OutgoingRequest,
  type PresignOptions,
  type SignedHeaders,
  type SignerOptions,
  type SignerSource,
  type SignOptions,
} from "./signer.js";
export type { Claim, Claims } from "./token.js";
export {
  IssuedToken,
  TokenIssuer,
  TokenResponse,
  type AnswerTokenOptions,
  type IssueTokenOptions,
} from "./token-issuer.js";
export { Verified } from "./verified.js";
export {
  Verifier,
  type Metrics,
  type ReceivedRequest,
  type ReplayOutcome,
  type RequestHead,
  type VerifyOptions,
} from "./verifier.js";
