// Compiles a TypeScript program of a test or of the docs, as a NestJS project would: decorators with the types of parameters.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import ts from "typescript";

/** A folder of the package, so that programs in it find the package itself and what is installed for its tests. */
export const BUILD = fileURLToPath(new URL("../build", import.meta.url));

export function compile(source, to) {
  const { outputText } = ts.transpileModule(readFileSync(source, "utf8"), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  mkdirSync(fileURLToPath(new URL(".", new URL(`file://${to}`))), { recursive: true });
  writeFileSync(to, outputText);
  return to;
}
