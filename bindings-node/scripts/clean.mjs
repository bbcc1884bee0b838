// Removes compiled files of an earlier build, so that nothing is published that has no source.
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
