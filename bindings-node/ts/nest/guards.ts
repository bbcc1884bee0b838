// What stands before the handlers. The signature was judged before anything read the body; a guard demands that there was one.

import { Inject, Injectable, type CanActivate, type ExecutionContext } from "@nestjs/common";
import { Reflector } from "@nestjs/core";

import { Refusal } from "../refusal.js";
import { admissionOf } from "../server/admissions.js";
import type { Gate } from "../server/gate.js";
import type { Verified } from "../verified.js";
import { PERMISSION, SERVICES } from "./decorators.js";
import { RefusalException } from "./exception.js";
import { takes, type ServiceAuthMode } from "./mode.js";
import type { ResolvedOptions } from "./module.js";
import { incomingOf } from "./requests.js";
import { GATE, OPTIONS } from "./tokens.js";

/**
 * Serves verified callers only, by the kinds of credential that the module's mode takes, and what `@RequireService()` and
 * `@RequirePermission()` say on the handler or its controller.
 */
@Injectable()
export class ServiceAuthGuard implements CanActivate {
  protected readonly mode: ServiceAuthMode;

  constructor(
    @Inject(GATE) private readonly gate: Gate,
    @Inject(OPTIONS) options: ResolvedOptions,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {
    this.mode = options.mode;
  }

  canActivate(context: ExecutionContext): boolean {
    const { request, target } = incomingOf(context);
    const verified = admissionOf(request)?.verified ?? this.#judgeHead(context);
    const services = (this.#metadata(SERVICES, context) ?? []) as readonly string[];
    const permission = this.#metadata(PERMISSION, context) as string | undefined;
    const refusal = this.gate.enforce(this.gate.seen(request, target), () => {
      verified.requireService();
      this.#requireMode(verified);
      verified.requireService(...services);
      if (permission !== undefined) {
        verified.requirePermission(permission);
      }
    });
    if (refusal !== undefined) {
      throw new RefusalException(refusal);
    }
    return true;
  }

  /** A request without any credential, which nobody has judged: its head is enough to refuse it. */
  #judgeHead(context: ExecutionContext): Verified {
    const { request, target } = incomingOf(context);
    const verdict = this.gate.judgeHead(request, target);
    if (verdict instanceof Refusal) {
      throw new RefusalException(verdict);
    }
    return verdict;
  }

  #requireMode(verified: Verified): void {
    if (!takes(this.mode, verified.scheme)) {
      const detail = `the mode ${this.mode} does not take ${verified.scheme ?? "no credential"}`;
      throw this.gate.refusal("AUTHENTICATION_REQUIRED", detail, verified);
    }
  }

  #metadata(key: string, context: ExecutionContext): unknown {
    return this.reflector.getAllAndOverride<unknown>(key, [context.getHandler(), context.getClass()]);
  }
}

/** As `ServiceAuthGuard`, for callers with an API key only, whatever the mode is. */
@Injectable()
export class ServiceApiKeyGuard extends ServiceAuthGuard {
  protected override readonly mode = "api-key";
}

/** As `ServiceAuthGuard`, for callers that AWS signs or vouches for only, whatever the mode is. */
@Injectable()
export class ServiceIamGuard extends ServiceAuthGuard {
  protected override readonly mode = "iam";
}
