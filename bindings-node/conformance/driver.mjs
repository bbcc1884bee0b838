// The conformance driver of this binding: a hello, then one JSON object per line in, one out. conformance/README.md of the
// repository says what they hold.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";

import { CAPABILITIES, handle } from "./handle.mjs";

const { version } = createRequire(import.meta.url)("wiresign/package.json");
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

say({ protocol: 1, binding: "node", version, runtime: `Node.js ${process.version}`, capabilities: CAPABILITIES });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  say({ id: question.id, results: handle(question) });
}
