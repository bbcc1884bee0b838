// Times several contestants side by side, as src/contest.rs does: the fastest batch of each counts, and they take turns.

/**
 * @typedef {{ prepare: () => unknown[], run: (item: any) => unknown }} Contestant `prepare` makes a batch, untimed; `run`
 *   does one operation with one item of it
 */

/**
 * Gives the least nanoseconds per operation of each contestant, in order.
 *
 * @param {number} rounds
 * @param {Contestant[]} contestants
 * @returns {number[]}
 */
export function contest(rounds, contestants) {
  const best = contestants.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    contestants.forEach((contestant, at) => {
      const batch = contestant.prepare();
      const start = process.hrtime.bigint();
      for (const item of batch) {
        if (contestant.run(item) === undefined) {
          throw new Error("a contestant did nothing");
        }
      }
      const elapsed = Number(process.hrtime.bigint() - start);
      best[at] = Math.min(best[at], elapsed / batch.length);
    });
  }
  return best;
}
