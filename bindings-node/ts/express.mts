export { requirePermission, requireService, wiresign } from "./express.js";
export type {
  Application,
  AuditRecord,
  Decision,
  ExpressRequest,
  Logger,
  Middleware,
  WiresignOptions,
} from "./express.js";
