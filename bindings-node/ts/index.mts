// One implementation serves both module systems, so that a Refusal of one is a Refusal of the other.

export {
  BodyVerification,
  Config,
  ConfigError,
  FailureCode,
  generateSecret,
  Refusal,
  RefusalCode,
  Signer,
  SigningError,
  Verified,
  Verifier,
} from "./index.js";
export type {
  ConfigOptions,
  Counter,
  Environment,
  HeaderPairs,
  HeaderRecord,
  Metrics,
  OutgoingRequest,
  Problem,
  ReceivedRequest,
  RefusalResponse,
  RequestHead,
  RequestHeaders,
  SecretEncoding,
  SignedHeaders,
  SignerOptions,
  SignOptions,
  VerifyOptions,
} from "./index.js";
