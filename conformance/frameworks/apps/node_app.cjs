// Says what reached an application of Node.js: node_app.cjs FRAMEWORK PORT.
"use strict";

const { createServer } = require("node:http");
const http2 = require("node:http2");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const from = createRequire(join(__dirname, "../../../bindings-node/package.json"));
const { Config } = from("./dist/index.js");
const [framework, port] = process.argv.slice(2);
const config = Config.fromFile(process.env.FRAMEWORKS_CONFIG);

const echo = (path, request, body) => {
  const cut = request.url.indexOf("?");
  const notes = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    if (request.rawHeaders[at].toLowerCase() === "x-note") {
      notes.push(request.rawHeaders[at + 1].length);
    }
  }
  const query = cut < 0 ? "" : request.url.slice(cut + 1);
  return { path, query, body: body.toString("hex"), notes, caller: request.caller.service };
};

async function bodyOf(stream) {
  const pieces = [];
  for await (const piece of stream) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Lets Fastify hand on bodies of all types as they are. */
function takeBytes(app) {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

async function startNest(platform) {
  from("reflect-metadata");
  const { All, Controller, Module, Req, UseGuards } = from("@nestjs/common");
  const { NestFactory } = from("@nestjs/core");
  const { ServiceAuthGuard, WiresignModule } = from("./dist/nest.js");

  // What decorators of TypeScript are made into.
  class Echo {
    all(request) {
      const raw = request.raw ?? request;
      raw.caller = request.caller;
      return echo(raw.url.split("?")[0], raw, request.rawBody);
    }
  }
  All(platform === "express" ? "*path" : "*")(Echo.prototype, "all", Object.getOwnPropertyDescriptor(Echo.prototype, "all"));
  Req()(Echo.prototype, "all", 0);
  UseGuards(ServiceAuthGuard)(Echo);
  Controller()(Echo);
  class Application {}
  Module({ imports: [WiresignModule.forRoot({ config })], controllers: [Echo] })(Application);

  const { ExpressAdapter } = from("@nestjs/platform-express");
  const { FastifyAdapter } = from("@nestjs/platform-fastify");
  const adapter = platform === "express" ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(Application, adapter, { logger: ["error"], bodyParser: false });
  if (platform === "fastify") {
    takeBytes(adapter.getInstance());
  }
  await app.listen(Number(port), "127.0.0.1");
}

async function main() {
  if (framework.startsWith("nest-")) {
    await startNest(framework.slice("nest-".length));
    return;
  }
  if (framework.startsWith("fastify")) {
    const { wiresign } = from("./dist/fastify.js");
    const app = from("fastify")({ http2: framework === "fastify-http2" });
    await app.register(wiresign, { config });
    takeBytes(app);
    app.all("/*", (request) => {
      request.raw.caller = request.caller;
      return echo(request.raw.url.split("?")[0], request.raw, request.body ?? Buffer.alloc(0));
    });
    await app.listen({ port: Number(port), host: "127.0.0.1" });
    return;
  }
  const { wiresign } = from("./dist/express.js");
  if (framework === "node" || framework === "http2") {
    const guard = wiresign(config);
    const serve = framework === "node" ? createServer : http2.createServer;
    serve((request, response) => {
      guard(request, response, async () => {
        const said = echo(request.url.split("?")[0], request, await bodyOf(request));
        response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(said));
      });
    }).listen(Number(port), "127.0.0.1");
    return;
  }
  const app = from(framework)();
  app.use(wiresign(config));
  app.use(async (request, response) => {
    response.json(echo(request.path, request, await bodyOf(request)));
  });
  app.listen(Number(port), "127.0.0.1");
}

main();
