/**
 * A machine that sleeps past the deadline wakes up logged out; one that slept for less goes on
 * (docs/architecture.md, rule 3). All models of sleep share one browser and its nights:
 *
 * - suspended: the wall clock jumps, the monotonic clock and the timers stood still;
 * - stopped: both clocks went on, the processes did not, and a key was pressed meanwhile;
 * - frozen: hidden tabs that the browser froze and thawed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import {
  eachShows,
  pause,
  recorded,
  startAgents,
  startChromium,
  statusOf,
  type,
} from './lib/chromium.mjs';
import { freeze, renderers, standingClock, stopped, thaw } from './lib/sleep.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {'suspended' | 'stopped' | 'frozen'} Model */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

/** The tabs of one token, and what became of them in the last night. */
class Group {
  keysBefore = 0;
  /** @type {string[][]} which each tab showed after waking */
  phases = [];
  /** @type {import('stillhere').Status[]} */
  awake = [];
  /** @type {number | undefined} the authority's; undefined once it is over */
  idleMs;

  /** @param {Model} model @param {number} count @param {Page[]} tabs */
  constructor(model, count, tabs) {
    this.model = model;
    this.name = `${model}, ${count} ${count === 1 ? 'tab' : 'tabs'}`;
    this.tabs = tabs;
    this.first = /** @type {Page} */ (tabs[0]);
  }
}

/** @type {Group[]} */
const groups = [];
/** Suspended as well, but nobody is there when they wake. @type {Page[]} */
let untouched = [];
/** @param {Model} model */
const tabsOf = (model) => groups.filter((group) => group.model === model).flatMap((g) => g.tabs);
const night = { keepAlivesAsleep: 0, keepAlivesAwake: 0, wokeAt: 0, lookedAt: 0 };

const skip = process.platform === 'win32' && 'Windows cannot stop a process';

describe('sleep', { skip }, () => {
  before(async () => {
    authority = await startAuthority({ idle: '10s', warn: '4s', keepAlive: '2s' });
    chromium = await startChromium({ prepare: standingClock });
    for (const model of /** @type {Model[]} */ (['suspended', 'stopped', 'frozen'])) {
      for (const count of [1, 10]) {
        // A host name each: to one host a browser has six connections (HTTP/1.1), and each group
        // keeps one for its event stream.
        const base = authority.base.replace('localhost', `${model}-${count}.localhost`);
        const tabs = await chromium.openWindow(count, base);
        // Only hidden tabs are frozen.
        if (model === 'frozen') await chromium.browser.newPage();
        await Promise.all(tabs.map(watch));
        groups.push(new Group(model, count, tabs));
      }
    }
    untouched = await chromium.openWindow(2, authority.base);
    for (const { name, tabs } of groups) await startAgents(tabs, await authority.token(name));
    await startAgents(untouched, await authority.token('nobody'));
  });
  after(async () => {
    await chromium?.close();
    await authority?.stop();
  });

  describe('for less than the idle timeout', () => {
    before(async () => {
      await sleep(5_000, [4_000]);
      // The keep-alive of the key before the night goes first, that of these an interval later.
      await pause(3_500);
      await look();
    });

    for (const [at, name] of names()) {
      test(`${name}: nobody is logged out, and the keys count`, () => {
        const { awake, phases, keysBefore, idleMs, tabs } = group(at);
        assert.ok(!phases.flat().includes('ended'));
        for (const { phase, counts } of awake) {
          const seen = { phase, keys: counts.keystrokes };
          assert.deepEqual(seen, { phase: 'active', keys: keysBefore + tabs.length });
        }
        const since = night.lookedAt - night.wokeAt;
        assert.ok(idleMs !== undefined && idleMs <= since + 1_500, 'the keep-alive told of them');
      });
    }

    test('and it goes on while somebody types', async () => {
      await Promise.all(groups.map(({ first }) => type(first, 4_000, 500)));
      for (const { tabs } of groups) await eachShows(tabs, 'active', 1_000);
      assert.deepEqual(
        (
          await recorded(
            groups.flatMap(({ tabs }) => tabs),
            'ended',
          )
        ).flat(),
        [],
      );
    });
  });

  test('those that nobody touches then are warned in time, and ended', async () => {
    for (const each of await recorded(untouched, 'phase')) {
      const phases = each.map(({ what }) => what).filter((what) => what !== 'checking');
      assert.deepEqual(phases.slice(-2), ['warning', 'ended']);
    }
  });

  describe('for longer than the idle timeout', () => {
    before(async () => {
      // Pressed before the deadline, and after it: neither was seen in time.
      await sleep(20_000, [2_000, 15_000]);
      await Promise.all(groups.map(({ tabs }) => eachShows(tabs, 'ended', 10_000)));
      await pause(3_000);
      await look();
    });

    for (const [at, name] of names()) {
      test(`${name}: every tab is ended, and was not active before`, () => {
        const { awake, phases, keysBefore, idleMs } = group(at);
        for (const each of phases) {
          assert.equal(each.at(-1), 'ended', each.join());
          assert.ok(!each.includes('active'), each.join());
        }
        assert.deepEqual(new Set(awake.map((each) => each.endedBecause)), new Set(['idle']));
        for (const { counts } of awake) assert.ok(counts.keystrokes <= keysBefore);
        assert.equal(idleMs, undefined, 'over at the authority as well');
      });
    }

    test('no keep-alive was sent', () => {
      assert.equal(night.keepAlivesAwake, night.keepAlivesAsleep);
    });
  });

  test('the models are what they say', async () => {
    const seen = /** @param {Model} model */ (model) =>
      Promise.all(tabsOf(model).map((tab) => tab.evaluate('window.seen')));
    for (const { stood } of /** @type {any[]} */ (await seen('suspended'))) {
      assert.ok(stood >= 24_000, `the monotonic clock stood still for ${stood} ms`);
    }
    for (const { late, stood } of /** @type {any[]} */ (await seen('stopped'))) {
      assert.ok(stood < 1_000, `it went on, but for ${stood} ms`);
      assert.ok(late >= 4_000, `a key was handled ${late} ms after it was pressed`);
    }
    for (const { frozen } of /** @type {any[]} */ (await seen('frozen'))) assert.equal(frozen, 2);
  });
});

/** @returns {[number, string][]} the groups' names, before they are opened */
function names() {
  const models = ['suspended', 'stopped', 'frozen'];
  const each = models.flatMap((model) => [`${model}, 1 tab`, `${model}, 10 tabs`]);
  return [...each.entries()];
}

/** @param {number} at */
const group = (at) => /** @type {Group} */ (groups[at]);

/** Notes what shows whether a model is one. @param {Page} tab */
const watch = (tab) =>
  tab.evaluate(() => {
    const begin = Date.now() - performance.now();
    const seen = {
      late: 0,
      frozen: 0,
      resumed: 0,
      get stood() {
        return Date.now() - performance.now() - begin;
      },
    };
    Object.assign(window, { seen });
    addEventListener('keydown', ({ timeStamp }) => {
      seen.late = Math.max(seen.late, performance.now() - timeStamp);
    });
    document.addEventListener('freeze', () => {
      seen.frozen += 1;
    });
    document.addEventListener('resume', () => {
      seen.resumed += 1;
    });
  });

/** The driver is answered before the page goes on, and a key that comes first may be lost. @param {Page} tab */
async function resumed(tab) {
  while (!(await tab.evaluate('seen.resumed === seen.frozen'))) await pause(20);
}

/** @param {Page[]} tabs @returns {Promise<unknown>} */
const pressKey = (tabs) => Promise.all(tabs.map((tab) => tab.keyboard.press('a')));

/**
 * Two keys in each group, of which the second is not yet told to the authority, then sleep, and a
 * key in every tab: in the stopped ones and in some of the suspended ones while nothing runs.
 * @param {number} ms
 * @param {number[]} moments at which the keys are pressed in the stopped tabs, in turn
 */
async function sleep(ms, moments) {
  for (const { first } of groups) await first.keyboard.press('a');
  await pause(1_500);
  for (const { first } of groups) await first.keyboard.press('b');
  await untouched[0]?.keyboard.press('a');
  await pause(200);
  for (const each of groups) {
    each.keysBefore = (await statusOf(each.first)).counts.keystrokes;
    await Promise.all(each.tabs.map((tab) => tab.evaluate('record.length = 0')));
  }
  const suspended = tabsOf('suspended');
  await Promise.all(tabsOf('frozen').map(freeze));
  const pids = await renderers(chromium.browser);
  await Promise.all([...suspended, ...untouched].map((tab) => tab.evaluate(`suspend(${ms})`)));
  const begin = performance.now();
  /** @type {Promise<unknown>[]} */
  const pressed = [];
  await stopped(pids, ms, async () => {
    // One that was sent in the last moment is still on its way.
    await pause(500);
    night.keepAlivesAsleep = (await authority.counts()).keepAlives;
    for (const [turn, moment] of moments.entries()) {
      await pause(begin + moment - performance.now());
      const whose = tabsOf('stopped').filter((_, at) => at % moments.length === turn);
      pressed.push(pressKey(whose));
    }
    pressed.push(pressKey(suspended.slice(0, 5)));
  });
  night.wokeAt = performance.now();
  // A page that shows the time left looks at the clock; then it waits for the agent's own timer.
  await Promise.all(untouched.map((tab) => tab.evaluate('agent.status.remainingMs')));
  await Promise.all(tabsOf('frozen').map(thaw));
  await Promise.all(tabsOf('frozen').map(resumed));
  pressed.push(pressKey(tabsOf('frozen')), pressKey(suspended.slice(5)));
  await Promise.all(pressed);
}

/** Writes down what all groups show. */
async function look() {
  const sessions = await authority.sessions();
  night.lookedAt = performance.now();
  night.keepAlivesAwake = (await authority.counts()).keepAlives;
  for (const each of groups) {
    each.idleMs = sessions.find(({ user }) => user === each.name)?.idle_ms;
    each.awake = await Promise.all(each.tabs.map(statusOf));
    const phases = await recorded(each.tabs, 'phase');
    each.phases = phases.map((entries) => entries.map(({ what }) => what));
  }
}
