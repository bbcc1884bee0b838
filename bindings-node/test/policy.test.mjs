// What a config says beyond one signature for everything, over real sockets: handshakes of webhooks, optional routes, API keys,
// and the limit on failures.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { describe, it } from "node:test";

import { serve } from "@hono/node-server";
import { Config, Signer } from "wiresign";
import { wiresign } from "wiresign/express";
import { withCrossServiceAuth } from "wiresign/next";

import { call, send, sign } from "./requests.mjs";
import { SERVERS } from "./servers.mjs";
import { document, ENV, head, listen, raw } from "./support.mjs";

const SECRETS = {
  ...ENV,
  SLACK_SECRET: "8f742231b10e8888abcd99yyyzzz85a5",
  WHATSAPP_SECRET: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
  VERIFY_TOKEN: "open sesame",
  BILLING_KEY: "key-of-billing-2f6c1a9d8e7b4035-0001",
};
const parse = (more) => Config.parse(document("orders", more), { env: SECRETS });

const WEBHOOKS = {
  webhooks: {
    slack: { scheme: "slack", keys: [{ secret: "env:SLACK_SECRET" }] },
    whatsapp: {
      scheme: "whatsapp",
      keys: [{ secret: "env:WHATSAPP_SECRET" }],
      verify_token: "env:VERIFY_TOKEN",
    },
  },
  routes: [
    { match: "/echo", accept: ["webhook:slack"] },
    { match: "/names", accept: ["webhook:whatsapp"] },
  ],
};

/** A request of Slack, as it is sent. */
function fromSlack(body) {
  const signer = new Signer(parse({ ...WEBHOOKS, sign_with: "webhook:slack" }));
  const signed = signer.sign({ method: "POST", target: "/echo", headers: {}, body: Buffer.from(body) });
  return { body, headers: { ...Object.fromEntries(signed), "Content-Type": "application/octet-stream" } };
}

/** Route handlers of Next.js, with the requests and responses that they get from a real server. */
async function routeHandlers(test, config, options = {}) {
  const echo = async (request) => new Response(await request.arrayBuffer());
  const handler = withCrossServiceAuth(echo, { config, ...options });
  const server = serve({ fetch: (request) => handler(request, {}), port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

/** API routes of Next.js, with the requests and responses of node:http that they get. */
function apiRoutes(test, config, options = {}) {
  const handler = withCrossServiceAuth((request, response) => void request.pipe(response), { config, ...options });
  return listen(
    test,
    http.createServer((request, response) => void handler(request, response)),
  );
}

const WITH_NEXT = {
  ...SERVERS,
  "Next.js, API routes": apiRoutes,
  "Next.js, API routes, not strict": (test, config) => apiRoutes(test, config, { strict: false }),
  "Next.js": routeHandlers,
  "Next.js, not strict": (test, config) => routeHandlers(test, config, { strict: false }),
};

// Strict handlers of Next.js serve nobody without a name, on any route.
const OPEN = Object.entries(WITH_NEXT).filter(([name]) => name in SERVERS || name.endsWith("not strict"));

for (const [name, start] of OPEN) {
  it(`${name} keeps no body of nobody on an optional route: the handler reads it`, async (test) => {
    const port = await start(
      test,
      parse({ routes: [{ match: "/public/**", optional: true }], limits: { body_bytes: 100 } }),
    );
    const body = "b".repeat(70_000);
    for (const more of [{ "Content-Length": String(body.length) }, { "Transfer-Encoding": "chunked" }]) {
      const headers = { "Content-Type": "text/plain", ...more };
      const answer = await send(port, "POST", "/public/echo", { headers, body });
      assert.equal(answer.status, 200, answer.body);
      assert.ok(answer.body.includes(body), `${answer.body.length} bytes`);
    }
    const headers = sign("POST", "/public/echo", body);
    assert.equal((await send(port, "POST", "/public/echo", { headers, body })).status, 413);
  });
}

for (const [name, start] of Object.entries(WITH_NEXT)) {
  describe(`${name}, handshakes`, () => {
    it("answers the handshakes of webhooks by itself, and lets their other requests in", async (test) => {
      const port = await start(test, parse(WEBHOOKS));
      const challenge = await send(
        port,
        "POST",
        "/echo",
        fromSlack('{"type":"url_verification","challenge":"3eZbrw1aB"}'),
      );
      assert.equal(challenge.status, 200, challenge.body);
      assert.equal(challenge.body, "3eZbrw1aB");
      const event = await send(port, "POST", "/echo", fromSlack('{"type":"event_callback"}'));
      assert.equal(event.status, 200, event.body);
      assert.equal(event.body, '{"type":"event_callback"}');
      const forged = fromSlack('{"type":"url_verification","challenge":"3eZbrw1aB"}');
      forged.body = forged.body.replace("3eZ", "4eZ");
      assert.equal((await send(port, "POST", "/echo", forged)).status, 401);
    });

    it("answers a challenge in the query, and only where the token is right", async (test) => {
      const port = await start(test, parse(WEBHOOKS));
      const target = (token) => `/names?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`;
      const answer = await send(port, "GET", target("open+sesame"));
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.body, "1158201444");
      assert.equal((await send(port, "GET", target("guessed"))).status, 403);
      assert.equal((await send(port, "GET", "/names")).status, name.endsWith("not strict") ? 200 : 401);
    });
  });
}

for (const [name, start] of [
  ["Route handlers", routeHandlers],
  ["API routes", apiRoutes],
]) {
  it(`${name} of Next.js that require something of callers serve nobody else, strict or not`, async (test) => {
    for (const required of [{ requiredServices: ["billing"] }, { requiredPermission: "GET /names" }]) {
      const port = await start(test, parse({}), { strict: false, ...required });
      assert.equal((await send(port, "GET", "/names")).status, 401);
      assert.equal((await call(port, "GET", "/names")).status, 200);
    }
    const other = await start(test, parse({}), { strict: false, requiredServices: ["reports"] });
    assert.equal((await call(other, "GET", "/names")).status, 403);
  });
}

it("A route handler of Next.js takes no more of a handshake's body than of any other", async (test) => {
  const port = await routeHandlers(test, parse({ ...WEBHOOKS, limits: { body_bytes: 100 } }));
  const long = fromSlack(`{"type":"url_verification","challenge":"${"a".repeat(100)}"}`);
  assert.equal((await send(port, "POST", "/echo", long)).status, 413);
  const routes = [{ match: "/echo", accept: ["webhook:slack"], optional: true }];
  const open = await routeHandlers(test, parse({ ...WEBHOOKS, routes, limits: { body_bytes: 100 } }));
  const ofNobody = (body) => send(open, "POST", "/echo", { headers: { "Transfer-Encoding": "chunked" }, body });
  assert.equal((await ofNobody("b".repeat(101))).status, 413);
  assert.equal((await ofNobody("b".repeat(100))).status, 401);
});

/** Whatever of a body arrives after its head has to be waited for. */
async function inTwoParts(port, head, body) {
  const [answer] = await raw(port, [head, 50, body]);
  return answer;
}

for (const [name, start] of OPEN) {
  it(`${name} gives a short body of nobody to the handler, even one that comes late`, async (test) => {
    const port = await start(test, parse({ routes: [{ match: "/public/**", optional: true }] }));
    const headers = { Host: "a", "Content-Type": "text/plain", "Content-Length": 5 };
    const answer = await inTwoParts(port, head("POST", "/public/echo", headers), "hello");
    assert.equal(answer.status, 200, answer.body);
    assert.ok(answer.body.includes("hello"), answer.body);
  });

  it(`${name} gives a body that was no handshake to the handler of an optional route`, async (test) => {
    const routes = [{ match: "/public/**", accept: ["webhook:slack"], optional: true }];
    const port = await start(test, parse({ ...WEBHOOKS, routes }));
    for (const body of ["hello", "b".repeat(70_000)]) {
      for (const more of [{ "Content-Length": String(body.length) }, { "Transfer-Encoding": "chunked" }]) {
        const headers = { "Content-Type": "text/plain", ...more };
        const answer = await send(port, "POST", "/public/echo", { headers, body });
        assert.equal(answer.status, 200, answer.body);
        assert.ok(answer.body.includes(body), `${answer.body.length} bytes`);
      }
    }
  });
}

describe("Headers that the application takes for an identity", () => {
  for (const [name, start] of Object.entries(SERVERS)) {
    it(`never reach handlers of ${name} from outside`, async (test) => {
      const options = { identityHeaders: ["X-Service-ID"] };
      const port = await start(test, parse({ routes: [{ match: "/public/**", public: true }] }), options);
      const known = await call(port, "GET", "/names");
      assert.deepEqual(JSON.parse(known.body), [null, null]);
      const headers = { "X-Service-ID": "billing", "Content-Type": "text/plain" };
      const anybody = await send(port, "POST", "/public/echo", { headers, body: "a" });
      assert.deepEqual(JSON.parse(anybody.body).names, [null, null]);
    });
  }

  it("never reach handlers of Next.js, whether somebody called or not", async (test) => {
    const options = { config: parse({}), strict: false, identityHeaders: ["X-User-ID"] };
    const route = withCrossServiceAuth((request) => Response.json(Object.fromEntries(request.headers)), options);
    const web = serve({ fetch: (request) => route(request, {}), port: 0, hostname: "127.0.0.1" });
    await once(web, "listening");
    test.after(() => web.close());
    const api = withCrossServiceAuth((request, response) => response.end(JSON.stringify(request.headers)), options);
    const pages = http.createServer((request, response) => void api(request, response));
    for (const port of [web.address().port, await listen(test, pages)]) {
      for (const proof of [sign("GET", "/a"), {}]) {
        const headers = { ...proof, "X-User-ID": "root", "X-Other": "1" };
        const seen = JSON.parse((await send(port, "GET", "/a", { headers })).body);
        assert.deepEqual([seen["x-user-id"], seen["x-other"]], [undefined, "1"]);
      }
    }
  });

  it("are a list", () => {
    assert.throws(() => wiresign(parse({}), { identityHeaders: "X-User-ID" }), TypeError);
  });
});

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, () => {
    it("serves optional routes to everybody, and says who called where that is proven", async (test) => {
      const port = await start(test, parse({ routes: [{ match: "GET /names", optional: true }] }));
      const stranger = await send(port, "GET", "/names", { headers: { "X-Service-Name": "billing" } });
      assert.equal(stranger.status, 200, stranger.body);
      assert.deepEqual(JSON.parse(stranger.body), [null, null]);
      const known = await call(port, "GET", "/names");
      assert.equal(known.status, 200, known.body);
      assert.deepEqual(JSON.parse(known.body), ["billing", null]);
      const forged = { ...sign("GET", "/names"), "X-Signature": `v2=${"0".repeat(64)}` };
      assert.equal((await send(port, "GET", "/names", { headers: forged })).status, 401);
    });

    it("takes API keys where the config does", async (test) => {
      const more = {
        accept: ["api-key"],
        services: {
          orders: { allowed_targets: ["billing"] },
          billing: { allowed_targets: ["orders"], api_keys: [{ secret: "env:BILLING_KEY" }] },
        },
      };
      const port = await start(test, parse(more));
      const ask = (key) => send(port, "GET", "/orders/7", { headers: { "X-Service-API-Key": key } });
      const answer = await ask(SECRETS.BILLING_KEY);
      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual(JSON.parse(answer.body), { caller: "billing", id: "7", bytes: 0 });
      assert.equal((await ask(`${SECRETS.BILLING_KEY}x`)).status, 401);
      assert.equal((await send(port, "GET", "/orders/7")).status, 401);
    });

    it("stops who fails too often, and says when to come again", async (test) => {
      const port = await start(test, parse({ limits: { failures_per_minute: 3 } }));
      const forged = () => ({ ...sign("GET", "/names"), "X-Signature": `v2=${"0".repeat(64)}` });
      // The minute of the clock may end in between, once.
      let answer;
      for (let tries = 0; tries < 8 && answer?.status !== 429; tries += 1) {
        answer = await send(port, "GET", "/names", { headers: forged() });
      }
      assert.equal(answer.status, 429, answer.body);
      assert.equal(JSON.parse(answer.body).code, "RATE_LIMITED");
      const seconds = Number(answer.headers["retry-after"]);
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, answer.headers["retry-after"]);
    });
  });
}
