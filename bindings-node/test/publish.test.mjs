// What a registry and the module systems of others make of the package: publint, and the type resolution of every entry.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = fileURLToPath(new URL("..", import.meta.url));

it("publint finds nothing to complain of", async () => {
  const { messages, pkg } = await publint({ pkgDir: root, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

it("types and code of every entry agree, in both module systems", async (test) => {
  const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
  test.after(() => rmSync(folder, { recursive: true }));
  const [{ filename }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { cwd: root, encoding: "utf8" }),
  );
  const result = await checkPackage(createPackageFromTarballData(readFileSync(join(folder, filename))));
  // "node10" does not read "exports"; this package needs a Node that does.
  const problems = result.problems.filter(({ resolutionKind }) => resolutionKind !== "node10");
  assert.deepEqual(problems, []);
});
