// What the signing fetch really sends, seen by a server that takes the bytes from the socket, and judged by a verifier.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";

import { Refusal, SigningError, Verifier } from "wiresign";
import { createFetch } from "wiresign/fetch";

import { billingSigner, listen, ordersConfig } from "./support.mjs";

/** A server that verifies what arrives and says what it was; `redirect` answers first where it gives something. */
async function orders(test, redirect = () => undefined) {
  const verifier = new Verifier(ordersConfig());
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const { method, url: target, headers } = request;
    const verdict = verifier.check({ method, target, headers, body });
    seen.push({ method, target, headers, body, code: verdict instanceof Refusal ? verdict.code : "accepted" });
    const answer = redirect({ method, target });
    if (answer !== undefined) {
      response.writeHead(answer[0], { Location: answer[1] }).end("elsewhere");
    } else {
      response.end(verdict instanceof Refusal ? verdict.code : "accepted");
    }
  });
  const port = await listen(test, server);
  return { url: `http://127.0.0.1:${port}`, seen };
}

const signed = createFetch(billingSigner());

describe("createFetch", () => {
  for (const [name, init, body, type] of [
    ["nothing", { method: "POST" }, "", undefined],
    ["text", { method: "POST", body: "žlutý kůň" }, "žlutý kůň", "text/plain;charset=UTF-8"],
    [
      "JSON",
      { method: "PUT", body: '{"a": 1.0}', headers: { "Content-Type": "application/json" } },
      '{"a": 1.0}',
      "application/json",
    ],
    ["a Buffer", { method: "POST", body: Buffer.from([0, 255, 10]) }, "\0\xff\n", undefined],
    ["an ArrayBuffer", { method: "POST", body: Uint8Array.of(1, 2).buffer }, "\x01\x02", undefined],
    [
      "a view",
      { method: "POST", body: new Uint16Array(Uint8Array.of(1, 2, 3, 4).buffer, 2, 1) },
      "\x03\x04",
      undefined,
    ],
    [
      "a form",
      { method: "POST", body: new URLSearchParams({ a: "1 2" }) },
      "a=1+2",
      "application/x-www-form-urlencoded;charset=UTF-8",
    ],
    ["a Blob", { method: "POST", body: new Blob(["blob"], { type: "text/x" }) }, "blob", "text/x"],
    ["a stream", { method: "POST", body: new Blob(["stream"]).stream(), duplex: "half" }, "stream", undefined],
    ["a stream without duplex", { method: "POST", body: new Blob(["stream"]).stream() }, "stream", undefined],
  ]) {
    it(`signs ${name}`, async (test) => {
      const { url, seen } = await orders(test);
      const response = await signed(`${url}/orders?a=%20b`, init);
      assert.equal(await response.text(), "accepted");
      assert.equal(
        seen[0].body.toString("latin1"),
        type?.includes("text/plain") ? Buffer.from(body).toString("latin1") : body,
      );
      assert.equal(seen[0].headers["content-type"], type);
    });
  }

  it("signs FormData with the boundary that is sent", async (test) => {
    const { url, seen } = await orders(test);
    const body = new FormData();
    body.set("field", "value");
    body.set("file", new Blob(["content"]), "name.txt");
    assert.equal(await (await signed(url, { method: "POST", body })).text(), "accepted");
    const boundary = seen[0].headers["content-type"].split("boundary=")[1];
    assert.ok(seen[0].body.toString().startsWith(`--${boundary}\r\n`));
  });

  it("signs the target as it is sent, however the URL is written", async (test) => {
    const { url, seen } = await orders(test);
    for (const [written, sent] of [
      ["", "/"],
      ["/", "/"],
      ["/a b?c d#fragment", "/a%20b?c%20d"],
      ["/ž?ž", "/%C5%BE?%C5%BE"],
      ["/a/../b/./c", "/b/c"],
      ["/a?", "/a"],
      ["/a?b?c&d=%2F", "/a?b?c&d=%2F"],
      ["/%7e/|'\"", "/%7e/|'%22"],
      ["/a\\b", "/a/b"],
    ]) {
      for (const input of [url + written, new URL(url + written), new Request(url + written)]) {
        seen.length = 0;
        await signed(input);
        assert.equal(seen[0].target, sent, written);
        // A path with two readings is refused by the verifier, but never for its signature.
        assert.ok(["accepted", "MALFORMED_REQUEST"].includes(seen[0].code), `${written} ${seen[0].code}`);
      }
    }
  });

  it("signs the method as fetch sends it", async (test) => {
    const { url, seen } = await orders(test);
    for (const method of ["get", "head", "post", "put", "delete", "options", "PATCH", "M-SEARCH"]) {
      await signed(`${url}/orders`, { method });
    }
    assert.deepEqual(
      seen.map(({ code }) => code),
      Array(8).fill("accepted"),
    );
    assert.deepEqual(
      seen.map(({ method }) => method),
      ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "M-SEARCH"],
    );
    await assert.rejects(
      signed(`${url}/orders`, { method: "patch" }),
      (error) => error instanceof SigningError && /write it as PATCH/.test(error.message),
    );
  });

  it("takes a Request, its headers, its body and its signal", async (test) => {
    const { url, seen } = await orders(test);
    const request = new Request(`${url}/orders`, {
      method: "POST",
      body: "b",
      headers: { "X-Other": "1", "X-Signature": "stale" },
    });
    assert.equal(await (await signed(request)).text(), "accepted");
    assert.equal(seen[0].headers["x-other"], "1");
    await assert.rejects(signed(request), TypeError);
    const controller = new AbortController();
    const aborted = new Request(`${url}/orders`, { signal: controller.signal });
    controller.abort();
    await assert.rejects(signed(aborted), { name: "AbortError" });
    await assert.rejects(signed(`${url}/orders`, { signal: AbortSignal.abort() }), { name: "AbortError" });
    await assert.rejects(signed("/relative"), TypeError);
  });

  it("signs anew each time", async (test) => {
    const { url, seen } = await orders(test);
    await Promise.all(Array.from({ length: 20 }, () => signed(`${url}/orders`, { method: "POST", body: "b" })));
    assert.deepEqual([...new Set(seen.map(({ code }) => code))], ["accepted"]);
    assert.equal(new Set(seen.map(({ headers }) => headers["x-request-id"])).size, 20);
  });

  it("refuses bodies over its limit, without gathering them", async (test) => {
    const { url, seen } = await orders(test);
    const small = createFetch(billingSigner(), { bodyLimit: 10 });
    assert.equal(await (await small(url, { method: "POST", body: "b".repeat(10) })).text(), "accepted");
    let pulled = 0;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          pulled += 1;
          controller.enqueue(Buffer.alloc(4));
        },
      });
    for (const body of ["b".repeat(11), new Blob(["b".repeat(11)]), endless()]) {
      await assert.rejects(
        small(url, { method: "POST", body }),
        (error) => error instanceof SigningError && /bodyLimit/.test(error.message),
      );
    }
    assert.ok(pulled < 10);
    assert.equal(seen.length, 1);
  });

  it("signs redirects within the origin anew, with what fetch makes of the request", async (test) => {
    for (const [status, method, then] of [
      [301, "POST", "GET"],
      [302, "POST", "GET"],
      [303, "PUT", "GET"],
      [303, "HEAD", "HEAD"],
      [307, "POST", "POST"],
      [308, "PUT", "PUT"],
      [301, "PUT", "PUT"],
    ]) {
      const { url, seen } = await orders(test, ({ target }) => (target === "/old" ? [status, "/new?x=1"] : undefined));
      const body = method === "HEAD" ? undefined : "b";
      const response = await signed(`${url}/old`, { method, body });
      assert.equal(response.status, 200);
      assert.equal(response.url, `${url}/new?x=1`);
      const [first, second] = seen;
      assert.deepEqual([first.code, second.code], ["accepted", "accepted"], `${status} ${method}`);
      assert.equal(second.method, then);
      assert.equal(second.body.toString(), then === method && body !== undefined ? body : "");
      assert.equal(second.headers["content-type"], then === method ? first.headers["content-type"] : undefined);
      assert.notEqual(first.headers["x-request-id"], second.headers["x-request-id"]);
    }
  });

  it("follows no redirect to another origin, and no more of them than fetch does", async (test) => {
    const other = await orders(test);
    const { url } = await orders(test, ({ target }) => [307, target === "/away" ? `${other.url}/orders` : "/round"]);
    await assert.rejects(
      signed(`${url}/away`),
      (error) => error instanceof SigningError && /another origin/.test(error.message),
    );
    assert.equal(other.seen.length, 0);
    await assert.rejects(signed(`${url}/round`), /more than 20 redirects/);
    await assert.rejects(signed(`${url}/round`, { redirect: "error" }), TypeError);
    const manual = await signed(`${url}/round`, { redirect: "manual" });
    assert.equal(manual.status, 307);
    assert.equal(manual.headers.get("location"), "/round");
  });

  it("sends through the fetch that it is given", async () => {
    const calls = [];
    const through = createFetch(billingSigner(), {
      fetch: async (...call) => {
        calls.push(call);
        return new Response("answered");
      },
    });
    const response = await through("http://orders.internal/a?b", { method: "POST", body: "b", dispatcher: "kept" });
    assert.equal(await response.text(), "answered");
    const [[url, init]] = calls;
    assert.equal(url, "http://orders.internal/a?b");
    assert.equal(init.dispatcher, "kept");
    assert.equal(init.redirect, "manual");
    assert.equal(Buffer.from(init.body).toString(), "b");
    const headers = Object.fromEntries(init.headers);
    const verdict = new Verifier(ordersConfig()).check({
      method: "POST",
      target: "/a?b",
      headers,
      body: Buffer.from("b"),
    });
    assert.equal(verdict.service, "billing");
  });
});
