// What every Node service of the fleet does in the same way: it reads the registry, reads it again on SIGHUP, writes one
// JSON line per event, and calls the others with signed requests.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

import { Config, Signer, Verifier } from "wiresign";
import { wiresign } from "wiresign/express";
import { createFetch } from "wiresign/fetch";

const REGISTRY = process.env.WIRESIGN_REGISTRY ?? fileURLToPath(new URL("../../wiresign.json", import.meta.url));
const SECRETS = process.env.WIRESIGN_ENV_FILE ?? fileURLToPath(new URL("../../.env", import.meta.url));
const PATIENCE_MS = 10_000;

/** Another service of the fleet did not do what it was asked for. */
export class CallFailed extends Error {
  name = "CallFailed";
  status = 502;
}

/** One service's place in the fleet. */
export class Fleet {
  #service;
  #config;
  #clients = new Map();

  constructor(service) {
    this.#service = service;
    this.#config = this.#read();
    /** Judges requests. It lives as long as the process, so a new registry does not forget what was replayed. */
    this.verifier = new Verifier(this.#config);
    /** Where the audit records of the middleware go, and everything else that is worth a line. */
    this.logger = {
      info: (fields, message) => this.#log("info", fields, message),
      warn: (fields, message) => this.#log("warn", fields, message),
      error: (fields, message) => this.#log("error", fields, message),
    };
    process.on("SIGHUP", () => this.#reload());
  }

  /** The guard to mount in an application before everything else. */
  guard(app) {
    return wiresign(this.verifier, { app, logger: this.logger });
  }

  /** Sends a signed request to another service, and gives the JSON that it answers with. */
  async call(target, method, path, body) {
    const response = await this.send(target, method, path, body);
    if (!response.ok) {
      throw new CallFailed(`${target} answered ${method} ${path} with ${response.status}: ${await response.text()}`);
    }
    return response.json();
  }

  /** Sends a signed request to another service, and gives the answer as it is. Bytes go out as they are, all else as JSON. */
  send(target, method, path, body) {
    const init = { method, signal: AbortSignal.timeout(PATIENCE_MS) };
    if (body instanceof Uint8Array) {
      init.headers = { "Content-Type": "application/octet-stream" };
      init.body = body;
    } else if (body !== undefined) {
      init.headers = { "Content-Type": "application/json" };
      init.body = JSON.stringify(body);
    }
    return this.#client(target)(new URL(path, this.#config.url(target)), init);
  }

  /** Serves an application at the address that the registry gives for this service. */
  listen(app) {
    const { hostname, port } = new URL(this.#config.url(this.#service));
    const server = app.listen(Number(port), hostname, (failure) => {
      if (failure) {
        throw failure;
      }
      this.logger.info({ event: "listening", port: Number(port) }, "listening");
    });
    process.on("SIGTERM", () => server.close(() => process.exit(0)).closeIdleConnections());
  }

  #client(target) {
    let client = this.#clients.get(target);
    if (client === undefined) {
      client = createFetch(this.#timed(new Signer(this.#config, { target }), target));
      this.#clients.set(target, client);
    }
    return client;
  }

  /** Gives the same signer, which also logs what it signed and how long that took. */
  #timed(signer, target) {
    const sign = (request, options) => {
      const start = performance.now();
      const headers = signer.sign(request, options);
      const durationUs = Math.round((performance.now() - start) * 10_000) / 10;
      const requestId = headers.find(([name]) => name === "X-Request-ID")?.[1];
      const path = request.target.split("?", 1)[0];
      this.logger.info(
        { event: "signed", target, method: request.method, path, requestId, durationUs },
        "request signed",
      );
      return headers;
    };
    return { signer: () => ({ sign }) };
  }

  #read() {
    const registry = JSON.parse(readFileSync(REGISTRY, "utf8"));
    const env = parseEnv(readFileSync(SECRETS, "utf8"));
    return Config.parse({ ...registry, service: this.#service }, { env });
  }

  #reload() {
    try {
      this.#config = this.#read();
    } catch (error) {
      // A registry with a mistake changes nothing: the service goes on with the one that it has.
      const problems = error.problems ?? [{ pointer: "", message: error.message }];
      this.logger.error({ event: "registry-refused", problems }, "the registry was not reloaded");
      return;
    }
    this.verifier.replace(this.#config);
    this.#clients.clear();
    this.logger.info({ event: "registry-loaded" }, "the registry was reloaded");
  }

  #log(level, fields, message) {
    console.log(JSON.stringify({ time: new Date().toISOString(), level, process: this.#service, message, ...fields }));
  }
}

/** The last handler of an application: what went wrong goes to the log, and only the status to the caller. */
export function failures(fleet) {
  return (error, request, response, _next) => {
    const status = error.status ?? 500;
    fleet.logger.error({ event: "failed", method: request.method, path: request.path, status }, error.message);
    response
      .status(status)
      .json({ error: status === 502 ? "A service behind this one failed." : "The request failed." });
  };
}
