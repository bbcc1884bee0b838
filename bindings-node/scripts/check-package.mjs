// Runs before every `npm pack`: a tarball without the compiled files or without a binary must not exist.
import { copyFileSync, existsSync, readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const needed = [
  ...Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : Object.values(entry).flatMap(Object.values),
  ),
  `prebuilds/${process.platform}-${process.arch}/wiresign.node`,
];
const missing = needed.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)));
if (missing.length > 0) {
  throw new Error(`The package is not built: ${missing.join(", ")} missing. Run "npm run build" first.`);
}
// npm takes licence files from the package's own folder only.
for (const file of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  copyFileSync(new URL(`../../${file}`, import.meta.url), new URL(`../${file}`, import.meta.url));
}
