/**
 * IAM identities: asks AWS who made the proof of one, and signs with the credentials of a role.
 *
 * @packageDocumentation
 */

export {
  AwsSigners,
  type AwsSignersOptions,
  type CredentialProvider,
  type ProvidedCredentials,
} from "./aws/signers.js";
export { Sts, type StsOptions } from "./aws/sts.js";
