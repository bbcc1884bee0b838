export { createFetch } from "./fetch.js";
export type { Fetch, FetchOptions } from "./fetch.js";
