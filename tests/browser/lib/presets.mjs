/** Ten tabs with a preset: somebody works, and then nobody does. */
import assert from 'node:assert/strict';
import { eachEnded, eachShows, recorded, type } from './chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** Times of the tests: a window of 6 s, a touch every 1.5 s. */
export const TIMES = { idleTimeoutMs: 6000, warnBeforeMs: 1500, keepAliveMs: 1500, dev: true };

/** Starts the agent of each tab by a script of its own. @param {Page[]} tabs @param {string} script */
export async function startEach(tabs, script) {
  await Promise.all(tabs.map((tab) => tab.evaluate(script)));
  await eachShows(tabs, 'active');
}

/**
 * The tabs of an app, in a window of its own; the last one is seen.
 * @param {{ openWindow(count: number, url: string): Promise<Page[]> }} browser
 * @param {number} count
 * @param {string} url
 */
export async function openTabs(browser, count, url) {
  const tabs = await browser.openWindow(count, url);
  const front = /** @type {Page} */ (tabs.at(-1));
  await front.bringToFront();
  return { tabs, front };
}

/**
 * Somebody works for longer than the window in one of the tabs, then nobody does.
 * @param {import('node:test').TestContext} t
 * @param {object} about
 * @param {Page[]} about.tabs
 * @param {Page} about.front
 * @param {() => number} about.touches how many there were so far
 * @param {number} [about.idleMs]
 * @param {number} [about.everyMs] the interval
 * @param {number} [about.forMs] for how long somebody works
 */
export async function workThenIdle(t, about) {
  const { tabs, front, touches, idleMs = 6000, everyMs = 1500, forMs = 9000 } = about;
  await front.focus('#notes');
  // When a key reached the page: on a busy machine the driver hears of it much later.
  await front.evaluate(`void addEventListener('keydown', ({ timeStamp }) => {
    window.keyAt = performance.timeOrigin + timeStamp;
  }, true)`);
  await front.keyboard.press('a');
  const begun = touches();
  await type(front, forMs, 300);
  const sent = touches() - begun;
  const last = Number(await front.evaluate('window.keyAt'));
  assert.deepEqual((await recorded(tabs, 'ended')).flat(), [], 'nobody who works is out');
  const phases = (await recorded(tabs, 'phase')).flat().map(({ what }) => what);
  assert.ok(!phases.includes('warning'), phases.join());
  const faults = (await recorded(tabs, 'fault')).flat();
  assert.deepEqual(faults, [], 'nothing went wrong');
  const intervals = forMs / everyMs;
  t.diagnostic(`${sent} touches of ${tabs.length} tabs in ${intervals} intervals`);
  assert.ok(sent >= intervals - 2 && sent <= intervals + 1, `${sent} in ${intervals} intervals`);
  const before = touches();
  await eachEnded(tabs, idleMs + 8000);
  const ends = (await recorded(tabs, 'ended')).flat();
  assert.deepEqual([...new Set(ends.map(({ what }) => what))], ['idle']);
  assert.equal(ends.length, tabs.length);
  const moments = ends.map(({ at }) => at);
  const [first, spread] = [
    Math.min(...moments) - last,
    Math.max(...moments) - Math.min(...moments),
  ];
  t.diagnostic(`out ${first.toFixed(0)} ms after the last key, all within ${spread.toFixed(0)} ms`);
  assert.ok(first > idleMs - 100 && first < idleMs + 1000, `out after ${first} ms`);
  assert.ok(touches() - before <= 1, 'nothing is touched for who is not there');
}
