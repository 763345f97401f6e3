/** The same in Firefox: one keep-alive, one end, sign-out, the back/forward cache, and sleep. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { withoutOthers as skip } from '../../scripts/lib/browser.mjs';
import { startAuthority } from './lib/authority.mjs';
import { eachEnded, pause, recorded, statusOf, type } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { ACTIVE, eachBecomes, startFirefox } from './lib/firefox.mjs';
import { processesBelow, stopped } from './lib/sleep.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startFirefox>>} */
let firefox;
/** @type {Page[]} */
let tabs = [];
/** @type {Page} */
let front;

describe('Firefox', { skip }, () => {
  before(async () => {
    authority = await startAuthority({ idle: '10s', warn: '4s', keepAlive: '2s' });
    firefox = await startFirefox();
  });
  after(async () => {
    await firefox?.close();
    await authority?.stop();
  });

  /** @param {number} count */
  async function show(count) {
    tabs = await firefox.show(count, `${authority.base}/?token=${await authority.token()}`);
    front = /** @type {Page} */ (tabs.at(-1));
  }

  /** @param {Page} tab */
  const phasesOf = async (tab) =>
    ((await recorded([tab], 'phase'))[0] ?? []).map(({ what }) => what);

  describe('three tabs', () => {
    before(() => show(3));

    test('send one keep-alive an interval while somebody types in one', async (t) => {
      await front.keyboard.press('a');
      await pause(2_500);
      const earlier = (await authority.counts()).keepAlives;
      const begin = performance.now();
      await type(front, 8_000, 400);
      const sent = (await authority.counts()).keepAlives - earlier;
      const intervals = (performance.now() - begin) / 2_000;
      t.diagnostic(`${sent} keep-alives in ${intervals.toFixed(1)} intervals`);
      assert.ok(sent >= 3 && sent <= intervals + 1, `${sent} keep-alives`);
      for (const tab of tabs) assert.deepEqual(await phasesOf(tab), ['active']);
      assert.deepEqual(await Promise.all(tabs.map((tab) => tab.evaluate('document.hidden'))), [
        true,
        true,
        false,
      ]);
      assert.equal((await authority.counts()).streams, 1);
    });

    test('warn and end together', async (t) => {
      const lastKey = performance.timeOrigin + performance.now();
      await eachEnded(tabs);
      for (const name of ['warning', 'ended']) {
        const at = (await recorded(tabs, 'phase')).map(
          (each) => (each.find(({ what }) => what === name)?.at ?? 0) - lastKey,
        );
        t.diagnostic(`${name} ${at.map(Math.round).join(', ')} ms after the last key`);
        const due = name === 'ended' ? 10_000 : 6_000;
        for (const ms of at) assert.ok(ms >= due - 1_000 && ms <= due + 1_000, `${name}: ${ms} ms`);
        assert.ok(Math.max(...at) - Math.min(...at) <= 500);
      }
    });
  });

  describe('two tabs', () => {
    test('signing out in one ends both', async () => {
      await show(2);
      await front.evaluate('agent.end()');
      await eachEnded(tabs, 3_000);
      for (const each of await recorded(tabs, 'ended')) assert.equal(each[0]?.what, 'signed-out');
    });

    test('one comes back from the back/forward cache, and counts again', async () => {
      await show(2);
      const other = /** @type {Page} */ (tabs[0]);
      // Seen as well, but not the one that reads the event stream.
      const apart = await firefox.window(front.url());
      await eachBecomes([apart], ACTIVE);
      await eachBecomes([front], 'agent.contexts().find(({ own }) => own).streaming');
      assert.equal(await goAndComeBack(apart, other, 2), true, 'restored, not loaded anew');
      await apart.keyboard.press('a');
      await pause(1_500);
      const { contexts, counts } = await statusOf(other);
      assert.deepEqual({ contexts, keys: counts.keystrokes }, { contexts: 3, keys: 1 });
      await apart.close();
    });

    test('the one that reads the event stream comes back, and counts again', async (t) => {
      await show(2);
      const other = /** @type {Page} */ (tabs[0]);
      await eachBecomes([front], 'agent.contexts().find(({ own }) => own).streaming');
      // Firefox caches no page that held a lock when it began to leave, so it may be either.
      const persisted = await goAndComeBack(front, other, 1);
      t.diagnostic(persisted ? 'restored from the cache' : 'loaded anew');
      await eachBecomes(tabs, ACTIVE);
      await front.keyboard.press('a');
      await pause(1_500);
      const { contexts, counts } = await statusOf(other);
      assert.deepEqual({ contexts, keys: counts.keystrokes }, { contexts: 2, keys: 1 });
    });
  });

  /**
   * Leaves a page, looks at what another one knows then, and goes back.
   * @param {Page} tab
   * @param {Page} other
   * @param {number} left how many contexts there are meanwhile
   * @returns {Promise<boolean>} whether it was in the cache
   */
  async function goAndComeBack(tab, other, left) {
    await tab.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    });
    // The driver's own way waits for a load that a page in the cache has had.
    await tab.evaluate("setTimeout(() => { location.href = '/page.js'; })");
    await eachBecomes([tab], "location.pathname === '/page.js'");
    await pause(300);
    assert.equal((await statusOf(other)).contexts, left, 'it has left');
    await tab.evaluate('setTimeout(() => history.back())');
    await eachBecomes([tab], "location.pathname === '/' && window.ready");
    return (await tab.evaluate('window.persisted')) === true;
  }

  /**
   * All content processes stop for that long; a key waits for one tab, and one is pressed in the
   * other when it is awake. (Both clocks go on: a suspended machine is modelled in Chromium.)
   * @param {number} ms
   */
  async function sleep(ms) {
    await front.keyboard.press('a');
    await pause(500);
    const keys = (await statusOf(front)).counts.keystrokes;
    await Promise.all(tabs.map((tab) => tab.evaluate('record.length = 0')));
    const pids = processesBelow(firefox.browser.process()?.pid ?? 0, '-isForBrowser');
    assert.ok(pids.length > 0, 'it has content processes');
    /** @type {Promise<unknown>} */
    let pressed = Promise.resolve();
    let asleep = 0;
    await stopped(pids, ms, async () => {
      asleep = (await authority.counts()).keepAlives;
      await pause(ms - 500);
      pressed = front.keyboard.press('b');
    });
    await pressed;
    await tabs[0]?.keyboard.press('c');
    return { keys, asleep };
  }

  describe('sleep', () => {
    before(() => show(2));

    test('for less than the timeout logs nobody out, and the keys count', async () => {
      const { keys, asleep } = await sleep(5_000);
      await pause(2_500);
      for (const tab of tabs) {
        const { phase, counts } = await statusOf(tab);
        assert.deepEqual({ phase, keys: counts.keystrokes }, { phase: 'active', keys: keys + 2 });
      }
      assert.ok((await authority.counts()).keepAlives > asleep);
      await type(front, 3_000, 500);
      await eachBecomes(tabs, ACTIVE, 2_000);
    });

    test('for longer ends every tab, and no key revives it', async () => {
      const { keys, asleep } = await sleep(20_000);
      await eachEnded(tabs, 10_000);
      await pause(2_500);
      for (const tab of tabs) {
        const { endedBecause, counts } = await statusOf(tab);
        assert.equal(endedBecause, 'idle');
        assert.ok(counts.keystrokes <= keys);
        const phases = await phasesOf(tab);
        assert.ok(!phases.includes('active'), phases.join());
      }
      assert.equal((await authority.counts()).keepAlives, asleep);
    });
  });

  describe('an app in a frame of another site', () => {
    /** @type {Page} */
    let page;
    afterEach(() => page?.close());

    /** @param {string} site */
    async function embedded(site) {
      const host = onSite(authority.base, 'crm');
      const src = `${authority.base}/?token=${await authority.token()}&host=${host}`;
      const around = onSite(authority.base, site);
      page = await firefox.window(`${around}/host.html?attach&frame=${encodeURIComponent(src)}`);
      return frameIn(page, { condition: ACTIVE });
    }

    test('lives while somebody types in the page around it, which is told', async () => {
      const frame = await embedded('crm');
      await page.focus('#notes');
      await type(page, 15_000, 500);
      const { phase, counts } = /** @type {any} */ (await frame.evaluate('agent.status'));
      assert.equal(phase, 'active');
      assert.equal(counts.keystrokes, 0);
      assert.ok(counts.heartbeats >= 12 && counts.heartbeats <= 16, `${counts.heartbeats}`);
      assert.equal(await page.evaluate('host.status.phase'), 'active');
    });

    test('counts nothing of a site that is not on its list', async () => {
      const frame = await embedded('evil');
      await page.focus('#notes');
      await type(page, 2_000, 500);
      const { counts, refused } = /** @type {any} */ (await frame.evaluate('agent.status'));
      assert.equal(counts.heartbeats, 0);
      assert.ok(refused.origin >= 2, `${refused.origin} refused`);
      assert.equal(await page.evaluate('host.status'), null);
    });
  });
});
