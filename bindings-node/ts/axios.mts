export { createAdapter } from "./axios.js";
export type { AdapterOptions } from "./axios.js";
