// Published keys, fetched from a real server, and what comes of them in real services.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { Config, ConfigError, Verifier } from "wiresign";
import { KeySetError, KeySets } from "wiresign/jwks";
import { withCrossServiceAuth } from "wiresign/next";

import { send } from "./requests.mjs";
import { SERVERS } from "./servers.mjs";
import { BROKEN_HANDLERS, config, document, ENV, listen, stopClock, until } from "./support.mjs";
import { bearer, ISSUER, issuerKey, jwkSet, jwtOf, namelessToken, userToken } from "./tokens.mjs";

const KEY = issuerKey("k1");
const NEXT = issuerKey("k2");

/** A server of sets. `answer` may be replaced; `seen` are the requests that it got. */
async function publisher(test, answer) {
  const made = { seen: [], answer };
  const server = http.createServer((request, response) => {
    made.seen.push(request);
    made.answer(response, request);
  });
  made.url = `http://127.0.0.1:${await listen(test, server)}/jwks`;
  made.config = (more) => config("orders", { accept: ["jwt"], jwt: jwtOf(made.url), ...more });
  return made;
}

const gives =
  (text, headers = {}) =>
  (response) =>
    response.writeHead(200, { "Content-Type": "application/jwk-set+json", ...headers }).end(text);

/** Key sets that are closed when the test ends, and what they reported. */
function keySets(test, source, options = {}) {
  const errors = [];
  const made = new KeySets(source, { onError: (error) => errors.push(error), ...options });
  test.after(() => made.close());
  return Object.assign(made, { errors });
}

const codeOf = (verifier, key) => {
  const verdict = verifier.check({ method: "GET", target: "/orders/7", headers: bearer(userToken(key)) });
  return verdict instanceof Error ? verdict.code : "OK";
};

describe("Keys", () => {
  it("are fetched at once, and given to all verifiers of the config", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const own = server.config();
    const verifier = new Verifier(own);
    assert.equal(codeOf(verifier, KEY), "UNKNOWN_KEY");
    const sets = keySets(test, own);
    await sets.refresh();
    assert.equal(codeOf(verifier, KEY), "OK");
    assert.equal(codeOf(verifier, NEXT), "UNKNOWN_KEY");
    assert.equal(server.seen.length, 1);
    assert.match(server.seen[0].headers.accept, /jwk-set\+json/);
    assert.deepEqual(sets.errors, []);
  });

  it("are fetched again after a while, and old ones are forgotten", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const verifier = new Verifier(server.config());
    const sets = keySets(test, verifier, { refreshSeconds: 0.05, cooldownSeconds: 0.01 });
    await sets.refresh();
    server.answer = gives(jwkSet(NEXT));
    await until(() => codeOf(verifier, NEXT) === "OK");
    assert.equal(codeOf(verifier, KEY), "UNKNOWN_KEY");
    sets.close();
    const fetched = server.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    // One that was under way may still have arrived.
    assert.ok(server.seen.length <= fetched + 1);
    const arrived = server.seen.length;
    await sets.refresh();
    assert.equal(server.seen.length, arrived);
  });

  const privateSet = JSON.stringify({ keys: [{ ...NEXT.privateKey.export({ format: "jwk" }), kid: "k2" }] });
  const long = " ".repeat(70_000) + jwkSet(NEXT);
  const failures = {
    "a server in trouble": [(response) => response.writeHead(500).end(jwkSet(NEXT)), /status 500/],
    "a redirect": [
      (response, { url }) =>
        url === "/elsewhere"
          ? gives(jwkSet(NEXT))(response)
          : response.writeHead(302, { Location: "/elsewhere" }).end(),
      /status 302/,
    ],
    "a set that is too long": [gives(long), /longer than 65536 bytes/],
    "a set that is too long when unpacked": [
      gives(zlib.gzipSync(long), { "Content-Encoding": "gzip" }),
      /longer than 65536 bytes/,
    ],
    "a set without end": [
      (response) => {
        response.writeHead(200);
        const more = setInterval(() => response.write(" ".repeat(10_000)), 1);
        response.on("close", () => clearInterval(more));
      },
      /longer than 65536 bytes/,
    ],
    "a private key": [gives(privateSet), /private/],
    "no set at all": [gives("<html>"), /JSON/],
    "bytes that are no text": [gives(Buffer.from([0x7b, 0xff, 0x7d])), /not valid/],
    "a server that says nothing": [() => undefined, /within 500 ms/],
    "a server that stops in the middle": [(response) => response.writeHead(200).write('{"keys":'), /within 500 ms/],
    "a connection that breaks": [(response) => response.socket.destroy(), /fetch failed: /],
  };
  for (const [name, [answer, message]] of Object.entries(failures)) {
    it(`stay after ${name}, and nobody asks again before the cool-down is over`, async (test) => {
      const server = await publisher(test, gives(jwkSet(KEY)));
      const verifier = new Verifier(server.config());
      const first = keySets(test, verifier);
      await first.refresh();
      first.close();
      server.answer = answer;
      // Nothing but what never ends is to be late, on a busy machine neither.
      const timeout = message.source.startsWith("within") ? 500 : 60_000;
      const sets = keySets(test, verifier, { timeout });
      await sets.refresh();
      assert.equal(sets.errors.length, 1);
      const fetched = server.seen.length;
      await Promise.all([sets.refresh(), sets.refresh()]);
      assert.equal(server.seen.length, fetched);
      const [error] = sets.errors;
      assert.ok(error instanceof KeySetError);
      assert.match(error.message, message);
      assert.deepEqual([error.issuer, error.url], [ISSUER, server.url]);
      assert.ok(error.cause instanceof Error);
      assert.equal(codeOf(verifier, KEY), "OK");
      assert.equal(codeOf(verifier, NEXT), "UNKNOWN_KEY");
      assert.ok(server.seen.every(({ url }) => url === "/jwks"));
      sets.close();
      // Once it is over, the next fetch comes by itself.
      const brief = keySets(test, verifier, { refreshSeconds: 0.05, cooldownSeconds: 0.05, timeout });
      await until(() => brief.errors.length > 0);
      server.answer = gives(jwkSet(NEXT));
      await until(() => codeOf(verifier, NEXT) === "OK");
    });
  }

  it("come from a config that takes the place of another, without a gap", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const verifier = new Verifier(server.config());
    const sets = keySets(test, verifier);
    await sets.refresh();
    verifier.replace(server.config({ limits: { body_bytes: 10 } }));
    assert.equal(codeOf(verifier, KEY), "OK");
    assert.equal(server.seen.length, 1);
    const other = await publisher(test, gives(jwkSet(NEXT)));
    verifier.replace(other.config());
    await sets.refresh();
    assert.equal(codeOf(verifier, NEXT), "OK");
    assert.equal(codeOf(verifier, KEY), "UNKNOWN_KEY");
    sets.close();
    verifier.replace(server.config());
    assert.equal(codeOf(verifier, KEY), "UNKNOWN_KEY");
  });

  it("of a config follow the verifier that an adapter judges by", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const own = server.config();
    const verifier = new Verifier(own);
    const sets = keySets(test, own);
    const port = await SERVERS.Express(test, verifier, { keySets: sets });
    const ask = async () => (await send(port, "GET", "/orders/7", { headers: bearer(userToken(KEY)) })).status;
    await sets.refresh();
    assert.equal(await ask(), 200);
    verifier.replace(server.config({ limits: { body_bytes: 10 } }));
    assert.equal(await ask(), 200);
    // Another one, which judges by another config, is not followed.
    const other = new Verifier(server.config());
    await SERVERS.Express(test, other, { keySets: sets });
    other.replace(server.config());
    assert.equal(codeOf(other, KEY), "UNKNOWN_KEY");
    assert.equal(await ask(), 200);
  });

  it("are fetched for a token that names none, too, once in each cool-down", async (test) => {
    const pass = stopClock(test);
    const server = await publisher(test, gives(jwkSet(KEY)));
    const verifier = new Verifier(server.config());
    const sets = keySets(test, verifier, { cooldownSeconds: 60 });
    const port = await SERVERS.Express(test, verifier, { keySets: sets });
    const ask = async (key) => {
      const answer = await send(port, "GET", "/orders/7", { headers: bearer(namelessToken(key)) });
      return answer.status === 200 ? "OK" : JSON.parse(answer.body).code;
    };
    await sets.refresh();
    assert.equal(await ask(KEY), "OK");
    server.answer = gives(jwkSet(NEXT));
    pass(59_000);
    assert.equal(await ask(NEXT), "INVALID_SIGNATURE");
    assert.equal(server.seen.length, 1);
    pass(1000);
    await until(async () => (await ask(NEXT)) === "OK");
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await ask(KEY), "INVALID_SIGNATURE");
    }
    assert.equal(server.seen.length, 2);
    pass(60_000);
    assert.equal(await ask(KEY), "INVALID_SIGNATURE");
    await until(() => server.seen.length === 3);
  });

  it("never come over the open net in the clear", () => {
    const jwt = jwtOf("http://id.example/jwks");
    assert.throws(() => Config.parse(document("orders", { jwt }), { env: ENV }), ConfigError);
  });

  it("are told of as the process warns, where nobody else is", async (test) => {
    const server = await publisher(test, (response) => response.writeHead(404).end());
    for (const onError of [undefined, ...BROKEN_HANDLERS]) {
      const warned = once(process, "warning");
      keySets(test, server.config(), { onError });
      const [warning] = await warned;
      assert.equal(warning.name, "WiresignWarning");
      assert.match(warning.message, onError ? /onError of wiresign failed/ : /status 404/);
    }
  });

  it("are fetched by whatever sends, within limits that are some", async (test) => {
    const asked = [];
    const sets = keySets(test, config("orders", { jwt: jwtOf("https://id.example/jwks") }), {
      fetch: async (url, { redirect }) => (asked.push([url, redirect]), new Response(jwkSet(KEY))),
    });
    await sets.refresh();
    assert.deepEqual(asked, [["https://id.example/jwks", "manual"]]);
    for (const wrong of [{ refreshSeconds: 0 }, { cooldownSeconds: -1 }, { timeout: NaN }, { timeout: Infinity }]) {
      assert.throws(() => new KeySets(config("orders"), wrong), RangeError);
    }
  });

  it("do not keep a process alive", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const source = `
      import { Config } from "wiresign";
      import { KeySets } from "wiresign/jwks";
      const jwt = ${JSON.stringify(jwtOf(server.url))};
      await new KeySets(Config.parse({ service: "orders", services: {}, jwt })).refresh();
      console.log("fetched");
    `;
    const cwd = fileURLToPath(new URL(".", import.meta.url));
    // The server is in this process, which must go on meanwhile.
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], { cwd, timeout: 120_000 });
    assert.equal((await run).stdout, "fetched\n");
  });
});

describe("A token with an unknown key", () => {
  for (const [name, serve] of Object.entries(SERVERS)) {
    it(`makes ${name} fetch in the background, once per cool-down`, async (test) => {
      const pass = stopClock(test);
      const server = await publisher(test, gives(jwkSet(KEY)));
      const verifier = new Verifier(server.config());
      const sets = keySets(test, verifier, { cooldownSeconds: 60 });
      await sets.refresh();
      const port = await serve(test, verifier, { keySets: sets });
      const ask = async (key) => (await send(port, "GET", "/orders/7", { headers: bearer(userToken(key)) })).status;
      assert.equal(await ask(KEY), 200);
      server.answer = gives(jwkSet(KEY, NEXT));
      assert.equal(await ask(NEXT), 401);
      assert.equal(await ask(NEXT), 401);
      assert.equal(server.seen.length, 1);
      pass(60_000);
      assert.equal(await ask(NEXT), 401);
      await until(async () => (await ask(NEXT)) === 200);
      assert.equal(server.seen.length, 2);
      assert.equal(await ask(KEY), 200);
      await ask(issuerKey("k3"));
      assert.equal(server.seen.length, 2);
    });
  }

  it("does so in a route handler of Next.js", async (test) => {
    const server = await publisher(test, gives(jwkSet(KEY)));
    const verifier = new Verifier(server.config());
    const sets = keySets(test, verifier, { cooldownSeconds: 0.05 });
    await sets.refresh();
    server.answer = gives(jwkSet(NEXT));
    const handler = withCrossServiceAuth(({ caller }) => Response.json(caller.subject), { verifier, keySets: sets });
    const ask = () => handler(new Request("http://orders/a", { headers: bearer(userToken(NEXT)) }), {});
    assert.equal((await ask()).status, 401);
    await until(async () => (await ask()).status === 200);
    assert.equal(await (await ask()).json(), "ann");

    // A token that is wrong reaches no handler, also where none is needed.
    const lenient = withCrossServiceAuth(({ caller }) => Response.json(caller?.subject ?? null), {
      verifier,
      strict: false,
    });
    const as = async (headers) => {
      const answer = await lenient(new Request("http://orders/a", { headers }), {});
      return answer.status === 200 ? answer.json() : answer.status;
    };
    assert.equal(await as({}), null);
    assert.equal(await as(bearer(userToken(NEXT))), "ann");
    assert.equal(await as(bearer(userToken(KEY))), 401);
    assert.equal(await as({ authorization: "Basic YTpi" }), null);
  });
});
