// The signing clients of axios and undici against a real server that verifies what it gets.

import assert from "node:assert/strict";
import http from "node:http";
import { Readable } from "node:stream";
import { describe, it } from "node:test";

import axios from "axios";
import NodeFormData from "form-data";
import * as undici from "undici";
import { SigningError, Verifier } from "wiresign";
import { createAdapter } from "wiresign/axios";
import { createFetch } from "wiresign/fetch";
import { createInterceptor } from "wiresign/undici";

import { billingSigner, listen, ordersConfig } from "./support.mjs";

async function orders(test, lead = () => undefined) {
  const verifier = new Verifier(ordersConfig());
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const verdict = verifier.check({ method: request.method, target: request.url, headers: request.headers, body });
    seen.push({
      method: request.method,
      target: request.url,
      headers: request.headers,
      body: body.toString("latin1"),
      verdict,
    });
    if (verdict instanceof Error) {
      response.writeHead(verdict.response.status, verdict.response.headers).end(verdict.response.body);
    } else if (lead(request) !== undefined) {
      response.writeHead(307, { Location: lead(request) }).end("moved");
    } else {
      response.writeHead(200, { "Content-Type": "application/json" }).end('{"ok":true}');
    }
  });
  return { url: `http://127.0.0.1:${await listen(test, server)}`, seen };
}

const form = () => {
  const made = new FormData();
  made.set("file", new File(["\u0000\u00ff"], "a.bin"));
  return made;
};
const pieces = async function* () {
  yield Buffer.from("a");
  yield "b";
};

describe("axios", () => {
  const client = (baseURL, more = {}, options = {}) =>
    axios.create({ baseURL, adapter: createAdapter(axios, billingSigner(), options), ...more });

  it("signs what is sent, whatever its kind", async (test) => {
    const { url, seen } = await orders(test);
    const old = new NodeFormData();
    old.append("n", "1");
    for (const [data, type, body] of [
      [{ n: 1, s: "ž" }, /^application\/json/, Buffer.from('{"n":1,"s":"ž"}').toString("latin1")],
      [new URLSearchParams({ a: "1 2" }), /^application\/x-www-form-urlencoded/, "a=1+2"],
      [form(), /^multipart\/form-data; boundary=/, /a\.bin/],
      [old, /^multipart\/form-data; ?boundary=/, /name="n"/],
      ["text", /./, "text"],
      [Buffer.from([0, 255]), /./, "\u0000\u00ff"],
      [new Uint8Array([1, 2]), /./, "\u0001\u0002"],
      [Readable.from(pieces()), /./, "ab"],
      [new Blob(["blob"]), /./, "blob"],
    ]) {
      const response = await client(url).post("/things", data, { params: { a: "1 2", b: ["x", "y"] } });
      assert.deepEqual(response.data, { ok: true });
      assert.match(seen.at(-1).headers["content-type"], type);
      body instanceof RegExp ? assert.match(seen.at(-1).body, body) : assert.equal(seen.at(-1).body, body);
    }
    await client(url).get("/things?x=%20#hash", { params: { q: "[ž]" } });
    assert.match(seen.at(-1).target, /^\/things\?x=%20&q=/);
    await client(`${url}/base/`).delete("things");
    assert.deepEqual([seen.at(-1).method, seen.at(-1).target], ["DELETE", "/base/things"]);
  });

  it("signs what interceptors and transformations have made of it", async (test) => {
    const { url, seen } = await orders(test);
    const made = client(url, { transformRequest: [(data) => `<${data}>`] });
    made.interceptors.request.use((config) => {
      config.headers.set("X-Extra", "1");
      config.url += "/more";
      return config;
    });
    await made.put("/things", "x");
    assert.deepEqual([seen[0].target, seen[0].body, seen[0].headers["x-extra"]], ["/things/more", "<x>", "1"]);
  });

  it("fails as axios does", async (test) => {
    const { url } = await orders(test);
    const made = axios.create({ baseURL: url, adapter: createAdapter(axios, billingSigner()) });
    made.interceptors.request.use((config) => ((config.headers["X-Signature"] = "mine"), config));
    assert.equal((await made.get("/things")).status, 200);
    const plain = axios.create({ baseURL: url });
    await assert.rejects(plain.get("/things"), (error) => error.response.status === 401);
    const unknown = axios.create({ adapter: createAdapter(axios, billingSigner()), baseURL: "http://127.0.0.1:1" });
    await assert.rejects(unknown.get("/things"), (error) => axios.isAxiosError(error) && error.code === "ECONNREFUSED");
    const refused = client(url, { headers: { "X-Signature": "a" } });
    refused.defaults.adapter = createAdapter(axios, billingSigner(), {
      adapter: (config) => axios.getAdapter("http")({ ...config, url: `${config.url}/changed` }),
    });
    await assert.rejects(refused.get("/things"), (error) => {
      assert.ok(error instanceof axios.AxiosError);
      assert.equal(error.response.data.code, "INVALID_SIGNATURE");
      return true;
    });
    await assert.rejects(client(url, {}, { bodyLimit: 1 }).post("/things", Readable.from(pieces())), SigningError);
  });

  it("signs redirects anew, and follows none to another origin", async (test) => {
    const thief = await orders(test);
    const leads = { "/in": "/arrived", "/out": `${thief.url}/stolen`, "/round": "/round" };
    const { url, seen } = await orders(test, (request) => leads[request.url]);
    await client(url).post("/in", { n: 1 });
    assert.deepEqual([seen[1].target, seen[1].body], ["/arrived", '{"n":1}']);
    await assert.rejects(client(url).get("/out"), SigningError);
    assert.equal(thief.seen.length, 0);
    await assert.rejects(client(url).get("/round"), /more than 5 redirects/);
    await assert.rejects(client(url).get("/in", { maxRedirects: 0 }), (error) => error.response.status === 307);
  });
});

describe("undici", () => {
  const agent = (test, origin, ...more) => {
    const made = new undici.Agent();
    test.after(() => made.close());
    return made.compose(createInterceptor(billingSigner(), { origin, bodyLimit: 100_000 }), ...more);
  };

  it("signs what is sent, whatever its kind", async (test) => {
    const { url, seen } = await orders(test);
    const dispatcher = agent(test, url);
    const theirs = new undici.FormData();
    theirs.set("n", "1");
    for (const [body, wanted] of [
      ["text ž", Buffer.from("text ž").toString("latin1")],
      [Buffer.from([0, 255]), "\u0000\u00ff"],
      [Readable.from(pieces()), "ab"],
      [pieces(), "ab"],
      [form(), /a\.bin/],
      [theirs, /name="n"/],
      [undefined, ""],
    ]) {
      const answer = await undici.request(`${url}/things`, { dispatcher, method: "POST", query: { a: "1 2" }, body });
      assert.equal(answer.statusCode, 200, await answer.body.text());
      await answer.body.dump();
      assert.equal(seen.at(-1).target, "/things?a=1%202");
      wanted instanceof RegExp ? assert.match(seen.at(-1).body, wanted) : assert.equal(seen.at(-1).body, wanted);
    }
    for (const headers of [{ "X-Extra": "1" }, ["X-Extra", "1"], new Map([["X-Extra", "1"]]), { "X-Extra": ["1"] }]) {
      await (await undici.request(`${url}/things`, { dispatcher, headers })).body.dump();
      assert.equal(seen.at(-1).headers["x-extra"], "1");
    }
    const long = Readable.from([Buffer.alloc(100_001)]);
    await assert.rejects(undici.request(`${url}/things`, { dispatcher, method: "POST", body: long }), SigningError);
    const fetched = await undici.fetch(`${url}/things`, { dispatcher, method: "POST", body: "b" });
    assert.equal(fetched.status, 200);
  });

  it("signs redirects anew, and sends nothing to another origin", async (test) => {
    const thief = await orders(test);
    const leads = { "/in": "/arrived", "/out": `${thief.url}/stolen` };
    const { url, seen } = await orders(test, (request) => leads[request.url]);
    const dispatcher = agent(test, url, undici.interceptors.redirect({ maxRedirections: 3 }));
    await (await undici.request(`${url}/in`, { dispatcher })).body.dump();
    assert.equal(seen[1].target, "/arrived");
    await assert.rejects(undici.request(`${url}/out`, { dispatcher }), SigningError);
    await assert.rejects(undici.request(`${thief.url}/direct`, { dispatcher }), SigningError);
    assert.equal(thief.seen.length, 0);
  });

  it("sends for the signing fetch, too", async (test) => {
    const { url } = await orders(test);
    const dispatcher = new undici.Agent();
    test.after(() => dispatcher.close());
    const send = createFetch(billingSigner(), {
      fetch: (target, init) => undici.fetch(target, { ...init, dispatcher }),
    });
    assert.equal((await send(`${url}/things`, { method: "POST", body: "b" })).status, 200);
  });
});
