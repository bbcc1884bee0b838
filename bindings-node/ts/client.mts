export { checkHealth, ErrorCode, ServiceClient, ServiceError } from "./client.js";
export type {
  CallOptions,
  Health,
  HealthOptions,
  Interceptors,
  Policy,
  ServedRequest,
  ServiceClientOptions,
} from "./client.js";
