export { requirePermission, requireService, wiresign } from "./hono.js";
export type { AuditRecord, Decision, Logger, WiresignOptions } from "./hono.js";
