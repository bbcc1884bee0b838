// Which kinds of credential the guards take.

/**
 * `api-key`: API keys only; `iam`: what AWS signs or vouches for; `hmac`: signatures of keys that two services share;
 * `signature`: all that the config accepts but API keys; `both`: all that the config accepts.
 */
export type ServiceAuthMode = "api-key" | "iam" | "hmac" | "signature" | "both";

const TAKES: Readonly<Record<ServiceAuthMode, (scheme: string) => boolean>> = {
  "api-key": (scheme) => scheme === "api-key",
  iam: (scheme) => scheme.startsWith("aws-"),
  hmac: (scheme) => scheme.startsWith("service-hmac") || scheme === "cross-service",
  signature: (scheme) => scheme !== "api-key",
  both: () => true,
};

/** The mode by its name; `both` without one. */
export function modeFrom(name: string | undefined): ServiceAuthMode {
  if (name === undefined) {
    return "both";
  }
  if (!Object.hasOwn(TAKES, name)) {
    const known = Object.keys(TAKES).join(", ");
    throw new TypeError(`wiresign: the mode ${JSON.stringify(name)} is not known. Set one of: ${known}.`);
  }
  return name as ServiceAuthMode;
}

/** Whether a mode takes the credential that a request came with. */
export function takes(mode: ServiceAuthMode, scheme: string | null): boolean {
  return scheme === null ? mode === "both" : TAKES[mode](scheme);
}
