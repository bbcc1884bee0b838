/** In the place of a time: the native side asks the clock. */
export const CLOCK = -1;

/** Whether the native side can take a number for Unix seconds. */
export function isTime(now: number): boolean {
  return Number.isSafeInteger(now) && now >= 0;
}
