/**
 * A NestJS module whose guards let a request through only when its signature holds. Works on the express and the fastify
 * platform of NestJS 12.
 *
 * @packageDocumentation
 */

export { RequirePermission, RequireService, ServiceIdentity } from "./nest/decorators.js";
export { RefusalException } from "./nest/exception.js";
export { ServiceApiKeyGuard, ServiceAuthGuard, ServiceIamGuard } from "./nest/guards.js";
export { WiresignModule, type WiresignModuleAsyncOptions, type WiresignModuleOptions } from "./nest/module.js";
export type { ServiceAuthMode } from "./nest/mode.js";
export type { AuditRecord, Decision, Logger } from "./server/observer.js";
