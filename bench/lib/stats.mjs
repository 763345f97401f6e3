/** Medians with their spread, and ratios. Nothing here assumes a distribution. */

/**
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} low the smallest value of all rounds
 * @property {number} high the largest
 * @property {number} rounds how many there were
 */

/** @param {number[]} values not empty @returns {Summary} */
export function summary(values) {
  if (values.length === 0) throw new RangeError('There is no median of nothing.');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ place) => /** @type {number} */ (sorted[place]);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, low: at(0), high: at(sorted.length - 1), rounds: sorted.length };
}

/**
 * How many times the other's value each round took. Taken round by round, since what disturbs a
 * machine disturbs neighbours alike.
 * @param {number[]} values
 * @param {number[]} others of the same rounds
 * @returns {Summary}
 */
export function ratio(values, others) {
  return summary(pairs(values, others).map(([value, other]) => value / other));
}

/** What each round took more than the other's. @param {number[]} values @param {number[]} others */
export function added(values, others) {
  return summary(pairs(values, others).map(([value, other]) => value - other));
}

/** @param {number[]} values @param {number[]} others @returns {[number, number][]} */
function pairs(values, others) {
  if (values.length !== others.length) {
    throw new RangeError(`${values.length} rounds cannot be set beside ${others.length}.`);
  }
  return values.map((value, round) => [value, /** @type {number} */ (others[round])]);
}

/**
 * Runs every case once in each round, each round in another order, so that whatever drifts on the
 * machine meets all of them, and none always comes after the same one.
 * Cases that only wait and are counted may run several at once; what is timed may not.
 * @template {{ id: string }} Case
 * @template Result
 * @param {Case[]} cases
 * @param {number} rounds
 * @param {(one: Case, round: number) => Promise<Result>} measure
 * @param {number} [atOnce]
 * @returns {Promise<Map<string, Result[]>>} by id, one result a round
 */
export async function alternate(cases, rounds, measure, atOnce = 1) {
  const results = new Map(cases.map(({ id }) => [id, /** @type {Result[]} */ ([])]));
  for (let round = 0; round < rounds; round += 1) {
    for (const some of chunks(orderOf(cases, round), atOnce)) {
      const each = await Promise.all(some.map((one) => measure(one, round)));
      for (const [at, { id }] of some.entries())
        results.get(id)?.push(/** @type {Result} */ (each[at]));
    }
  }
  return results;
}

/** @template T @param {T[]} cases @param {number} round @returns {T[]} */
export function orderOf(cases, round) {
  const from = (round >> 1) % Math.max(1, cases.length);
  const turned = [...cases.slice(from), ...cases.slice(0, from)];
  return round % 2 ? turned.reverse() : turned;
}

/** Not more than that many each. @template T @param {T[]} all @param {number} most @returns {T[][]} */
export function chunks(all, most) {
  const count = Math.ceil(all.length / most);
  return Array.from({ length: count }, (_, at) => all.slice(at * most, (at + 1) * most));
}
