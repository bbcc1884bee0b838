// Requests to a server on the loopback address, signed by billing for orders or not signed at all.

import { once } from "node:events";
import http from "node:http";

import { billingSigner } from "./support.mjs";

/** The headers of a signature over a request. */
export const sign = (method, target, body, options) =>
  Object.fromEntries(billingSigner().sign({ method, target, body }, options));

export async function send(port, method, target, { headers, body, agent, timeout = 0 } = {}) {
  const request = http.request({ host: "127.0.0.1", port, method, path: target, headers, agent });
  request.setTimeout(timeout, () => request.destroy(new Error("no answer in time")));
  request.end(body);
  const [response] = await once(request, "response");
  const chunks = [];
  for await (const chunk of response) {
    chunks.push(chunk);
  }
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") };
}

export const call = (port, method, target, body, more = {}) =>
  send(port, method, target, { headers: { ...sign(method, target, body), ...more }, body });
