// Requests with one mistake each, made with what Node.js has: prints them as JSON, one per line. Each says what an
// explanation must name first.

import { createHash, createHmac } from "node:crypto";
import querystring from "node:querystring";

const NOW = 1767225600;
const SECRET = "5f0c1a9be47d23868fd0b1c27e64a93d5816f2be70c94ad3e12b8f7605c3d94e";
const NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const PATH = "/invoices";

const hmac = (message, key = SECRET) => createHmac("sha256", key).update(message).digest("hex");

function print(name, expected, method, target, headers, body, now = NOW) {
  const request = { method, target, headers: Object.entries(headers), body: Buffer.from(body).toString("base64") };
  console.log(JSON.stringify({ name, expected, now, request }));
}

const v1 = (signature, timestamp = NOW) => ({
  "X-Service-ID": "billing",
  "X-Timestamp": String(timestamp),
  "X-Signature": signature,
});

function v2(path, query, body, { method = "POST", key = SECRET, timestamp = NOW, nonce = NONCE } = {}) {
  const message = ["wiresign-v2", method, path, query, timestamp, "billing", "orders", nonce, body].join("\n");
  return {
    "X-Service-ID": "billing",
    "X-Target-Service": "orders",
    "X-Timestamp": String(NOW),
    "X-Request-ID": NONCE,
    "X-Signature": `v2=${hmac(message, key)}`,
  };
}

const post = (name, expected, signed, sent) =>
  print(name, expected, "POST", PATH, v1(hmac(`POST\n${PATH}\n${NOW}\n${signed}\nbilling`)), sent);

// express.json() has parsed the body, and JSON.stringify writes it again.
const python = '{"id": 7, "name": "Zo\\u00eb", "price": 10.0}';
post("JSON.stringify(req.body) of a Python body", "body-json-escapes-undone", JSON.stringify(JSON.parse(python)), python);
const plain = '{"id": 7, "name": "a"}';
post("JSON.stringify(req.body) of spaces", "body-json-compact", JSON.stringify(JSON.parse(plain)), plain);
const price = '{"price":10.0}';
post("JSON.stringify(req.body) of 10.0", "body-json-numbers", JSON.stringify(JSON.parse(price)), price);
const large = '{"id":12345678901234567890}';
post("a whole number beyond 2^53", "body-json-numbers", JSON.stringify(JSON.parse(large)), large);
const indexed = '{"b":1,"10":2,"9":3}';
post("names that are numbers", "body-json-key-order", JSON.stringify(JSON.parse(indexed)), indexed);
const php = '{"url":"https:\\/\\/a.example\\/b"}';
post("JSON.stringify(req.body) of a PHP body", "body-json-escapes-undone", JSON.stringify(JSON.parse(php)), php);
post("a PHP body was signed, JSON.stringify is sent", "body-json-slash-escapes", php, JSON.stringify(JSON.parse(php)));
const go = '{"html":"\\u003cb\\u003e"}';
post("a Go body was signed, JSON.stringify is sent", "body-json-html-escapes", go, JSON.stringify(JSON.parse(go)));
post("JSON.stringify(x, null, 2)", "body-json-pretty", JSON.stringify({ a: 1 }, null, 2), JSON.stringify({ a: 1 }));
post("an object in a template string", "body-object-text", `${{ a: 1 }}`, JSON.stringify({ a: 1 }));
post("a promise in a template string", "body-object-text", `${Promise.resolve()}`, JSON.stringify({ a: 1 }));
post("undefined in a template string", "body-empty", `${undefined}`, "");
post("JSON.stringify({}) for no body", "body-empty", JSON.stringify({}), "");
post("a typed array in a template string", "body-object-text", `${new Uint8Array(Buffer.from("ab"))}`, "ab");
post("Buffer.toString() of bytes", "body-replacement-characters", Buffer.from([0xff, 0x61]).toString(), Buffer.from([0xff, 0x61]));
post("stringified twice", "body-json-twice", JSON.stringify(JSON.stringify({ a: 1 })), JSON.stringify({ a: 1 }));
post("URLSearchParams was signed, JSON is sent", "body-form", new URLSearchParams({ a: "1", b: "x y" }).toString(), JSON.stringify({ a: "1", b: "x y" }));
post("querystring was signed, URLSearchParams is sent", "body-form-encoding", querystring.stringify({ a: "x y", b: "z" }), new URLSearchParams({ a: "x y", b: "z" }).toString());

const get = (name, expected, path, query, target) => print(name, expected, "GET", target, v2(path, query, "", { method: "GET" }), "");
const url = new URL("http://orders/api/items?q=a%20b&tag=x/y");
get("searchParams.toString() was signed", "query-encoding", url.pathname, url.searchParams.toString(), url.pathname + url.search);
const space = new URL("http://orders/api/items?q=a%20b");
get("searchParams.toString() of a space", "query-space", space.pathname, space.searchParams.toString(), space.pathname + space.search);
get("url.search was signed", "query-question-mark", space.pathname, space.search, space.pathname + space.search);
get("url.pathname alone was signed", "query-left-out", space.pathname, "", space.pathname + space.search);
const sorted = new URL("http://orders/api/items?b=2&a=1");
sorted.searchParams.sort();
get("searchParams.sort()", "query-sorted", "/api/items", sorted.searchParams.toString(), "/api/items?b=2&a=1");
get("decodeURIComponent of the path", "path-decoded", decodeURIComponent("/api/a%20b"), "", "/api/a%20b");
get("req.path behind app.use('/api')", "path-prefix-added", "/api/items", "", "/items");
print("the whole URL", "url-signed", "GET", "/api/items", { ...v2("http://orders/api/items", "", "", { method: "GET" }), Host: "orders" }, "");
print("req.url signed under service-hmac", "path-with-query", "GET", "/api/items?a=1", v1(hmac(`GET\n/api/items?a=1\n${NOW}\n\nbilling`)), "");

const stamped = (name, expected, timestamp, now = NOW) =>
  print(name, expected, "POST", PATH, v1(hmac(`POST\n${PATH}\n${timestamp}\n{}\nbilling`), timestamp), "{}", now);
const date = new Date(NOW * 1000);
stamped("Date.now()", "timestamp-milliseconds", date.getTime());
stamped("Date.now() / 1000", "timestamp-fraction", (date.getTime() + 123) / 1000);
stamped("toISOString()", "timestamp-date", date.toISOString());
stamped("toUTCString()", "timestamp-date", date.toUTCString());
stamped("getTimezoneOffset() added", "timestamp-local-time", NOW - 120 * 60);

const keyed = (name, expected, key) => print(name, expected, "POST", PATH, v2(PATH, "", "{}", { key }), "{}");
keyed("Buffer.from(secret, 'hex')", "key-as-hex", Buffer.from(SECRET, "hex"));
keyed("Buffer.from(secret, 'base64')", "key-as-base64", Buffer.from(SECRET, "base64"));
keyed("a template string of a variable that is not set", "key-not-set", `${process.env.NO_SUCH_VARIABLE_OF_A_TEST}`);
keyed("a secret with the line end of its file", "key-white-space", `${SECRET}\n`);

const right = `POST\n${PATH}\n${NOW}\n{}\nbilling`;
const spelled = (name, expected, signature) => print(name, expected, "POST", PATH, v1(signature), "{}");
spelled("digest('base64')", "signature-base64", createHmac("sha256", SECRET).update(right).digest("base64"));
spelled("digest('base64url')", "signature-base64", createHmac("sha256", SECRET).update(right).digest("base64url"));
spelled("btoa(hex)", "signature-base64-of-hex", btoa(hmac(right)));
spelled("createHash in place of createHmac", "algorithm", createHash("sha256").update(SECRET + right).digest("hex"));
spelled("CRLF in a template string", "separator", hmac(right.replaceAll("\n", "\r\n")));
print("a nonce without hyphens was signed", "request-id-in-message", "POST", PATH, v2(PATH, "", "{}", { nonce: NONCE.replaceAll("-", "") }), "{}");
