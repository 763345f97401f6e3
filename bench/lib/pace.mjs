/**
 * Whether the machine kept pace. Where it stood still for seconds, a key that was to be pressed was not,
 * and a logout after an idle timeout of ten seconds is no fault of anybody's.
 */

/** How often it is looked, in milliseconds. */
const TICK_MS = 50;

/** The longest that this program was kept waiting, from now on. */
export function watchPace() {
  let last = performance.now();
  let worst = 0;
  const look = () => {
    const now = performance.now();
    worst = Math.max(worst, now - last - TICK_MS);
    last = now;
  };
  const timer = setInterval(look, TICK_MS);
  return {
    /** Something took that much longer than it should. @param {number} ms */
    late(ms) {
      worst = Math.max(worst, ms);
    },
    /** @returns {number} in milliseconds */
    stop() {
      look();
      clearInterval(timer);
      return worst;
    },
  };
}

/**
 * Does it again where the machine stood still meanwhile.
 * @template Result
 * @param {(pace: ReturnType<typeof watchPace>) => Promise<Result>} does
 * @param {{ mostMs: number, tries: number }} allowed
 * @returns {Promise<{ result: Result } | { stoodMs: number }>} the latter where it did so each time
 */
export async function keepingPace(does, { mostMs, tries }) {
  let stoodMs = 0;
  for (let at = 0; at < tries; at += 1) {
    const pace = watchPace();
    try {
      const result = await does(pace);
      stoodMs = pace.stop();
      if (stoodMs <= mostMs) return { result };
    } finally {
      pace.stop();
    }
  }
  return { stoodMs };
}
