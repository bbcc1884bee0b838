export { RedisReplay } from "./replay.js";
export type { IoRedis, NodeRedis, RedisReplayOptions, ReplayStore } from "./replay.js";
