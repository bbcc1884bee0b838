// The same requests against a real server of every framework, over real sockets: what one adapter promises all of them keep.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { describe, it } from "node:test";

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pino from "pino";
import { Verified, Verifier } from "wiresign";
import { wiresign as onHono } from "wiresign/hono";
import { withCrossServiceAuth } from "wiresign/next";

import { nginx } from "./nginx.mjs";
import { call, send, sign } from "./requests.mjs";
import { SERVERS } from "./servers.mjs";
import { billingSigner, config, document, freePort, head, ordersConfig, raw } from "./support.mjs";

const ROUTES = [{ match: "/public/**", public: true }];
const orders = (more) => ordersConfig({ routes: ROUTES, ...more });

/** Two services that accept and sign by a scheme that covers the authority. */
function signingTheHost(scheme) {
  const { services } = document("orders");
  const aws_keys = [{ id: "AKIAIOSFODNN7EXAMPLE", secret: "literal:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }];
  const more = {
    accept: [scheme],
    sign_with: scheme,
    aws_sigv4: { region: "eu-central-1", service: "execute-api" },
    services: { ...services, billing: { ...services.billing, aws_keys } },
  };
  const signed = (method, target, host, body) => {
    const headers = { host, "content-type": "application/octet-stream" };
    return { ...headers, ...Object.fromEntries(billingSigner(more).sign({ method, target, headers, body })) };
  };
  return { judge: orders(more), signed };
}

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, () => {
    it("lets signed requests in, and says who called", async (test) => {
      const port = await start(test, orders());
      const answer = await call(port, "GET", "/orders/7?full=1&b=%20");
      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual(JSON.parse(answer.body), { caller: "billing", id: "7", bytes: 0 });
    });

    it("answers refused requests with exactly the bytes of the refusal", async (test) => {
      const port = await start(test, orders());
      const verifier = new Verifier(orders());
      for (const [method, target] of [
        ["GET", "/orders/7"],
        ["POST", "/echo"],
        ["GET", "/there/is/no/such/route"],
      ]) {
        const { response } = verifier.check({ method, target, headers: {} });
        const answer = await send(port, method, target, { body: method === "POST" ? "{}" : undefined });
        assert.equal(answer.status, response.status, target);
        assert.equal(answer.body, response.body);
        assert.equal(answer.headers["content-type"], "application/json");
        assert.equal(answer.headers["www-authenticate"], response.wwwAuthenticate);
        assert.equal(answer.headers["content-length"], String(Buffer.byteLength(response.body)));
      }
      const headers = sign("POST", "/echo", "{}");
      for (const [target, body] of [
        ["/echo", '{"n":1}'],
        ["/echo", "{not json"],
        ["/echo/", "{}"],
        ["/echo?x", "{}"],
        ["//echo", "{}"],
      ]) {
        const more = { ...headers, "Content-Type": "application/json" };
        const answer = await send(port, "POST", target, { headers: more, body });
        assert.equal(answer.status, 401, target);
        assert.equal(JSON.parse(answer.body).code, "INVALID_SIGNATURE", target);
      }
    });

    it("hands the same bytes on, whatever their number and however they come", async (test) => {
      const port = await start(test, orders());
      for (const size of [0, 1, 65_536, 65_537, 3_000_000]) {
        for (const chunked of [{}, { "Transfer-Encoding": "chunked" }]) {
          const body = Buffer.alloc(size, "wiresign ");
          const more = { "Content-Type": "application/octet-stream", ...chunked };
          const answer = await call(port, "POST", "/echo", body, more);
          assert.equal(answer.status, 200, answer.body);
          assert.ok(answer.body === body.toString("utf8"), `${size} ${JSON.stringify(chunked)}`);
        }
      }
    });

    it("lets the framework parse what was verified", async (test) => {
      const port = await start(test, orders());
      const body = '{"n": 1.0, "s": "\\u017elut\\u00fd"}';
      const answer = await call(port, "POST", "/json", body, { "Content-Type": "application/json" });
      assert.deepEqual(JSON.parse(answer.body), { parsed: { n: 1, s: "žlutý" }, raw: body });
    });

    it("verifies compressed bodies as received", async (test) => {
      const port = await start(test, orders());
      const { gzipSync } = await import("node:zlib");
      const body = gzipSync("x".repeat(1000));
      const more = { "Content-Type": "application/octet-stream", "Content-Encoding": "gzip" };
      const answer = await call(port, "POST", "/raw-length", body, more);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(JSON.parse(answer.body).bytes, body.length);
    });

    it("refuses bodies that are too long, by their own account or by count", async (test) => {
      const port = await start(test, orders({ limits: { body_bytes: 100_000 } }));
      const body = "b".repeat(100_001);
      const announced = { Host: "a", "Content-Length": 100_001, ...sign("POST", "/echo", body) };
      const [early] = await raw(port, head("POST", "/echo", announced));
      assert.equal(early.status, 413);
      assert.equal(JSON.parse(early.body).code, "BODY_TOO_LARGE");
      const chunks = Array.from({ length: 40 }, () => `${(5000).toString(16)}\r\n${"b".repeat(5000)}\r\n`);
      const chunked = { Host: "a", "Transfer-Encoding": "chunked", ...sign("POST", "/echo", body) };
      const [counted] = await raw(port, [head("POST", "/echo", chunked), ...chunks, "0\r\n\r\n"]);
      assert.equal(counted.status, 413);
      assert.equal((await call(port, "POST", "/echo", Buffer.alloc(190_000))).status, 413);
    });

    it("keeps connections alive", async (test) => {
      const port = await start(test, orders());
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      test.after(() => agent.destroy());
      const sockets = new Set();
      for (let round = 0; round < 12; round += 1) {
        const body = JSON.stringify({ round, padding: "x".repeat(round * 8000) });
        for (const headers of [sign("POST", "/echo", body), {}]) {
          const more = { ...headers, "Content-Type": "application/octet-stream" };
          const request = http.request({
            host: "127.0.0.1",
            port,
            method: "POST",
            path: "/echo",
            headers: more,
            agent,
          });
          request.once("socket", (socket) => sockets.add(socket));
          request.end(body);
          const [response] = await once(request, "response");
          response.resume();
          await once(response, "end");
          assert.equal(response.statusCode, "X-Signature" in headers ? 200 : 401);
        }
      }
      assert.equal(sockets.size, 1);
    });

    it("survives clients that go away in the middle of a body", async (test) => {
      const port = await start(test, orders());
      for (const length of [1000, 1_000_000]) {
        const socket = net.connect(port, "127.0.0.1");
        const body = "b".repeat(length);
        socket.write(head("POST", "/echo", { Host: "a", "Content-Length": length, ...sign("POST", "/echo", body) }));
        socket.write("b".repeat(500));
        await new Promise((resolve) => setTimeout(resolve, 50));
        socket.destroy();
      }
      assert.equal((await call(port, "GET", "/orders/7")).status, 200);
    });

    it("refuses a repeat, and repeated headers", async (test) => {
      const port = await start(test, orders());
      const headers = sign("GET", "/orders/7");
      assert.equal((await send(port, "GET", "/orders/7", { headers })).status, 200);
      const again = await send(port, "GET", "/orders/7", { headers });
      assert.equal(JSON.parse(again.body).code, "REPLAYED_REQUEST");
      const signed = Object.entries(sign("GET", "/orders/7"));
      const [twice] = await raw(
        port,
        head("GET", "/orders/7", [["Host", "a"], ...signed, ["x-signature", signed[3][1]]]),
      );
      assert.equal(JSON.parse(twice.body).code, "DUPLICATE_HEADER");
    });

    it("passes public routes through unread, and lets nobody borrow a name there", async (test) => {
      const port = await start(test, orders({ limits: { body_bytes: 10 } }));
      const headers = { "X-Service-ID": "billing", "x-service-name": "billing", "Content-Type": "text/plain" };
      const answer = await send(port, "POST", "/public/echo", { headers, body: "longer than the limit" });
      assert.deepEqual(JSON.parse(answer.body), { body: "longer than the limit", caller: null, names: [null, null] });
      const signed = await send(port, "GET", "/names", {
        headers: { ...sign("GET", "/names"), "X-Service-Name": "auth" },
      });
      assert.deepEqual(JSON.parse(signed.body), ["billing", null]);
    });

    it("serves the required services only, with the bytes that the core would answer", async (test) => {
      for (const reveal of ["code", "uniform"]) {
        const routes = [...ROUTES, { match: "/listed", services: ["orders"] }];
        const port = await start(test, orders({ reveal, routes }));
        assert.equal((await call(port, "GET", "/mine")).body, "served");
        const nonce = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
        const other = await send(port, "GET", "/other", { headers: sign("GET", "/other", "", { nonce }) });
        const verifier = new Verifier(orders({ reveal, routes }));
        const core = verifier.check({
          method: "GET",
          target: "/listed",
          headers: sign("GET", "/listed", "", { nonce }),
        });
        assert.equal(other.status, 403);
        assert.equal(other.body, core.response.body);
        const open = await send(port, "GET", "/public/any");
        assert.equal(open.status, 401);
        assert.equal(JSON.parse(open.body).code, "AUTHENTICATION_REQUIRED");
      }
    });

    it("serves those that have the required permission only", async (test) => {
      for (const [permissions, status] of [
        [undefined, 200],
        [["GET /**", "POST /audit"], 200],
        [["GET /**"], 403],
      ]) {
        const { services } = document("orders");
        const port = await start(
          test,
          orders({ services: { ...services, billing: { ...services.billing, permissions } } }),
        );
        const answer = await call(port, "GET", "/audit");
        assert.equal(answer.status, status);
        assert.equal(
          status === 200 ? answer.body : JSON.parse(answer.body).code,
          status === 200 ? "served" : "PERMISSION_DENIED",
        );
      }
    });

    it("tells hooks and loggers of every decision, and lets none of them change it", async (test) => {
      const records = [];
      const logger = { info: (fields) => records.push(fields), warn: (fields) => records.push(fields) };
      const decisions = [];
      const options = { logger, onDecision: (decision) => decisions.push(decision), trustedProxies: ["127.0.0.0/8"] };
      const port = await start(test, orders(), options);
      await call(port, "GET", "/orders/7?secret=1", undefined, { "X-Forwarded-For": "6.6.6.6, 10.1.2.3" });
      await send(port, "GET", "/orders/7?secret=1");
      assert.deepEqual(
        records.map(({ event, code, path, client }) => [event, code, path, client]),
        [
          ["accepted", null, "/orders/7", "10.1.2.3"],
          ["refused", "AUTHENTICATION_REQUIRED", "/orders/7", "127.0.0.1"],
        ],
      );
      assert.ok(decisions[0].verified instanceof Verified && records[0].durationUs > 0);
      const fail = () => {
        throw new Error("out of order");
      };
      const broken = await start(test, orders(), {
        logger: { info: fail, warn: fail },
        onDecision: async () => fail(),
      });
      assert.equal((await call(broken, "GET", "/orders/7")).status, 200);
      assert.equal((await send(broken, "GET", "/orders/7")).status, 401);
    });

    for (const scheme of ["rfc9421", "aws-sigv4"]) {
      it(`knows by ${scheme} which host was called, whatever Host nginx has written`, async (test) => {
        const { judge, signed } = signingTheHost(scheme);
        for (const authority of ["api.example.com", undefined]) {
          const port = await freePort();
          await nginx(test, port, await start(test, judge, { authority }));
          const found = [];
          for (const host of ["api.example.com", "other.example.com"]) {
            const headers = signed("POST", "/echo?a=b", host, "{}");
            found.push((await send(port, "POST", "/echo?a=b", { headers, body: "{}" })).status);
          }
          assert.deepEqual(found, [authority === undefined ? 401 : 200, 401]);
        }
      });
    }

    it("knows no client where trusted proxies do not tell", async (test) => {
      const clients = [];
      const onDecision = ({ audit }) => clients.push(audit.client);
      const port = await start(test, orders(), { onDecision, trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"] });
      const cases = {
        "198.51.100.7, 10.9.9.9": "198.51.100.7",
        "1.1.1.1, 198.51.100.7": "198.51.100.7",
        "::ffff:198.51.100.7": "198.51.100.7",
        "10.9.9.9": null,
        unknown: null,
        "198.51.100.7, unknown, 10.9.9.9": null,
        "198.51.100.7:1234": null,
        "": null,
      };
      for (const forwarded of Object.keys(cases)) {
        await call(port, "GET", "/orders/7", undefined, { "X-Forwarded-For": forwarded });
      }
      await call(port, "GET", "/orders/7");
      assert.deepEqual(clients, [...Object.values(cases), "127.0.0.1"]);
      const behindNobody = await start(test, orders(), { onDecision, trustedProxies: ["10.0.0.0/8"] });
      await call(behindNobody, "GET", "/orders/7", undefined, { "X-Forwarded-For": "198.51.100.7" });
      assert.equal(clients.at(-1), "127.0.0.1");
    });

    it("reads who the client is in the header that the proxies write", async (test) => {
      const clients = [];
      const onDecision = ({ audit }) => clients.push(audit.client);
      const trustedProxies = ["127.0.0.0/8"];
      const headers = { "CF-Connecting-IP": "10.1.2.3", "X-Forwarded-For": "6.6.6.6" };
      for (const options of [{ trustedProxies, clientHeader: "CF-Connecting-IP" }, { trustedProxies }, {}]) {
        const port = await start(test, orders(), { onDecision, ...options });
        await call(port, "GET", "/orders/7", undefined, headers);
      }
      assert.deepEqual(clients, ["10.1.2.3", "6.6.6.6", "127.0.0.1"]);
    });

    it("tells pino of every decision", async (test) => {
      const lines = [];
      const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
      const port = await start(test, orders(), { logger });
      await call(port, "GET", "/orders/7?secret=1");
      await send(port, "GET", "/orders/7?secret=1");
      const [accepted, refused] = lines;
      assert.equal(lines.length, 2);
      assert.deepEqual(
        [accepted.level, accepted.msg, accepted.event, accepted.service, accepted.path],
        [pino.levels.values.info, "request accepted", "accepted", "billing", "/orders/7"],
      );
      assert.ok(accepted.durationUs > 0 && accepted.age >= 0 && accepted.requestId.length > 0);
      assert.deepEqual(
        [refused.level, refused.msg, refused.event, refused.code, refused.service],
        [pino.levels.values.warn, "request refused", "refused", "AUTHENTICATION_REQUIRED", null],
      );
      assert.ok(refused.detail.length > 0);
    });

    it("accepts every scheme of the config", async (test) => {
      const schemes = { accept: ["service-hmac-v2", "cross-service"] };
      const port = await start(test, orders(schemes));
      for (const sign_with of schemes.accept) {
        const [method, target] = ["GET", "/orders/7"];
        const headers = Object.fromEntries(billingSigner({ sign_with }).sign({ method, target }));
        assert.equal((await send(port, method, target, { headers })).status, 200, sign_with);
      }
      assert.equal(config("orders").service, "orders");
    });
  });
}

describe("Next.js", () => {
  it("knows which host was called, whatever Host a proxy has written", async () => {
    const { judge, signed } = signingTheHost("rfc9421");
    const hosts = [];
    for (const authority of ["api.example.com", undefined]) {
      const handler = withCrossServiceAuth((request) => Response.json(request.headers.get("host")), {
        config: judge,
        authority,
      });
      const headers = { ...signed("GET", "/orders/7", "api.example.com"), host: "inner:3000" };
      const answer = await handler(new Request("http://inner:3000/orders/7", { headers }), {});
      hosts.push(answer.status === 200 ? await answer.json() : answer.status);
    }
    assert.deepEqual(hosts, ["inner:3000", 401]);
  });
});

describe("Hono", () => {
  it("frees the headers of unproven names where somebody has read them before", async (test) => {
    const app = new Hono();
    app.use(async (context, next) => {
      // Only whoever reads all of them makes a copy.
      assert.ok([...context.req.raw.headers].length > 0);
      await next();
    });
    app.use(onHono(orders(), { identityHeaders: ["X-User-ID"] }));
    app.all("*", (context) =>
      context.json(["x-service-id", "x-service-name", "x-user-id"].map((name) => context.req.header(name) ?? null)),
    );
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    test.after(() => server.close());
    const { port } = server.address();
    const forged = { "X-Service-Name": "auth", "X-User-ID": "root" };
    const known = await call(port, "GET", "/orders/7", undefined, forged);
    assert.deepEqual(JSON.parse(known.body), ["billing", null, null]);
    const opened = await send(port, "GET", "/public/any", { headers: { ...forged, "X-Service-ID": "auth" } });
    assert.deepEqual(JSON.parse(opened.body), [null, null, null]);
  });
});

describe("HTTP/2", () => {
  for (const [name, start] of Object.entries(SERVERS)) {
    if (!start.http2) {
      continue;
    }
    it(`${name} serves it with the same answers`, async (test) => {
      const port = await start.http2(test, orders({ limits: { body_bytes: 1_000_000 } }));
      const session = http2.connect(`http://127.0.0.1:${port}`);
      const ask = async (method, target, body, headers) => {
        const stream = session.request(
          { ":method": method, ":path": target, ...headers },
          { endStream: body === undefined },
        );
        stream.on("error", () => undefined);
        if (body !== undefined) {
          stream.end(body);
        }
        const [fields] = await once(stream, "response");
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        return {
          status: fields[":status"],
          body: Buffer.concat(chunks).toString("utf8"),
          type: fields["content-type"],
        };
      };
      for (const size of [0, 1, 70_000, 900_000]) {
        for (const announce of [{}, { "content-length": size }]) {
          const body = Buffer.alloc(size, "wiresign ");
          const headers = { ...sign("POST", "/echo", body), "content-type": "application/octet-stream", ...announce };
          const answer = await ask("POST", "/echo", body, headers);
          assert.equal(answer.status, 200, answer.body);
          assert.ok(answer.body === body.toString("utf8"), String(size));
        }
      }
      const got = await ask("GET", "/orders/7", undefined, sign("GET", "/orders/7"));
      assert.equal(JSON.parse(got.body).caller, "billing");
      const refused = await ask("POST", "/echo", "{}", {});
      const { response } = new Verifier(orders()).check({ method: "POST", target: "/echo", headers: {} });
      assert.deepEqual([refused.status, refused.body, refused.type], [401, response.body, "application/json"]);
      const long = Buffer.alloc(1_000_001);
      const tooLong = await ask("POST", "/echo", long, {
        ...sign("POST", "/echo", long),
        "content-length": long.length,
      });
      assert.equal(tooLong.status, 413);
      const counted = await ask("POST", "/echo", Buffer.alloc(3_000_000), sign("POST", "/echo", long));
      assert.equal(counted.status, 413);
      const two = await ask("GET", "/orders/7", undefined, {
        ...sign("GET", "/orders/7"),
        ":authority": "orders",
        host: "billing",
      });
      assert.equal(JSON.parse(two.body).code, "MALFORMED_REQUEST");
      const after = await ask("GET", "/orders/7", undefined, sign("GET", "/orders/7"));
      assert.equal(after.status, 200);
      session.destroy();
    });
  }
});
