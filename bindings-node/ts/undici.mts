export { createInterceptor } from "./undici.js";
export type { InterceptorOptions } from "./undici.js";
