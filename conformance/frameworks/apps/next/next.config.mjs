import { fileURLToPath } from "node:url";

// It is built inside another package, which Next would take for the root of the application.
const root = fileURLToPath(new URL("../../..", import.meta.url));

export default { serverExternalPackages: ["wiresign"], outputFileTracingRoot: root, turbopack: { root } };
