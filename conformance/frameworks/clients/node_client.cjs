// Sends signed requests, which are told on standard input, one JSON object on a line: node_client.cjs CLIENT.
// The answer to each is one line, too.
"use strict";

const { createRequire } = require("node:module");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const from = createRequire(join(__dirname, "../../../bindings-node/package.json"));
const { Config, Signer } = from("./dist/index.js");

const once = (make) => {
  const made = new Map();
  return (key) => made.get(key) ?? made.set(key, make(key)).get(key);
};
const configOf = once((file) => Config.fromFile(file));
const signerOf = once((file) => new Signer(configOf(file), { target: "orders" }));
const typed = ({ type }) => (type === null ? {} : { "Content-Type": type });

const CLIENTS = {
  async fetch(told, body) {
    const { config, url, target, method } = told;
    const { createFetch } = from("./dist/fetch.js");
    const answer = await createFetch(signerOf(config))(url + target, { method, body, headers: typed(told) });
    return { status: answer.status, body: await answer.text() };
  },

  async axios(told, body) {
    const { config, url, target, method } = told;
    const axios = from("axios");
    const { createAdapter } = from("./dist/axios.js");
    const client = axios.create({ baseURL: url, adapter: createAdapter(axios, signerOf(config)) });
    const asked = { method, url: target, data: body, headers: typed(told), responseType: "text" };
    const answer = await client.request({ ...asked, validateStatus: () => true });
    return { status: answer.status, body: answer.data };
  },

  async undici(told, body) {
    const { config, url, target, method } = told;
    const { Agent, request } = from("undici");
    const { createInterceptor } = from("./dist/undici.js");
    const dispatcher = new Agent().compose(createInterceptor(signerOf(config), { origin: url }));
    const answer = await request(url + target, { dispatcher, method, body, headers: typed(told) });
    const text = await answer.body.text();
    await dispatcher.close();
    return { status: answer.statusCode, body: text };
  },

  async ServiceClient(told, body) {
    const { config, url, target, method } = told;
    const { ServiceClient, ServiceError } = from("./dist/client.js");
    const client = new ServiceClient(configOf(config), "orders", { url });
    try {
      const answer = await client.request(method, target, { body, headers: typed(told) });
      return { status: answer.status, body: await answer.text() };
    } catch (error) {
      if (!(error instanceof ServiceError) || error.response === null) {
        throw error;
      }
      return { status: error.status, body: await error.response.text() };
    }
  },
};

async function main() {
  const send = CLIENTS[process.argv[2]];
  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line);
    let said;
    try {
      said = await send(told, told.body === null ? undefined : Buffer.from(told.body, "base64"));
    } catch (failure) {
      said = { error: String(failure.stack ?? failure) };
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
}

main();
