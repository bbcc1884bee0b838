/**
 * Clients for calls to other services: signed, timed, repeated where that is safe, and stopped where it is not.
 *
 * @packageDocumentation
 */

export type { Interceptors, ServedRequest } from "./client/interceptors.js";
export { ErrorCode, ServiceError } from "./client/error.js";
export { checkHealth, type Health, type HealthOptions } from "./client/health.js";
export type { Policy } from "./client/policy.js";
export { ServiceClient, type CallOptions, type ServiceClientOptions } from "./client/service-client.js";
