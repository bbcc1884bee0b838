import { readFileSync } from "node:fs";
import { inspect } from "node:util";

import { ConfigError } from "./errors.js";
import { native, type ConfigOutcome, type NativeConfig, type Problem } from "./native.js";

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of reading a config document. */
export interface ConfigOptions {
  /** Where `env:` references are looked up; `process.env` unless given. */
  readonly env?: Environment | undefined;
}

// Callers without types pass what they have read or not found.
function written(document: unknown): string {
  const text = ArrayBuffer.isView(document) ? undefined : (JSON.stringify(document) as string | undefined);
  if (text === undefined) {
    throw new TypeError(
      "A config document is JSON text or the value it stands for; Config.fromFile reads one from a file.",
    );
  }
  return text;
}

const natives = new WeakMap<Config, NativeConfig>();
/** The documents, in which secrets are references only, unless a test writes them down. */
const texts = new WeakMap<Config, string>();

/** One checked config document. Immutable; it shows no secret, however it is printed. */
export class Config {
  readonly #native: NativeConfig;
  #headerNames: readonly string[] | undefined;
  #webhooks: readonly string[] | undefined;

  private constructor(outcome: ConfigOutcome) {
    if (outcome.config === undefined) {
      throw new ConfigError(outcome.problems);
    }
    if (!(outcome.config instanceof native.NativeConfig)) {
      throw new TypeError("A Config comes from Config.parse, Config.fromFile or Config.fromEnv.");
    }
    this.#native = outcome.config;
    natives.set(this, outcome.config);
  }

  /**
   * Reads a config document.
   *
   * @param document the JSON text, or the value it stands for
   * @throws {ConfigError} with every problem of the document
   */
  static parse(document: string | object, options: ConfigOptions = {}): Config {
    const text = typeof document === "string" ? document : written(document);
    const config = new Config(native.parseConfig(text, flatten(options.env ?? process.env)));
    texts.set(config, text);
    return config;
  }

  /**
   * Reads the config document in a file.
   *
   * @throws {ConfigError} with every problem of the document
   */
  static fromFile(path: string | URL, options: ConfigOptions = {}): Config {
    const bytes = readFileSync(path);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new ConfigError([{ pointer: "", message: "The file is not UTF-8 text. Save it as UTF-8." }]);
    }
    return Config.parse(text, options);
  }

  /**
   * Makes the config of a small service from environment variables alone: `SERVICE_ID`, `SERVICE_SECRET`,
   * `ALLOWED_SERVICES` and so on.
   *
   * @throws {ConfigError} with every problem of the variables
   */
  static fromEnv(env: Environment = process.env): Config {
    return new Config(native.configFromEnv(flatten(env)));
  }

  /** The id of the service itself. */
  get service(): string {
    return this.#native.service;
  }

  /** The environment that this service runs in. */
  get environment(): string | null {
    return this.#native.environment;
  }

  /** What is allowed but unwise. */
  get warnings(): readonly Problem[] {
    return this.#native.warnings;
  }

  /** The ids of the registry. */
  get serviceIds(): readonly string[] {
    return this.#native.serviceIds;
  }

  /** The longest body that is accepted, in bytes. */
  get bodyLimit(): number {
    return this.#native.bodyLimit;
  }

  /** The names of the webhooks. */
  get webhooks(): readonly string[] {
    return (this.#webhooks ??= this.#native.webhooks);
  }

  /** The names of all headers that an accepted scheme reads, in lower case. */
  get headerNames(): readonly string[] {
    return (this.#headerNames ??= this.#native.headerNames);
  }

  /** Whether accepted requests are remembered by the adapter, in a store that several processes share. */
  get hasExternalReplayStore(): boolean {
    return this.#native.hasExternalReplayStore;
  }

  /** Where issuers of tokens publish their keys: the name of each and the URL of its JWK Set. `wiresign/jwks` fetches them. */
  get jwksUrls(): readonly (readonly [issuer: string, url: string])[] {
    return this.#native.jwksUrls;
  }

  /**
   * Takes the JWK Set that an issuer publishes now, in place of what it published before. All verifiers with this config use
   * it from then on.
   *
   * @param jwks the JSON text
   * @throws {ConfigError} where the set is wrong, or no such issuer publishes keys; then the keys stay as they were
   */
  publishKeys(issuer: string, jwks: string): void {
    // Callers without types pass whatever they have.
    if (typeof issuer !== "string" || typeof jwks !== "string") {
      throw new TypeError("The name of an issuer and its JWK Set are text.");
    }
    const problem = this.#native.publishKeys(issuer, jwks);
    if (problem !== null) {
      throw new ConfigError([problem]);
    }
  }

  /** Where a service of the registry is reached; `null` where the document does not say. */
  url(service: string): string | null {
    return this.#native.url(service);
  }

  /** What may be printed of it. Secrets never leave the native side. */
  toJSON(): object {
    return { service: this.service, environment: this.environment, serviceIds: this.serviceIds };
  }

  [inspect.custom](): string {
    return `Config ${inspect(this.toJSON())}`;
  }
}

/** The native half of a config, for the classes of this package. */
export function nativeOf(config: Config): NativeConfig {
  const found = natives.get(config);
  if (found === undefined) {
    throw new TypeError("A Config is needed: make one with Config.parse, Config.fromFile or Config.fromEnv.");
  }
  return found;
}

/** Whether the config limits failures by the address of the client. */
export function limitsFailures(config: Config): boolean {
  return documentOf(config)?.limits?.failures_per_minute !== undefined;
}

/** The schemes that are no data, and read nothing but the usual headers. */
const BUILT_IN: ReadonlySet<string> = new Set(["service-hmac", "service-hmac-v2", "cross-service", "api-key"]);

/** Whether the config accepts a scheme that may read any header, the query or the authority. */
export function acceptsTemplates(config: Config): boolean {
  return config.webhooks.length > 0 || acceptedBy(config).some((scheme) => !BUILT_IN.has(scheme));
}

/** The schemes that the document names, whatever for. Variables alone name one of the standards at most. */
export function acceptedBy(config: Config): readonly string[] {
  const document = documentOf(config);
  if (document === undefined) {
    return nativeOf(config).needsAllHeaders ? ["aws-sigv4"] : [];
  }
  const { accept = [], routes = [] } = document;
  return [...accept, ...routes.flatMap((route) => [...(route.accept ?? []), ...(route.require_all ?? [])])];
}

/** As much of a document as adapters look at themselves. */
interface Document {
  readonly accept?: readonly string[];
  readonly routes?: readonly { readonly accept?: readonly string[]; readonly require_all?: readonly string[] }[];
  readonly limits?: { readonly failures_per_minute?: number };
}

function documentOf(config: Config): Document | undefined {
  const text = texts.get(config);
  return text === undefined ? undefined : (JSON.parse(text) as Document);
}

function flatten(env: Environment): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) {
      flat.push(name, value);
    }
  }
  return flat;
}
