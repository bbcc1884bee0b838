// Times several contestants side by side, as src/contest.rs does: the fastest batch of each counts, and they take turns.

/**
 * @typedef {{ prepare: () => unknown[], run: (item: any) => unknown, isAsync?: boolean }} Contestant `prepare` makes a
 *   batch, untimed; `run` does one operation with one item of it, and may leave a promise to wait for
 */

/**
 * Gives the least nanoseconds per operation of each contestant, in order.
 *
 * @param {number} rounds
 * @param {Contestant[]} contestants
 * @returns {Promise<number[]>}
 */
export async function contest(rounds, contestants) {
  const best = contestants.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, contestant] of contestants.entries()) {
      const batch = contestant.prepare();
      const elapsed = contestant.isAsync ? await timeInTurn(contestant, batch) : time(contestant, batch);
      best[at] = Math.min(best[at], elapsed / batch.length);
    }
  }
  return best;
}

function time(contestant, batch) {
  const start = process.hrtime.bigint();
  for (const item of batch) {
    check(contestant.run(item));
  }
  return Number(process.hrtime.bigint() - start);
}

async function timeInTurn(contestant, batch) {
  const start = process.hrtime.bigint();
  for (const item of batch) {
    check(await contestant.run(item));
  }
  return Number(process.hrtime.bigint() - start);
}

function check(result) {
  if (result === undefined) {
    throw new Error("a contestant did nothing");
  }
}
