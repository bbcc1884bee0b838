export { AwsSigners, Sts } from "./aws.js";
export type { AwsSignersOptions, CredentialProvider, ProvidedCredentials, StsOptions } from "./aws.js";
