export { registerMetrics } from "./prometheus.js";
export type { Registry, Source } from "./prometheus.js";
