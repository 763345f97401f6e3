/**
 * Somebody sets the clock of the machine by an hour, or it is corrected over the network. Ahead:
 * nobody is logged out. Back: nobody lives longer for it (docs/architecture.md, "Clocks and eras").
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import {
  eachEnded,
  pause,
  recorded,
  startAgents,
  startChromium,
  statusOf,
  type,
} from './lib/chromium.mjs';
import { movableClock } from './lib/sleep.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const HOUR = 3_600_000;
const IDLE = 10_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;
/** @type {Record<'ahead' | 'back', Page[]>} */
const tabs = { ahead: [], back: [] };
const all = () => [...tabs.ahead, ...tabs.back];
/** @param {'ahead' | 'back'} way */
const first = (way) => /** @type {Page} */ (tabs[way][0]);

before(async () => {
  authority = await startAuthority({ idle: '10s', warn: '4s', keepAlive: '2s' });
  chromium = await startChromium({ prepare: movableClock });
  tabs.ahead = await chromium.openWindow(4, authority.base);
  tabs.back = await chromium.openWindow(4, authority.base);
  for (const group of Object.values(tabs)) await startAgents(group, await authority.token());
});
after(async () => {
  await chromium?.close();
  await authority?.stop();
});

/** Sets the clock of all tabs of a group at one moment. @param {Page[]} group @param {number} by */
async function setClock(group, by) {
  const at = Date.now() + 500;
  await Promise.all(group.map((tab) => tab.evaluate(`setClock(${at}, ${by})`)));
  await pause(at - Date.now());
}

const phases = async () =>
  (await recorded(all(), 'phase')).map((each) => each.map(({ what }) => what).join());

describe('the clock is set by an hour while somebody types', () => {
  /** When the last key was pressed, by a clock that nobody sets. */
  let lastKey = 0;

  before(async () => {
    await Promise.all([type(first('ahead'), 2_000, 250), type(first('back'), 2_000, 250)]);
    await Promise.all(all().map((tab) => tab.evaluate('record.length = 0')));
    // Whoever sets it goes on typing.
    await Promise.all([
      setClock(tabs.ahead, HOUR),
      setClock(tabs.back, -HOUR),
      type(first('ahead'), 4_000, 250),
      type(first('back'), 4_000, 250),
    ]);
    lastKey = performance.timeOrigin + performance.now();
  });

  test('it was', async () => {
    const clock = async (/** @type {Page} */ tab) => Number(await tab.evaluate('Date.now()'));
    assert.ok(Math.abs((await clock(first('ahead'))) - Date.now() - HOUR) < 10_000);
    assert.ok(Math.abs((await clock(first('back'))) - Date.now() + HOUR) < 10_000);
  });

  test('nobody is logged out, and typing goes on counting', async () => {
    const earlier = await Promise.all([statusOf(first('ahead')), statusOf(first('back'))]);
    await Promise.all([type(first('ahead'), 2_000, 250), type(first('back'), 2_000, 250)]);
    lastKey = performance.timeOrigin + performance.now();
    const later = await Promise.all([statusOf(first('ahead')), statusOf(first('back'))]);
    for (const [at, { counts, phase }] of later.entries()) {
      assert.equal(phase, 'active');
      const before = /** @type {import('stillhere').Status} */ (earlier[at]).counts;
      assert.equal(counts.keystrokes - before.keystrokes, 8, 'every key');
    }
    for (const each of await phases()) assert.doesNotMatch(each, /warning|ended/);
  });

  test('the end comes when it is due by the real time', async (t) => {
    await eachEnded(all());
    for (const way of /** @type {const} */ (['ahead', 'back'])) {
      const ends = (await recorded(tabs[way], 'ended')).map(
        ([entry]) => (entry?.at ?? 0) - lastKey,
      );
      t.diagnostic(`${way}: ${ends.map((ms) => Math.round(ms)).join(', ')} ms after the last key`);
      for (const ms of ends) assert.ok(ms >= IDLE - 500 && ms <= IDLE + 1_000, `${ms} ms`);
    }
  });
});

test('a key is not only counted where the clock was set since the one before it', async () => {
  const other = await startAuthority({ idle: '60s', warn: '10s', keepAlive: '30s' });
  try {
    const [tab] = /** @type {[Page]} */ (
      /** @type {unknown} */ (await chromium.openWindow(1, other.base))
    );
    await startAgents([tab], await other.token());
    // The first is told; after the second there is nothing to do for half a minute.
    await type(tab, 1_000, 500);
    await setClock([tab], 10_000);
    await tab.evaluate('record.length = 0');
    await tab.keyboard.press('x');
    await pause(1_000);
    const [shown] = await recorded([tab], 'phase');
    assert.deepEqual(
      shown?.map(({ what }) => what),
      ['checking', 'active'],
    );
    assert.ok((await statusOf(tab)).idleMs < 2_000, 'and counts');
  } finally {
    await other.stop();
  }
});
