// The middleware inside real servers of both versions of Express, over real sockets.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { describe, it } from "node:test";

import express5 from "express";
import express4 from "express4";
import { Refusal, Verified, Verifier } from "wiresign";
import { requireService, wiresign } from "wiresign/express";

import { call, send, sign } from "./requests.mjs";
import { head, listen, ordersConfig, raw, signedRequest } from "./support.mjs";

function failures(app) {
  const seen = [];
  app.use((error, _request, response, next) => {
    seen.push(error);
    response.headersSent ? next(error) : response.status(500).json({ error: error.message });
  });
  return seen;
}

for (const [version, express] of [
  ["Express 4", express4],
  ["Express 5", express5],
]) {
  describe(version, () => {
    it("lets signed requests in, and says who called", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.get("/orders/:id", (request, response) => {
        assert.ok(request.caller instanceof Verified);
        assert.deepEqual(request.rawBody, Buffer.alloc(0));
        response.json({ caller: request.caller.service, id: request.params.id, query: request.query });
      });
      const port = await listen(test, http.createServer(app));
      const answer = await call(port, "GET", "/orders/7?full=1");
      assert.equal(answer.status, 200);
      assert.deepEqual(JSON.parse(answer.body), { caller: "billing", id: "7", query: { full: "1" } });
    });

    it("says who called whatever others have put there, and to whoever has the request", async (test) => {
      const app = express();
      const mounted = express();
      app.use((request, _response, next) => {
        if (request.headers["x-forged"] !== undefined) {
          request.caller = "forged";
          request.rawBody = "forged";
        }
        next();
      });
      mounted.use(wiresign(ordersConfig()), (_request, _response, next) => next());
      app.use("/orders", mounted);
      app.use((request, response) => {
        // Behind the application that has verified it, and in an object that somebody has derived.
        assert.equal(Object.create(request).caller, request.caller);
        const shown = [request.caller.service, String(request.rawBody)];
        request.caller = "of my own";
        response.json([...shown, request.caller]);
      });
      const port = await listen(test, http.createServer(app));
      for (const forged of [{}, { "X-Forged": "1" }, {}]) {
        const headers = { ...sign("POST", "/orders/7", "{}"), ...forged };
        const answer = await send(port, "POST", "/orders/7", { headers, body: "{}" });
        assert.equal(answer.body, '["billing","{}","of my own"]');
      }
      assert.deepEqual((await send(port, "GET", "/elsewhere")).status, 500);
    });

    it("leaves members alone that an application has given its requests", async (test) => {
      const app = express();
      Object.defineProperty(app.request, "caller", { get: () => "of the application", set() {}, configurable: true });
      app.use(wiresign(ordersConfig()));
      app.use((request, response) => response.json([request.caller, String(request.rawBody)]));
      const port = await listen(test, http.createServer(app));
      assert.equal((await call(port, "POST", "/orders", "{}")).body, '["of the application","{}"]');
    });

    it("judges anew by a verifier of another config, and once by the same one", async (test) => {
      const app = express();
      const verifier = new Verifier(ordersConfig());
      const strict = ordersConfig({ routes: [{ match: "/inner/**", services: ["orders"] }] });
      app.use(wiresign(verifier));
      app.use("/twice", wiresign(verifier));
      app.use("/inner", wiresign(strict));
      app.use((_request, response) => response.end("served"));
      const port = await listen(test, http.createServer(app));
      assert.equal((await call(port, "GET", "/outer/a")).body, "served");
      const refused = await call(port, "GET", "/inner/a");
      assert.equal(JSON.parse(refused.body).code, "SERVICE_NOT_ALLOWED");
    });

    it("refuses a short body over the limit by its declared length, before any of it has come", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig({ limits: { body_bytes: 100 } })));
      const port = await listen(test, http.createServer(app));
      const headers = { Host: "orders", ...sign("POST", "/orders", "x".repeat(101)), "Content-Length": 101 };
      const [answer] = await raw(port, head("POST", "/orders", headers));
      assert.equal(JSON.parse(answer.body).code, "BODY_TOO_LARGE");
    });

    it("answers refused requests with exactly the bytes of the refusal", async (test) => {
      const app = express();
      const verifier = new Verifier(ordersConfig());
      app.use(wiresign(verifier));
      app.use(() => assert.fail("a refused request reached a handler"));
      const port = await listen(test, http.createServer(app));
      const unsigned = await send(port, "GET", "/orders");
      const expected = verifier.check({ method: "GET", target: "/orders", headers: {} });
      assert.ok(expected instanceof Refusal);
      assert.equal(unsigned.status, expected.response.status);
      assert.equal(unsigned.body, expected.response.body);
      assert.equal(unsigned.headers["content-type"], "application/json");
      assert.equal(unsigned.headers["www-authenticate"], expected.response.wwwAuthenticate);
      assert.equal(unsigned.headers["content-length"], String(expected.response.body.length));

      const headers = sign("POST", "/orders", "{}");
      for (const [target, body, code] of [
        ["/orders", '{"n":1}', "INVALID_SIGNATURE"],
        ["/orders/", "{}", "INVALID_SIGNATURE"],
        ["/orders?x", "{}", "INVALID_SIGNATURE"],
        ["//orders", "{}", "INVALID_SIGNATURE"],
      ]) {
        const answer = await send(port, "POST", target, { headers, body });
        assert.equal(JSON.parse(answer.body).code, code, target);
      }
      assert.equal((await send(port, "HEAD", "/orders")).status, 401);
    });

    for (const [name, parser, type, body, expected] of [
      ["json", () => express.json(), "application/json", '{"n": 1.0, "s": "\\u017elut\\u00fd"}', { n: 1, s: "žlutý" }],
      [
        "urlencoded",
        () => express.urlencoded({ extended: false }),
        "application/x-www-form-urlencoded",
        "a=1&b=%20",
        { a: "1", b: " " },
      ],
      ["text", () => express.text(), "text/plain; charset=utf-8", "žlutý kůň", "žlutý kůň"],
      [
        "raw",
        () => express.raw(),
        "application/octet-stream",
        Buffer.from([0, 255, 13, 10]),
        { type: "Buffer", data: [0, 255, 13, 10] },
      ],
    ]) {
      it(`hands the same bytes on to express.${name}()`, async (test) => {
        const app = express();
        app.use(wiresign(ordersConfig()));
        app.use(parser());
        app.post("/orders", (request, response) => {
          assert.deepEqual(request.rawBody, Buffer.from(body));
          response.json(request.body);
        });
        const port = await listen(test, http.createServer(app));
        for (const chunked of [{}, { "Transfer-Encoding": "chunked" }]) {
          const answer = await call(port, "POST", "/orders", body, { "Content-Type": type, ...chunked });
          assert.equal(answer.status, 200, answer.body);
          assert.deepEqual(JSON.parse(answer.body), expected);
        }
      });
    }

    it("hands the same bytes on to handlers that read the stream, in every way there is", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      const readers = {
        data: (request, done) => {
          const pieces = [];
          request.on("data", (piece) => pieces.push(piece)).on("end", () => done(Buffer.concat(pieces)));
        },
        iteration: async (request, done) => {
          const pieces = [];
          for await (const piece of request) pieces.push(piece);
          done(Buffer.concat(pieces));
        },
        pipe: (request, done, response) => {
          response.type("application/octet-stream");
          request.pipe(response);
        },
        readable: (request, done) => {
          const pieces = [];
          request.on("readable", () => {
            for (let piece; (piece = request.read()) !== null;) pieces.push(piece);
          });
          request.on("end", () => done(Buffer.concat(pieces)));
        },
        later: (request, done) => setTimeout(() => readers.data(request, done), 20),
      };
      app.post("/:reader", (request, response) => {
        readers[request.params.reader](request, (bytes) => response.end(bytes), response);
      });
      const port = await listen(test, http.createServer(app));
      for (const reader of Object.keys(readers)) {
        for (const size of [1, 1000, 65_536, 65_537, 3_000_000]) {
          for (const chunked of [{}, { "Transfer-Encoding": "chunked" }]) {
            const body = Buffer.alloc(size, "wiresign ");
            const answer = await call(port, "POST", `/${reader}`, body, chunked);
            assert.equal(answer.status, 200);
            assert.ok(answer.body === body.toString("utf8"), `${reader} ${size} ${JSON.stringify(chunked)}`);
          }
        }
      }
    });

    it("keeps connections alive, whether handlers read bodies or not", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.post("/ignored", (_request, response) => response.send("ignored"));
      app.post("/parsed", express.json({ limit: "1mb" }), (request, response) => response.json(request.body));
      const server = http.createServer(app);
      const port = await listen(test, server);
      let connections = 0;
      server.on("connection", () => (connections += 1));
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      test.after(() => agent.destroy());
      for (let round = 0; round < 30; round += 1) {
        const body = JSON.stringify({ round, padding: "x".repeat(round * 5000) });
        for (const target of ["/ignored", "/parsed"]) {
          const headers = { ...sign("POST", target, body), "Content-Type": "application/json" };
          assert.equal((await send(port, "POST", target, { headers, body, agent })).status, 200);
        }
        const refused = await send(port, "POST", "/parsed", { headers: {}, body, agent });
        assert.equal(refused.status, 401);
      }
      assert.equal(connections, 1);
    });

    it("serves requests that come in one packet, one after the other", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.post("/orders", (request, response) => response.json({ length: request.rawBody.length }));
      const port = await listen(test, http.createServer(app));
      const requests = [3, 70_000, 0, 5].map((length) => {
        const body = "b".repeat(length);
        return (
          head("POST", "/orders", { Host: "a", "Content-Length": length, ...sign("POST", "/orders", body) }) + body
        );
      });
      const answers = await raw(port, requests.join(""), { answers: 4 });
      assert.deepEqual(
        answers.map(({ body }) => JSON.parse(body).length),
        [3, 70_000, 0, 5],
      );
    });

    it("reads bodies that come in pieces, empty chunks and trailers included", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.use(express.text({ type: () => true }));
      app.post("/orders", (request, response) =>
        response.json({ body: request.body ?? null, raw: String(request.rawBody) }),
      );
      const port = await listen(test, http.createServer(app));
      const start = (body) =>
        head("POST", "/orders", { Host: "a", "Transfer-Encoding": "chunked", ...sign("POST", "/orders", body) });
      const [pieces] = await raw(port, [
        start("abc"),
        20,
        "1\r\na\r\n",
        20,
        "2\r\nb",
        20,
        "c\r\n",
        20,
        "0\r\nX-Trailer: 1\r\n\r\n",
      ]);
      assert.deepEqual(JSON.parse(pieces.body), { body: "abc", raw: "abc" });
      const [empty] = await raw(port, [start(""), 20, "0\r\n\r\n"]);
      assert.equal(empty.status, 200);
      assert.equal(JSON.parse(empty.body).raw, "");
      const split = head("POST", "/orders", { Host: "a", "Content-Length": 4, ...sign("POST", "/orders", "abcd") });
      const [known] = await raw(port, [split, 20, "a", 20, "bcd"]);
      assert.equal(JSON.parse(known.body).raw, "abcd");
    });

    it("refuses repeated credential headers, joined or not", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.use((_request, response) => response.send("reached"));
      const port = await listen(test, http.createServer({ maxHeaderSize: 200_000 }, app));
      const signed = Object.entries(sign("GET", "/orders"));
      for (const [name, value] of signed) {
        const [answer] = await raw(
          port,
          head("GET", "/orders", [["Host", "a"], ...signed, [name.toUpperCase(), value]]),
        );
        assert.equal(answer.status, 400);
        assert.equal(JSON.parse(answer.body).code, "DUPLICATE_HEADER", name);
      }
      const many = Array.from({ length: 251 }, (_, at) => [`y-${at}`, "1"]);
      const [over] = await raw(port, head("GET", "/orders", [["Host", "a"], ...signed, ...many]));
      assert.equal(JSON.parse(over.body).code, "MALFORMED_REQUEST");
      const [exactly] = await raw(port, head("GET", "/orders", [["Host", "a"], ...signed, ...many.slice(1)]));
      assert.equal(exactly.status, 200);
      const long = Array.from({ length: 5 }, (_, at) => [`z-${at}`, "b".repeat(14_000)]);
      const [big] = await raw(port, head("GET", "/orders", [["Host", "a"], ...signed, ...long]));
      assert.equal(JSON.parse(big.body).code, "MALFORMED_REQUEST");
      const joined = Array.from({ length: 251 }, () => ["y", "1"]);
      const again = Object.entries(sign("GET", "/orders"));
      const [same] = await raw(port, head("GET", "/orders", [["Host", "a"], ...again, ...joined]));
      assert.equal(JSON.parse(same.body).code, "MALFORMED_REQUEST");
    });

    it("refuses bodies that are too long, by their own account or by count", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig({ limits: { body_bytes: 100_000 } })));
      app.use(() => assert.fail("an oversized request reached a handler"));
      const port = await listen(test, http.createServer(app));
      const body = "b".repeat(100_001);
      // Nothing of the body is sent, and still there is an answer.
      const announced = { Host: "a", "Content-Length": 100_001, ...sign("POST", "/orders", body) };
      const [early] = await raw(port, head("POST", "/orders", announced));
      assert.equal(early.status, 413);
      assert.equal(JSON.parse(early.body).code, "BODY_TOO_LARGE");
      assert.equal(early.headers.connection, "close");
      // What comes before the length in the order of steps still decides.
      const [unsigned] = await raw(port, head("POST", "/orders", { Host: "a", "Content-Length": 10 ** 12 }));
      assert.equal(JSON.parse(unsigned.body).code, "AUTHENTICATION_REQUIRED");
      const [huge] = await raw(
        port,
        head("POST", "/orders", { Host: "a", "Content-Length": 10 ** 12, ...sign("POST", "/orders", body) }),
      );
      assert.equal(JSON.parse(huge.body).code, "BODY_TOO_LARGE");

      const chunks = Array.from({ length: 40 }, () => `${(5000).toString(16)}\r\n${"b".repeat(5000)}\r\n`);
      const chunked = head("POST", "/orders", {
        Host: "a",
        "Transfer-Encoding": "chunked",
        ...sign("POST", "/orders", body),
      });
      const [counted] = await raw(port, [chunked, ...chunks, "0\r\n\r\n"]);
      assert.equal(counted.status, 413);
      // A client that sends everything before it listens gets its answer too.
      const answer = await call(port, "POST", "/orders", Buffer.alloc(190_000));
      assert.equal(answer.status, 413);
    });

    it("accepts bodies of just the limit", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig({ limits: { body_bytes: 1000 } })));
      app.post("/orders", (request, response) => response.json({ length: request.rawBody.length }));
      const port = await listen(test, http.createServer(app));
      for (const chunked of [{}, { "Transfer-Encoding": "chunked" }]) {
        assert.equal((await call(port, "POST", "/orders", Buffer.alloc(1000), chunked)).body, '{"length":1000}');
        assert.equal((await call(port, "POST", "/orders", Buffer.alloc(1001), chunked)).status, 413);
      }
    });

    it("survives clients that go away in the middle of a body", async (test) => {
      const app = express();
      const decisions = [];
      app.use(wiresign(ordersConfig(), { onDecision: (decision) => decisions.push(decision) }));
      app.use((_request, response) => response.send("reached"));
      const seen = failures(app);
      const server = http.createServer(app);
      const port = await listen(test, server);
      for (const length of [1000, 1_000_000]) {
        const socket = net.connect(port, "127.0.0.1");
        const body = "b".repeat(length);
        socket.write(
          head("POST", "/orders", { Host: "a", "Content-Length": length, ...sign("POST", "/orders", body) }),
        );
        socket.write("b".repeat(500));
        await new Promise((resolve) => setTimeout(resolve, 50));
        socket.destroy();
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(decisions, []);
      assert.deepEqual(seen, []);
      assert.equal((await call(port, "GET", "/orders")).status, 200);
    });

    it("refuses to serve behind a parser", async (test) => {
      for (const [name, before] of [
        ["json", express.json()],
        ["urlencoded", express.urlencoded({ extended: true })],
        ["raw", express.raw()],
        ["text", express.text()],
      ]) {
        const app = express();
        app.use(before);
        assert.throws(() => wiresign(ordersConfig(), { app }), /Parser is mounted before wiresign\(\)/);
        app.use(wiresign(ordersConfig()));
        app.use((_request, response) => response.send("reached"));
        const seen = failures(app);
        const port = await listen(test, http.createServer(app));
        // The first request says it, whatever it is.
        assert.equal((await send(port, "GET", "/health")).status, 500, name);
        assert.equal(
          (await call(port, "POST", "/orders", "{}", { "Content-Type": "application/json" })).status,
          500,
          name,
        );
        assert.match(seen[0].message, /Mount wiresign\(\) before express\.json\(\)/);
        assert.equal(seen.length, 2);
      }
    });

    it("refuses to serve where something else took the body", async (test) => {
      const takers = [
        (request, _response, next) => request.on("data", () => undefined).on("end", next),
        (request, _response, next) => {
          request.on("data", () => undefined);
          next();
        },
        (request, _response, next) => {
          request.body = { parsed: true };
          next();
        },
      ];
      for (const taker of takers) {
        const app = express();
        app.use(taker);
        app.use(wiresign(ordersConfig()));
        app.use((_request, response) => response.send("reached"));
        const seen = failures(app);
        const port = await listen(test, http.createServer(app));
        for (const body of ["{}", "b".repeat(100_000)]) {
          assert.equal((await call(port, "POST", "/orders", body)).status, 500);
        }
        assert.match(seen[0].message, /was read before wiresign\(\) saw it/);
      }
    });

    it("lets a parser for other paths be", async (test) => {
      const app = express();
      app.use("/uploads", express.raw());
      app.use(wiresign(ordersConfig()));
      app.post("/orders", express.json(), (request, response) => response.json(request.body));
      const port = await listen(test, http.createServer(app));
      const answer = await call(port, "POST", "/orders", '{"a":1}', { "Content-Type": "application/json" });
      assert.equal(answer.body, '{"a":1}');
    });

    it("verifies the whole target, also inside a mounted router, and only once", async (test) => {
      const app = express();
      const middleware = wiresign(ordersConfig());
      const router = express.Router();
      router.use(middleware);
      router.post("/orders/:id", (request, response) =>
        response.json({ url: request.url, caller: request.caller.service }),
      );
      app.use(middleware);
      app.use("/api/v1", router);
      const port = await listen(test, http.createServer(app));
      const answer = await call(port, "POST", "/api/v1/orders/7?a=%20b", "body");
      assert.deepEqual(JSON.parse(answer.body), { url: "/orders/7?a=%20b", caller: "billing" });
    });

    it("passes public routes through unread, and lets nobody borrow a name there", async (test) => {
      const app = express();
      const routes = [{ match: "/public/**", public: true }];
      app.use(wiresign(ordersConfig({ routes, limits: { body_bytes: 10 } })));
      app.post("/public/echo", (request, response) => {
        assert.equal(request.caller, undefined);
        assert.equal(request.rawBody, undefined);
        assert.equal(request.headers["x-service-id"], undefined);
        assert.equal(request.headersDistinct["x-service-name"], undefined);
        assert.ok(!request.rawHeaders.includes("X-Service-ID"));
        assert.equal(request.readableDidRead, false);
        request.pipe(response);
      });
      const port = await listen(test, http.createServer(app));
      const headers = { "X-Service-ID": "billing", "x-service-name": "billing", "X-Other": "kept" };
      const body = "longer than the limit";
      const answer = await send(port, "POST", "/public/echo", { headers, body });
      assert.equal(answer.body, body);
    });

    it("removes the names that the signature does not prove", async (test) => {
      const app = express();
      app.use(wiresign(ordersConfig()));
      app.get("/orders", (request, response) =>
        response.json([request.headers["x-service-id"], request.headers["x-service-name"] ?? null]),
      );
      const port = await listen(test, http.createServer(app));
      const answer = await send(port, "GET", "/orders", {
        headers: { ...sign("GET", "/orders"), "X-Service-Name": "auth" },
      });
      assert.deepEqual(JSON.parse(answer.body), ["billing", null]);
    });

    it("serves the required services only, with the bytes that the core would answer", async (test) => {
      for (const reveal of ["code", "uniform"]) {
        const app = express();
        const records = [];
        const logger = { info: () => undefined, warn: (fields) => records.push(fields) };
        const routes = [
          { match: "/listed", services: ["orders"] },
          { match: "/open", public: true },
        ];
        app.use(wiresign(ordersConfig({ reveal, routes }), { logger }));
        app.use("/mine", requireService("billing", "auth"), (_request, response) => response.send("served"));
        app.use("/other", requireService("auth"), () => assert.fail("served"));
        app.use("/open", requireService("auth"), () => assert.fail("served"));
        app.use("/any", requireService(), (_request, response) => response.send("served"));
        const port = await listen(test, http.createServer(app));
        assert.equal((await call(port, "GET", "/mine")).body, "served");
        const nonce = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
        const other = await send(port, "GET", "/other", { headers: sign("GET", "/other", "", { nonce }) });
        const listed = await send(port, "GET", "/listed", {
          headers: sign("GET", "/listed", "", { nonce: `${nonce}x` }),
        });
        assert.equal(other.status, 403);
        assert.equal(other.body, listed.body.replace(`${nonce}x`, nonce));
        assert.equal(JSON.parse(other.body).code, reveal === "code" ? "SERVICE_NOT_ALLOWED" : "PERMISSION_DENIED");
        assert.deepEqual(
          records.map(({ code }) => code),
          ["SERVICE_NOT_ALLOWED", "SERVICE_NOT_ALLOWED"],
        );
        assert.equal((await call(port, "GET", "/any")).body, "served");
        const open = await send(port, "GET", "/open");
        const unsigned = await send(port, "GET", "/mine");
        assert.equal(open.status, 401);
        assert.equal(open.body, unsigned.body);
        assert.equal(open.headers["www-authenticate"], unsigned.headers["www-authenticate"]);
      }
      const bare = express();
      bare.use(requireService("billing"));
      failures(bare);
      const port = await listen(test, http.createServer(bare));
      assert.equal((await call(port, "GET", "/orders")).status, 500);
    });

    it("tells hooks and loggers of every decision, and lets none of them change it", async (test) => {
      const app = express();
      const records = [];
      const decisions = [];
      const logger = {
        info: (fields, message) => records.push(["info", fields, message]),
        warn: (fields, message) => records.push(["warn", fields, message]),
      };
      app.use(wiresign(ordersConfig(), { logger, onDecision: (decision) => decisions.push(decision) }));
      app.use((_request, response) => response.send("reached"));
      const port = await listen(test, http.createServer(app));
      await call(port, "POST", "/orders?secret=1", "x");
      await send(port, "GET", "/orders?secret=1");
      const [accepted, refused] = records;
      const { age, durationUs, requestId, ...rest } = accepted[1];
      assert.deepEqual(
        [accepted[0], rest, accepted[2]],
        [
          "info",
          {
            event: "accepted",
            service: "billing",
            scheme: "service-hmac-v2",
            keyId: "2026",
            code: null,
            method: "POST",
            path: "/orders",
            route: null,
            client: "127.0.0.1",
          },
          "request accepted",
        ],
      );
      assert.match(requestId, /^[0-9a-f-]{36}$/);
      assert.ok(age >= 0 && age <= 60, "some seconds may have gone by in between");
      assert.ok(durationUs > 0 && durationUs < 60e6);
      assert.equal(refused[0], "warn");
      assert.equal(refused[1].event, "refused");
      assert.equal(refused[1].code, "AUTHENTICATION_REQUIRED");
      assert.equal(refused[1].path, "/orders");
      assert.deepEqual(
        decisions.map(({ accepted: yes }) => yes),
        [true, false],
      );
      assert.ok(decisions[0].verified instanceof Verified && decisions[1].refusal instanceof Refusal);

      const warnings = [];
      const listen2 = (warning) => warnings.push(warning.message);
      process.on("warning", listen2);
      test.after(() => process.off("warning", listen2));
      const broken = express();
      const fail = () => {
        throw new Error("out of order");
      };
      broken.use(wiresign(ordersConfig(), { logger: { info: fail, warn: fail }, onDecision: async () => fail() }));
      broken.use((_request, response) => response.send("reached"));
      const brokenPort = await listen(test, http.createServer(broken));
      assert.equal((await call(brokenPort, "GET", "/orders")).body, "reached");
      assert.equal((await send(brokenPort, "GET", "/orders")).status, 401);
      assert.equal(warnings.length, 4);
      assert.match(warnings[0], /of wiresign failed: Error: out of order/);
    });

    it("takes a new config under traffic without refusing a genuine request", async (test) => {
      const app = express();
      const verifier = new Verifier(ordersConfig());
      app.use(wiresign(verifier));
      app.post("/orders", (request, response) => response.send(request.caller.keyId));
      const port = await listen(test, http.createServer(app));
      const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
      test.after(() => agent.destroy());
      const turns = setInterval(() => verifier.replace(ordersConfig({ environment: `turn-${Date.now()}` })), 1);
      const answers = await Promise.all(
        Array.from({ length: 300 }, () =>
          send(port, "POST", "/orders", { headers: sign("POST", "/orders", "b"), body: "b", agent }),
        ),
      );
      clearInterval(turns);
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    });
  });
}

describe("node:http", () => {
  it("works without Express too", async (test) => {
    const middleware = wiresign(ordersConfig());
    const server = http.createServer((request, response) => {
      middleware(request, response, (error) => {
        response.end(error === undefined ? request.caller.service : String(error));
      });
    });
    const port = await listen(test, server);
    assert.equal((await call(port, "POST", "/orders", "x")).body, "billing");
    assert.equal((await send(port, "POST", "/orders", { body: "x" })).status, 401);
    const { headers, body, method, target } = signedRequest();
    assert.equal((await send(port, method, target, { headers, body })).body, "billing");
  });
});
