// Calls from another language: a client in Python that shares nothing with this package.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { ENV } from "./support.mjs";

const script = fileURLToPath(new URL("call.py", import.meta.url));

/** Calls a server of orders as billing does, or as `caller` with `secret`. Gives the status, and the body as JSON. */
export async function callFromPython(port, method, target, body = "", identity = {}) {
  const { secret = ENV.BILLING_SECRET, caller = "billing" } = identity;
  const env = { ...process.env, SECRET: secret, CALLER: caller, TARGET: "orders" };
  const url = `http://127.0.0.1:${port}${target}`;
  const { stdout } = await promisify(execFile)("python3", [script, method, url, body], { env, timeout: 120_000 });
  return JSON.parse(stdout);
}
