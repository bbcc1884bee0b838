// One small service in every framework, with the same routes. Each takes a test, a config and options of the adapter, and gives
// the port it listens on.

import http from "node:http";
import http2 from "node:http2";

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import express from "express";
import fastify from "fastify";
import * as onExpress from "wiresign/express";
import * as onFastify from "wiresign/fastify";
import * as onHono from "wiresign/hono";

import { listen } from "./support.mjs";

const NAMES = ["x-service-id", "x-service-name"];
const namesOf = (headers) => NAMES.map((name) => headers[name] ?? null);

function expressApp(config, options) {
  const { wiresign, requirePermission, requireService } = onExpress;
  const app = express();
  app.use(wiresign(config, options));
  app.get("/orders/:id", (request, response) =>
    response.json({ caller: request.caller.service, id: request.params.id, bytes: request.rawBody.length }),
  );
  app.post("/echo", (request, response) => void request.pipe(response));
  app.post("/raw-length", (request, response) => response.json({ bytes: request.rawBody.length }));
  app.post("/json", express.json(), (request, response) =>
    response.json({ parsed: request.body, raw: String(request.rawBody) }),
  );
  app.post("/public/echo", express.text(), (request, response) =>
    response.json({ body: request.body, caller: request.caller ?? null, names: namesOf(request.headers) }),
  );
  app.get("/names", (request, response) => response.json(namesOf(request.headers)));
  app.get("/mine", requireService("billing", "auth"), (_request, response) => response.send("served"));
  app.get("/other", requireService("auth"), (_request, response) => response.send("served"));
  app.get("/public/any", requireService(), (_request, response) => response.send("served"));
  const audited = requirePermission("POST /audit");
  app.get("/audit", audited, (_request, response) => response.send("served"));
  return app;
}

async function fastifyApp(test, config, options, more = {}) {
  const { wiresign, requirePermission, requireService } = onFastify;
  const app = fastify({ bodyLimit: 10_000_000, ...more });
  await app.register(wiresign, { config, ...options });
  app.addContentTypeParser(["application/octet-stream"], { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  app.get("/orders/:id", async (request) => ({
    caller: request.caller.service,
    id: request.params.id,
    bytes: request.rawBody.length,
  }));
  app.post("/echo", async (request, reply) =>
    reply.type("application/octet-stream").send(request.body ?? Buffer.alloc(0)),
  );
  app.post("/raw-length", async (request) => ({ bytes: request.rawBody.length }));
  app.post("/json", async (request) => ({ parsed: request.body, raw: String(request.rawBody) }));
  app.post("/public/echo", async (request) => ({
    body: request.body,
    caller: request.caller,
    names: namesOf(request.headers),
  }));
  app.get("/names", async (request) => namesOf(request.headers));
  app.get("/mine", { preHandler: requireService("billing", "auth") }, async () => "served");
  app.get("/other", { onRequest: requireService("auth") }, async () => "served");
  app.get("/public/any", { preHandler: requireService() }, async () => "served");
  app.get("/audit", { preHandler: requirePermission("POST /audit") }, async () => "served");
  test.after(() => app.close());
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}

function honoApp(config, options) {
  const { wiresign, requirePermission, requireService } = onHono;
  const app = new Hono();
  app.use(wiresign(config, options));
  app.get("/orders/:id", (context) =>
    context.json({
      caller: context.get("caller").service,
      id: context.req.param("id"),
      bytes: context.get("rawBody").length,
    }),
  );
  app.post("/echo", async (context) => context.body(await context.req.arrayBuffer()));
  app.post("/raw-length", (context) => context.json({ bytes: context.get("rawBody").length }));
  app.post("/json", async (context) =>
    context.json({ parsed: await context.req.json(), raw: String(context.get("rawBody")) }),
  );
  app.post("/public/echo", async (context) =>
    context.json({
      body: await context.req.text(),
      caller: context.get("caller") ?? null,
      names: namesOf(context.req.header()),
    }),
  );
  app.get("/names", (context) => context.json(namesOf(context.req.header())));
  app.get("/mine", requireService("billing", "auth"), (context) => context.text("served"));
  app.get("/other", requireService("auth"), (context) => context.text("served"));
  app.get("/public/any", requireService(), (context) => context.text("served"));
  app.get("/audit", requirePermission("POST /audit"), (context) => context.text("served"));
  return app;
}

async function honoServer(test, config, options, createServer) {
  const server = serve({ fetch: honoApp(config, options).fetch, port: 0, hostname: "127.0.0.1", createServer });
  await new Promise((resolve) => server.once("listening", resolve));
  test.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return server.address().port;
}

/** Middleware without a framework, which Express does not serve over HTTP/2. */
async function plainHttp2(test, config, options) {
  const middleware = onExpress.wiresign(config, options);
  const server = http2.createServer((request, response) => {
    middleware(request, response, () => {
      if (request.method === "POST") {
        request.pipe(response);
      } else {
        response.end(JSON.stringify({ caller: request.caller.service }));
      }
    });
  });
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => {
    sessions.forEach((session) => session.destroy());
    server.close();
  });
  return server.address().port;
}

export const SERVERS = {
  Express: Object.assign((test, config, options) => listen(test, http.createServer(expressApp(config, options))), {
    http2: plainHttp2,
  }),
  Fastify: Object.assign((test, config, options) => fastifyApp(test, config, options), {
    http2: (test, config, options) => fastifyApp(test, config, options, { http2: true, forceCloseConnections: true }),
  }),
  Hono: Object.assign((test, config, options) => honoServer(test, config, options, http.createServer), {
    http2: (test, config, options) => honoServer(test, config, options, http2.createServer),
  }),
};
