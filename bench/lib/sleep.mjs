/** What the models of a sleeping machine need beyond those of the tests. */
import { standingClock } from '../../tests/browser/lib/sleep.mjs';

/**
 * Runs in the page after `standingClock`: intervals out of its timeouts, so that they stand still
 * with it. The agent has none; its peers poll.
 */
function standingIntervals() {
  const { setTimeout: arm, clearTimeout: clear } = window;
  const running = new Map();
  let next = 2_000_000;
  const stop = (/** @type {number} */ handle) => {
    clear.call(window, running.get(handle) ?? handle);
    running.delete(handle);
  };
  Object.assign(window, {
    /** @param {() => void} callback @param {number} [ms] @param {unknown[]} args */
    setInterval(callback, ms = 0, ...args) {
      next += 1;
      const handle = next;
      const turn = () => {
        running.set(handle, arm.call(window, turn, ms));
        callback.apply(window, /** @type {[]} */ (args));
      };
      running.set(handle, arm.call(window, turn, ms));
      return handle;
    },
    clearInterval: stop,
    // A browser takes either handle for either.
    clearTimeout: stop,
  });
}

/** Runs in the page before anything else: says when a freeze is really over. */
function watchFreezing() {
  const life = { frozen: 0, resumed: 0 };
  Object.assign(window, { life });
  document.addEventListener('freeze', () => {
    life.frozen += 1;
  });
  document.addEventListener('resume', () => {
    life.resumed += 1;
  });
}

const asScript = (/** @type {() => void} */ script) => `(${script})();`;

/** For pages whose clocks are to stand still. */
export const standing = [standingClock, standingIntervals].map(asScript).join('\n');

export const freezable = asScript(watchFreezing);
