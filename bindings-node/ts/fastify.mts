export { requirePermission, requireService, wiresign } from "./fastify.js";
export type { AuditRecord, Decision, Hook, Logger, WiresignOptions } from "./fastify.js";
