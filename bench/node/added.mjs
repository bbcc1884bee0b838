// N2: the CPU that our middleware adds to a request of a real Express server that reads JSON, against that of a middleware by
// hand, which takes the raw body from the parser as people do.
//
// Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON. Three services listen: bare, with
// `wiresign/express`, and with a middleware that does the same work with node:crypto. They take turns, and what their process
// spends on the CPU is read from the kernel.
//
// What is looked for is some microseconds beside the sixty that Express takes itself. So requests come several at a time, which
// spares sleeping and waking, and turns are short: each is a sample, and the median of many does not see those that something
// else has disturbed. All services share one process, since each process of V8 compiles its code a little differently; several
// are started, one after the other, and the middle one counts.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";

import { Config, Signer } from "../../bindings-node/dist/index.mjs";

const SERVICES = ["bare", "ours", "by hand"];
const GENERATIONS = 5;
const WARM_UP = 120;
const ROUNDS = 480;
const BATCH = 50;
/** Requests that are sent before the first is answered. */
const AT_ONCE = 25;

/** What ends each answer, and is nowhere else in one. */
const END_OF_ANSWER = "}";

/** Runs all services, and prints their ports. */
async function serveAll(fleet) {
  const servers = await Promise.all(SERVICES.map((kind) => serve(kind, fleet)));
  console.log(JSON.stringify(servers.map((server) => server.address().port)));
}

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
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
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

/** A connection to one of the services. */
class Service {
  /** Starts the process of all, and gives them by name. */
  static async startAll(fleet) {
    const env = { ...process.env, SERVED_FLEET: fleet, NODE_ENV: "production" };
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [ports] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    const services = new Map();
    for (const [at, port] of JSON.parse(ports).entries()) {
      const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      services.set(SERVICES[at], Object.assign(new Service(), { child, socket }));
    }
    return services;
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

  const added = { ours: [], "by hand": [] };
  let bare = 0;
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    const spent = await spentBy(described, request);
    bare = median(spent.get("bare"));
    for (const [kind, samples] of Object.entries(added)) {
      samples.push(median(spent.get(kind)) - bare);
    }
  }
  const [ours, theirs] = [median(added.ours), median(added["by hand"])];
  const what = `Express, CPU added by the middleware (${Math.round(ours)} ns) against node:crypto by hand (${Math.round(theirs)} ns)`;
  const row =
    Math.min(ours, theirs) > 0
      ? { id: "N2", what, measured: theirs / ours, unit: "faster", must: 2, reach: 3 }
      : // Less than nothing is no measurement: other programs took turns with the services.
        { id: "N2", what: `${what}: lost in noise, bare service`, measured: bare, unit: "nanoseconds" };
  console.log(JSON.stringify([row]));
}

/** What a request costs each service, in nanoseconds, over and over again. */
async function spentBy(described, request) {
  const services = await Service.startAll(described);
  const spent = new Map(SERVICES.map((kind) => [kind, []]));
  try {
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      // Whoever comes after another finds its garbage: nobody always comes after the same one.
      for (const kind of round % 2 === 0 ? SERVICES : SERVICES.toReversed()) {
        const sample = await services.get(kind).spent(Array.from({ length: BATCH }, request));
        if (round >= WARM_UP) {
          spent.get(kind).push(sample);
        }
      }
    }
  } finally {
    services.forEach((service) => service.stop());
  }
  return spent;
}

function median(samples) {
  return samples.toSorted((one, other) => one - other)[samples.length >> 1];
}

function environment(fleet) {
  return Object.fromEntries(Object.entries(fleet.secrets).map(([id, secret]) => [`SECRET_OF_${id}`, secret]));
}

if (process.env.SERVED_FLEET === undefined) {
  await measure(readFileSync(0, "utf8"));
} else {
  await serveAll(JSON.parse(process.env.SERVED_FLEET));
}
