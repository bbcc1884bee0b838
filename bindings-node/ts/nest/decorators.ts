// What handlers and controllers say about their callers.

import { createParamDecorator, SetMetadata, type CustomDecorator } from "@nestjs/common";

import { requirePattern } from "../permission.js";
import { admissionOf } from "../server/admissions.js";
import { incomingOf } from "./requests.js";

/** Where the guards find what a handler asks for. */
export const SERVICES = "wiresign:services";
export const PERMISSION = "wiresign:permission";

/** Serves these callers only; without any named each verified caller. A guard of this module enforces it. */
export function RequireService(...services: string[]): CustomDecorator {
  return SetMetadata(SERVICES, services);
}

/** Serves callers only whose `permissions` in the config cover this pattern, such as `POST /invoices/**`. */
export function RequirePermission(permission: string): CustomDecorator {
  requirePattern(permission);
  return SetMetadata(PERMISSION, permission);
}

/** The id of the verified caller; `null` where no guard asked for one and nobody is verified. */
export const ServiceIdentity: () => ParameterDecorator = createParamDecorator(
  (_data, context): string | null => admissionOf(incomingOf(context).request)?.verified.service ?? null,
);
