/**
 * Those who come do their work one after the other, in the order in which they came.
 * @returns {<Result>(does: () => Promise<Result>) => Promise<Result>}
 */
export function takingTurns() {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return (does) => {
    const own = last.then(does);
    // Who came is told of an error; the next one only waits.
    last = own.catch(() => {});
    return own;
  };
}
