/** Three models of a machine that sleeps, and one of a clock that somebody sets. */
import { readdirSync, readFileSync } from 'node:fs';
import { pause } from './chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/**
 * Runs in the page before anything else: the monotonic clock and the timers can stand still, as
 * they do while Linux or macOS is suspended, so that only `Date.now()` sees that time passed. A
 * process that is merely stopped does not show that: there both clocks go on.
 */
export function standingClock() {
  let from = Number.POSITIVE_INFINITY;
  let length = 0;
  let lost = 0;
  const real = performance.now.bind(performance);
  /** @param {number} now */
  const stood = (now) => (now < from ? now : Math.max(from, now - length)) - lost;
  const standing = () => stood(real());
  performance.now = standing;
  const stamp = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp')?.get;
  Object.defineProperty(Event.prototype, 'timeStamp', {
    get() {
      return stood(stamp?.call(this) ?? 0);
    },
  });
  const armed = new Map();
  const { setTimeout: arm, clearTimeout: clear } = window;
  let next = 1_000_000;
  Object.assign(window, {
    /** The clock stands still from now on, for that long. @param {number} ms */
    suspend(ms) {
      lost += length;
      length = ms;
      from = real();
    },
    /** @param {() => void} callback @param {number} [ms] @param {unknown[]} args */
    setTimeout(callback, ms = 0, ...args) {
      next += 1;
      const handle = next;
      const due = standing() + ms;
      const wait = () => {
        const left = due - standing();
        if (left >= 1) {
          armed.set(handle, arm(wait, left));
          return;
        }
        armed.delete(handle);
        callback.apply(window, /** @type {[]} */ (args));
      };
      armed.set(handle, arm(wait, ms));
      return handle;
    },
    /** @param {number} handle */
    clearTimeout(handle) {
      clear(armed.get(handle) ?? handle);
      armed.delete(handle);
    },
  });
}

/**
 * Runs in the page before anything else: `window.setClock(at, by)` sets the wall clock by that
 * much, at a moment that all tabs share, as one machine's tabs do.
 */
export function movableClock() {
  const real = Date.now.bind(Date);
  let from = Number.POSITIVE_INFINITY;
  let offset = 0;
  Date.now = () => (real() >= from ? real() + offset : real());
  Object.assign(window, {
    /** @param {number} at @param {number} by */
    setClock(at, by) {
      from = at;
      offset = by;
    },
  });
}

/**
 * The processes in which pages run.
 * @param {import('puppeteer-core').Browser} browser a Chromium
 */
export async function renderers(browser) {
  const cdp = await browser.target().createCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

/**
 * Stops the processes for that long, whatever happens meanwhile.
 * @param {number[]} pids
 * @param {number} ms
 * @param {() => Promise<void>} [meanwhile]
 */
export async function stopped(pids, ms, meanwhile = async () => {}) {
  const begin = performance.now();
  try {
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await meanwhile();
    await pause(begin + ms - performance.now());
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

/** @param {Page} tab @param {'frozen' | 'active'} state */
async function setLife(tab, state) {
  const cdp = await tab.createCDPSession();
  await cdp.send('Page.setWebLifecycleState', { state });
  await cdp.detach();
}

/** Freezes a hidden tab, as the browser does to save memory. @param {Page} tab */
export const freeze = (tab) => setLife(tab, 'frozen');

/** @param {Page} tab */
export const thaw = (tab) => setLife(tab, 'active');

/**
 * The processes below that one whose command line has the word in it, on Linux.
 * @param {number} ancestor
 * @param {string} word
 */
export function processesBelow(ancestor, word) {
  const parents = new Map();
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      parents.set(Number(name), Number(parent));
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word)) found.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return found.filter((pid) => {
    let above = parents.get(pid);
    while (above && above !== ancestor) above = parents.get(above);
    return above === ancestor;
  });
}
