// The README's example, as a stranger would run it: from the tarball, in a new folder, on a PATH without a compiler.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort } from "./support.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const BLOCK = /<!-- (file|run|prints)(?:: (\S+))? -->\n+```[a-z]*\n(.*?)```/gs;

it("runs as it stands there", async (test) => {
  const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
  test.after(() => rmSync(folder, { recursive: true }));
  const run = (command, args, options) => execFileSync(command, args, { encoding: "utf8", ...options });
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { cwd: root }));

  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), "{}");
  run("npm", ["install", "--silent", "--offline", "--no-audit", join(folder, packed.filename)], { cwd: project });
  symlinkSync(join(root, "node_modules", "express"), join(project, "node_modules", "express"));

  const readme = readFileSync(join(root, "README.md"), "utf8").replaceAll("8750", String(await freePort()));
  let script;
  let prints;
  for (const [, kind, name, content] of readme.matchAll(BLOCK)) {
    if (kind === "file") {
      writeFileSync(join(project, name), content);
    } else if (kind === "run") {
      script = content;
    } else {
      prints = content;
    }
  }
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder };
  const output = run("sh", ["-ec", script], { cwd: project, env, timeout: 300_000 });
  assert.equal(output, prints);
});

it("ships what is needed and nothing else", () => {
  const [{ files }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--silent", "--dry-run"], { cwd: root, encoding: "utf8" }),
  );
  const names = files.map(({ path }) => path);
  for (const needed of [
    "README.md",
    "package.json",
    "dist/index.js",
    "dist/index.mjs",
    "dist/express.d.mts",
    "LICENSE-MIT",
  ]) {
    assert.ok(names.includes(needed), needed);
  }
  assert.ok(names.some((name) => /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/wiresign\.node$/.test(name)));
  const foreign = names.filter((name) => !/^(dist|prebuilds)\/|^(README\.md|package\.json|LICEN[CS]E.*)$/.test(name));
  assert.deepEqual(foreign, []);
  const { dependencies, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  assert.equal(scripts.install ?? scripts.postinstall ?? scripts.preinstall, undefined);
});
