// N2: the CPU that our middleware adds to a request of a real Express server that reads JSON, against that of a middleware by
// hand, which takes the raw body from the parser as people do.
//
// Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON. Three services run, each in a
// process of its own: bare, with `wiresign/express`, and with a middleware that does the same work with node:crypto. They
// take turns, and what their processes spent on the CPU is read from the kernel.
//
// What is looked for is some microseconds beside the hundred that Express takes itself. So requests come several at a time,
// which spares sleeping and waking, and all services are started anew several times, since each process of V8 compiles its
// code a little differently: the best of all of them counts, for each service.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";

import { Config, Signer } from "../../bindings-node/dist/index.mjs";

const SERVICES = ["bare", "ours", "by hand"];
const GENERATIONS = 6;
const ROUNDS = 25;
const BATCH = 500;
/** Requests that are sent before the first is answered. */
const AT_ONCE = 25;

/** What ends each answer, and is nowhere else in one. */
const END_OF_ANSWER = "}";

/** Runs the service of this process, and prints its port. */
async function serve(kind, fleet) {
  // What only the services need is not loaded by the load generator.
  const { default: express } = await import("express");
  const app = express();
  const parser = kind === "by hand" ? express.json({ verify: keepRawBody }) : express.json();
  if (kind === "ours") {
    const { wiresign } = await import("../../bindings-node/dist/express.mjs");
    app.use(wiresign(Config.parse(fleet.called_document, { env: environment(fleet) })));
  }
  app.use(parser);
  if (kind === "by hand") {
    const { ByHand } = await import("./by-hand.mjs");
    app.use(middlewareBy(new ByHand(fleet.called, new Map(Object.entries(fleet.secrets)))));
  }
  app.use((request, response) => void response.json({ length: request.body.text.length }));
  const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

/** What people write: the parser leaves the raw body, which is judged with everything else. */
function keepRawBody(request, _response, body) {
  request.rawBody = body;
}

function middlewareBy(byHand) {
  return (request, response, next) => {
    const { method, originalUrl: target, headers, rawBody: body } = request;
    try {
      request.caller = byHand.verify({ method, target, headers, body });
    } catch {
      response.status(401).json({ error: "Unauthorised" });
      return;
    }
    next();
  };
}

/** A service in a process of its own, and a connection to it. */
class Service {
  static async start(kind, fleet) {
    const env = { ...process.env, SERVICE: kind, FLEET: fleet, NODE_ENV: "production" };
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = await once(child.stdout, "data");
    const socket = net.connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return Object.assign(new Service(), { child, socket });
  }

  /** Sends requests, and gives the nanoseconds of CPU that each took the service. */
  async spent(requests) {
    const groups = Array.from({ length: requests.length / AT_ONCE }, (_, at) =>
      Buffer.concat(requests.slice(at * AT_ONCE, (at + 1) * AT_ONCE)),
    );
    const before = this.#cpu();
    for (const group of groups) {
      this.socket.write(group);
      await this.#answers(AT_ONCE);
    }
    return (this.#cpu() - before) / requests.length;
  }

  /** Reads answers, all of which have to be good ones. */
  async #answers(count) {
    let text = "";
    while (text.split(END_OF_ANSWER).length <= count) {
      const [piece] = await once(this.socket, "data");
      text += piece.toString("latin1");
    }
    if (text.split("HTTP/1.1 200 OK").length !== count + 1 || !text.endsWith(END_OF_ANSWER)) {
      throw new Error(text);
    }
  }

  stop() {
    this.socket.destroy();
    this.child.kill();
  }

  /** All threads: collecting the garbage is a cost too. */
  #cpu() {
    const tasks = `/proc/${this.child.pid}/task`;
    const spent = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
    );
    return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0);
  }
}

async function measure(described) {
  const fleet = JSON.parse(described);
  const signer = new Signer(Config.parse(fleet.caller_document, { env: environment(fleet) }), { target: fleet.called });
  const text = "x".repeat(fleet.body_bytes - JSON.stringify({ text: "" }).length);
  const body = Buffer.from(JSON.stringify({ text }));
  const request = () => {
    const { method, target } = fleet;
    const signed = signer.sign({ method, target, headers: {}, body }, { nonce: randomUUID() });
    const fields = [...Object.entries({ ...fleet.usual_headers, "content-length": String(body.length) }), ...signed];
    const head = [`${method} ${target} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), "", ""];
    return Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), body]);
  };

  const best = Object.fromEntries(SERVICES.map((kind) => [kind, Infinity]));
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    const running = new Map();
    try {
      for (const kind of SERVICES) {
        running.set(kind, await Service.start(kind, described));
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [kind, service] of running) {
          best[kind] = Math.min(best[kind], await service.spent(Array.from({ length: BATCH }, request)));
        }
      }
    } finally {
      running.forEach((service) => service.stop());
    }
  }
  const [ours, theirs] = [best.ours - best.bare, best["by hand"] - best.bare];
  const what = `Express, CPU added by the middleware (${Math.round(ours)} ns) against node:crypto by hand (${Math.round(theirs)} ns)`;
  const row =
    Math.min(ours, theirs) > 0
      ? { id: "N2", what, measured: theirs / ours, unit: "faster", must: 2, reach: 3 }
      : // Less than nothing is no measurement: other programs took turns with the services.
        { id: "N2", what: `${what}: lost in noise, bare service`, measured: best.bare, unit: "nanoseconds" };
  console.log(JSON.stringify([row]));
}

function environment(fleet) {
  return Object.fromEntries(Object.entries(fleet.secrets).map(([id, secret]) => [`SECRET_OF_${id}`, secret]));
}

if (process.env.SERVICE === undefined) {
  await measure(readFileSync(0, "utf8"));
} else {
  await serve(process.env.SERVICE, JSON.parse(process.env.FLEET));
}
