export { createTokenFetch, TokenError, TokenSource } from "./tokens.js";
export type { TokenSourceOptions } from "./tokens.js";
