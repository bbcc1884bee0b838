export { KeySetError, KeySets } from "./jwks.js";
export type { KeySetsOptions } from "./jwks.js";
