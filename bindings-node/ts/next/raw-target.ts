// The target as received. Next writes the query of a URL anew before any handler sees it (%20 becomes +), and a signature covers
// what was on the wire. So each request gets a header with its own target the moment it comes in. The name of that header is
// drawn by the process, so that no client can write it.

import { randomBytes } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** The header with the target as received. */
export const RAW_TARGET = `x-wiresign-target-${randomBytes(16).toString("hex")}`;

subscribe("http.server.request.start", (message) => {
  const { request } = message as { request: IncomingMessage };
  request.headers[RAW_TARGET] = request.url;
});
