// What several tests need: two services that know each other, and requests as bytes on a socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";

import { Config, Signer } from "wiresign";

export const ENV = {
  ORDERS_SECRET: "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
  BILLING_SECRET: "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
};

/** The document of one of the two services; `more` replaces members of it. */
export function document(service, more = {}) {
  return {
    service,
    services: {
      orders: { keys: [{ id: "2026", secret: "env:ORDERS_SECRET" }], allowed_targets: ["billing"] },
      billing: { keys: [{ id: "2026", secret: "env:BILLING_SECRET" }], allowed_targets: ["orders"] },
    },
    routes: [{ match: "GET /health", public: true }],
    ...more,
  };
}

export const config = (service, more) => Config.parse(document(service, more), { env: ENV });
export const ordersConfig = (more) => config("orders", more);
export const billingSigner = (more) => new Signer(config("billing", more), { target: "orders" });

/** A request of billing to orders, as a server that is given it. */
export function signedRequest(request = {}, options = {}, more = undefined) {
  const whole = { method: "POST", target: "/orders?draft=1", body: Buffer.from('{"n": 1.0}'), ...request };
  const headers = { host: "orders", "content-type": "application/json" };
  for (const [name, value] of billingSigner(more).sign(whole, options)) {
    headers[name.toLowerCase()] = value;
  }
  return { ...whole, headers };
}

/** Handlers of a failure that fail themselves: one throws, the other one's promise is rejected. */
export const BROKEN_HANDLERS = [
  () => {
    throw new Error("no");
  },
  () => Promise.reject(new Error("no")),
];

/** Listens on a free port of the loopback address; closes when the test ends. */
export async function listen(test, server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

/** A port that nobody listens on, below those that the kernel gives to whoever names none: nobody gets it before it is used. */
export async function freePort() {
  for (;;) {
    const server = net.createServer().listen(20_000 + Math.floor(Math.random() * 12_000), "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (isFree) {
      const { port } = server.address();
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
}

/** Waits for what comes by itself, for so long that it comes on a busy machine too. */
export async function until(isSo) {
  for (const end = Date.now() + 60_000; !(await isSo());) {
    assert.ok(Date.now() < end, "it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Stops the clock by which this process measures how long something takes. It goes on by what the test gives it. */
export function stopClock(test) {
  let now = performance.now();
  test.mock.method(performance, "now", () => now);
  return (milliseconds) => (now += milliseconds);
}

/** Sends bytes as they are, and reads answers until the server closes or `answers` of them are there. */
export async function raw(port, pieces, { answers = 1, end = false } = {}) {
  const socket = net.connect(port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const closed = once(socket, "close").catch(() => undefined);
  await once(socket, "connect");
  for (const piece of [pieces].flat()) {
    if (typeof piece === "number") {
      await new Promise((resolve) => setTimeout(resolve, piece));
    } else if (!socket.destroyed) {
      socket.write(piece);
    }
  }
  if (end) {
    socket.end();
  }
  for (;;) {
    const found = parse(Buffer.concat(chunks));
    if (found.length >= answers) {
      socket.destroy();
      return found;
    }
    const over = await Promise.race([
      closed.then(() => true),
      once(socket, "data").then(
        () => false,
        () => true,
      ),
    ]);
    if (over) {
      return parse(Buffer.concat(chunks));
    }
  }
}

/** The answers that are complete. */
function parse(bytes) {
  const found = [];
  for (let rest = bytes; ;) {
    const split = rest.indexOf("\r\n\r\n");
    if (split < 0) {
      return found;
    }
    const lines = rest.subarray(0, split).toString("latin1").split("\r\n");
    const headers = Object.fromEntries(
      lines
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    let body;
    let next;
    if (headers["transfer-encoding"] === "chunked") {
      const over = rest.indexOf("0\r\n\r\n", split);
      if (over < 0) {
        return found;
      }
      body = rest.subarray(split + 4, over).toString("latin1");
      next = over + 5;
    } else {
      next = split + 4 + Number(headers["content-length"] ?? 0);
      if (rest.length < next) {
        return found;
      }
      body = rest.subarray(split + 4, next).toString("utf8");
    }
    if (lines[0].split(" ")[1] !== "100") {
      found.push({ status: Number(lines[0].split(" ")[1]), headers, body });
    }
    rest = rest.subarray(next);
  }
}

/** The head of a request as text. */
export function head(method, target, headers) {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return `${method} ${target} HTTP/1.1\r\n${pairs.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
