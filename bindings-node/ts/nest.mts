export {
  RefusalException,
  RequirePermission,
  RequireService,
  ServiceApiKeyGuard,
  ServiceAuthGuard,
  ServiceIamGuard,
  ServiceIdentity,
  WiresignModule,
} from "./nest.js";
export type {
  AuditRecord,
  Decision,
  Logger,
  ServiceAuthMode,
  WiresignModuleAsyncOptions,
  WiresignModuleOptions,
} from "./nest.js";
