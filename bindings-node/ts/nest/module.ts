// The module: one verifier for the application, and a look at every request before the platform's parsers have theirs.

import type { IncomingMessage, ServerResponse } from "node:http";

import { Inject, Module, type DynamicModule, type ModuleMetadata, type Provider } from "@nestjs/common";
import { APP_FILTER, HttpAdapterHost } from "@nestjs/core";
import type { FastifyInstance } from "fastify";

import type { ExpressRequest } from "../express.js";
import { answer, decorate, enter } from "../fastify/requests.js";
import { admissionOf } from "../server/admissions.js";
import type { Gate, ServerOptions } from "../server/gate.js";
import { gateFrom, type Source } from "../server/source.js";
import { RefusalFilter } from "./exception.js";
import { ServiceApiKeyGuard, ServiceAuthGuard, ServiceIamGuard } from "./guards.js";
import { modeFrom, type ServiceAuthMode } from "./mode.js";
import { GATE, OPTIONS } from "./tokens.js";

/** Options of the module: a config or a verifier, and what every adapter takes. */
export interface WiresignModuleOptions extends Source, ServerOptions {
  /** The kinds of credential that the guards take: `api-key`, `iam`, `hmac`, `signature` or `both`; `SERVICE_AUTH_MODE` unless given. */
  readonly mode?: string | undefined;
}

/** The options, made when the application starts, from what is injected. */
export interface WiresignModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  readonly inject?: Extract<Provider, { inject?: unknown }>["inject"];
  // What is injected is known to the caller alone.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...injected: any[]) => WiresignModuleOptions | Promise<WiresignModuleOptions>;
}

/** The options as the guards need them. */
export interface ResolvedOptions {
  readonly mode: ServiceAuthMode;
  readonly given: WiresignModuleOptions;
}

const REST: Provider[] = [
  { provide: GATE, inject: [OPTIONS], useFactory: ({ given }: ResolvedOptions) => gateFrom(given, given) },
  { provide: APP_FILTER, useClass: RefusalFilter },
  ServiceAuthGuard,
  ServiceApiKeyGuard,
  ServiceIamGuard,
];

/**
 * Judges every request that carries a credential before its body is parsed, and refuses it at once where that does not hold.
 * A request without one reaches handlers without a guard only.
 */
@Module({})
export class WiresignModule {
  constructor(@Inject(GATE) gate: Gate, @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    if (httpAdapter.getType() === "fastify") {
      mountOnFastify(httpAdapter.getInstance<FastifyInstance>(), gate);
    } else {
      // Modules are made before the application mounts its parsers, so this comes first.
      httpAdapter.use((request: ExpressRequest, response: ServerResponse, next: (failure?: unknown) => void) => {
        gate.admitClaims(request, response, request.originalUrl ?? request.url ?? "", (failure) => {
          const admission = admissionOf(request);
          if (failure === undefined && admission?.body !== undefined) {
            request.caller = admission.verified;
            request.rawBody = admission.body;
          }
          next(failure);
        });
      });
    }
  }

  /** The module with options that are known now. */
  static forRoot(options: WiresignModuleOptions): DynamicModule {
    return dynamic([{ provide: OPTIONS, useFactory: () => resolve(options) }], []);
  }

  /** The module with options that are made from what is injected, such as the `ConfigService`. */
  static forRootAsync({ imports = [], inject = [], useFactory }: WiresignModuleAsyncOptions): DynamicModule {
    const make = async (...injected: unknown[]): Promise<ResolvedOptions> => resolve(await useFactory(...injected));
    return dynamic([{ provide: OPTIONS, inject, useFactory: make }], imports);
  }
}

function dynamic(providers: Provider[], imports: NonNullable<ModuleMetadata["imports"]>): DynamicModule {
  const exports = [GATE, OPTIONS, ServiceAuthGuard, ServiceApiKeyGuard, ServiceIamGuard];
  return { module: WiresignModule, global: true, imports, providers: [...providers, ...REST], exports };
}

function resolve(given: WiresignModuleOptions): ResolvedOptions {
  return { given, mode: modeFrom(given.mode ?? process.env["SERVICE_AUTH_MODE"]) };
}

function mountOnFastify(app: FastifyInstance, gate: Gate): void {
  decorate(app);
  app.addHook("onRequest", (request, reply, done) => {
    const raw: { request: IncomingMessage; response: ServerResponse } = { request: request.raw, response: reply.raw };
    gate.admitClaims(raw.request, raw.response, request.originalUrl, enter(request, done), (answered) => {
      answer(gate, request, reply, answered);
    });
  });
}
