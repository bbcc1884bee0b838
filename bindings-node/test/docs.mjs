// Takes the programs out of a page of the docs, so that tests run what readers copy.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { BUILD } from "./compile.mjs";

const BLOCK = /<!-- (file|run|prints)(?:: (\S+))? -->\n+```[a-z]*\n(.*?)```/gs;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Writes the files of a page to a project of its own, with the package installed. What else it needs is found above it, among
 * what is installed for the tests.
 *
 * @param change what a test replaces in the text, such as a port
 * @returns the folder, and what the page runs and prints
 */
export function extract(page, change = (text) => text) {
  const folder = join(BUILD, "docs", page);
  rmSync(folder, { recursive: true, force: true });
  // A copy, not a link: that is what an installation is, and bundlers tell the two apart.
  for (const part of ["package.json", "dist", "prebuilds"]) {
    cpSync(join(ROOT, part), join(folder, "node_modules", "wiresign", part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), "{}");
  const text = change(readFileSync(join(ROOT, "..", "docs", "node", `${page}.md`), "utf8"));
  const found = { folder, files: [], run: undefined, prints: undefined };
  for (const [, kind, name, content] of text.matchAll(BLOCK)) {
    if (kind === "file") {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
      found.files.push(name);
    } else {
      found[kind] = content;
    }
  }
  return found;
}

/** Adds files of the tests to those of a page. */
export function addFixtures(name, folder) {
  cpSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url)), folder, { recursive: true });
}
