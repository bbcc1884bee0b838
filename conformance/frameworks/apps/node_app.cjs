// Says what reached an application of Node.js: node_app.cjs FRAMEWORK PORT.
"use strict";

const { createServer } = require("node:http");
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
  return { path, query: cut < 0 ? "" : request.url.slice(cut + 1), body: body.toString("hex"), notes };
};

async function bodyOf(stream) {
  const pieces = [];
  for await (const piece of stream) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function main() {
  if (framework === "fastify") {
    const { wiresign } = from("./dist/fastify.js");
    const app = from("fastify")();
    await app.register(wiresign, { config });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    app.all("/*", (request) => echo(request.raw.url.split("?")[0], request.raw, request.body ?? Buffer.alloc(0)));
    await app.listen({ port: Number(port), host: "127.0.0.1" });
    return;
  }
  const { wiresign } = from("./dist/express.js");
  if (framework === "node") {
    const guard = wiresign(config);
    createServer((request, response) => {
      guard(request, response, async () => {
        const said = echo(request.url.split("?")[0], request, await bodyOf(request));
        response.setHeader("Content-Type", "application/json").end(JSON.stringify(said));
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
