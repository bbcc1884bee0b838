// What was received, where Node or Next would keep it from us.
//
// Next writes the query of a URL anew before any handler sees it (%20 becomes +), and a signature covers
// what was on the wire. So each request gets a header with its own target the moment it comes in. The name of that header is
// drawn by the process, so that no client can write it.
//
// A route handler gets a request that does not say who is at the other end of the connection, so a second such header does.
//
// Of some headers that are there twice, Authorization among them, Node tells the first only. Which of them counts is not for
// it to say, so both are told, as of all other headers.

import { randomBytes } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

const NOBODY_KNOWS = randomBytes(16).toString("hex");

/** The header with the target as received. */
export const RAW_TARGET = `x-wiresign-target-${NOBODY_KNOWS}`;
/** The header with the address of who opened the connection. */
export const PEER = `x-wiresign-peer-${NOBODY_KNOWS}`;

subscribe("http.server.request.start", (message) => {
  const { request } = message as { request: IncomingMessage };
  request.headers[RAW_TARGET] = request.url;
  request.headers[PEER] = request.socket.remoteAddress ?? "";
  tellRepeats(request);
});

function tellRepeats({ headers, rawHeaders }: IncomingMessage): void {
  const first = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = String(rawHeaders[at]).toLowerCase();
    const value = String(rawHeaders[at + 1]);
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, value);
    } else if (headers[name] === before) {
      const both = `${before}, ${value}`;
      headers[name] = both;
      first.set(name, both);
    }
  }
}
