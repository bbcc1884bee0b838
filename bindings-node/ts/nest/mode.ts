// Which kinds of credential the guards take.

/** `api-key`: API keys only; `signature`: everything else that the config accepts; `both`: all that the config accepts. */
export type ServiceAuthMode = "api-key" | "signature" | "both";

const MODES: readonly string[] = ["api-key", "signature", "both"] satisfies ServiceAuthMode[];

/** The mode by its name; `both` without one. */
export function modeFrom(name: string | undefined): ServiceAuthMode {
  if (name === undefined) {
    return "both";
  }
  if (!MODES.includes(name)) {
    throw new TypeError(`wiresign: the mode ${JSON.stringify(name)} is not known. Set one of: ${MODES.join(", ")}.`);
  }
  return name as ServiceAuthMode;
}

/** Whether a mode takes the credential that a request came with. */
export function takes(mode: ServiceAuthMode, scheme: string | null): boolean {
  return mode === "both" || (scheme === "api-key") === (mode === "api-key");
}
