export { withCrossServiceAuth } from "./next.js";
export type { AuditRecord, Authenticated, CrossServiceOptions, Decision, Logger } from "./next.js";
