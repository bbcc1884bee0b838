// Copies the addon that cargo built to the place where the package looks for it.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const library = { linux: "libwiresign_node.so", darwin: "libwiresign_node.dylib", win32: "wiresign_node.dll" }[
  process.platform
];
if (library === undefined) {
  throw new Error(`No build is known for ${process.platform}.`);
}
const metadata = execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], {
  cwd: root,
  maxBuffer: 2 ** 26,
});
const target = JSON.parse(metadata.toString()).target_directory;
const folder = join(root, "prebuilds", `${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
// A process that has the old file mapped keeps it: the new one takes its name, not its bytes.
const fresh = join(folder, "wiresign.node.new");
copyFileSync(join(target, "release", library), fresh);
renameSync(fresh, join(folder, "wiresign.node"));
