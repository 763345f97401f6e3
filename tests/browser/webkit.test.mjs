/** The same in WebKitGTK, in two windows and a hidden tab: one keep-alive, one end, and sleep. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutOthers as skip } from '../../scripts/lib/browser.mjs';
import { startAuthority } from './lib/authority.mjs';
import { eachEnded, eachShows, pause, recorded, statusOf, type } from './lib/chromium.mjs';
import { onSite } from './lib/embed.mjs';
import { stopped } from './lib/sleep.mjs';
import { startWebKit } from './lib/webkit.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startWebKit>>} */
let webkit;
/** @type {Awaited<ReturnType<typeof webkit.show>>} */
let tabs;

describe('WebKitGTK', { skip }, () => {
  before(async () => {
    authority = await startAuthority({ idle: '10s', warn: '4s', keepAlive: '2s' });
    webkit = await startWebKit();
  });
  after(async () => {
    await webkit?.close();
    await authority?.stop();
  });

  const show = async () => {
    tabs = await webkit.show(`${authority.base}/?token=${await authority.token()}`);
  };

  /** What each tab showed since its record was emptied. */
  const phases = async () =>
    (await recorded(tabs, 'phase')).map((each) => each.map(({ what }) => what));

  /**
   * All pages' processes stop for that long; a key waits for one page, and one is pressed in another
   * when it is awake. (Both clocks go on: a suspended machine is modelled in Chromium.)
   * @param {number} ms
   */
  async function sleep(ms) {
    await tabs[0].keyboard.press('a');
    await pause(500);
    const keys = (await statusOf(tabs[0])).counts.keystrokes;
    for (const tab of tabs) await tab.evaluate('record.length = 0');
    const pids = webkit.pages();
    assert.ok(pids.length >= 1, 'pages have processes');
    /** @type {Promise<unknown>} */
    let pressed = Promise.resolve();
    let asleep = 0;
    await stopped(pids, ms, async () => {
      asleep = (await authority.counts()).keepAlives;
      await pause(ms - 500);
      pressed = tabs[0].keyboard.press('b');
    });
    await pressed;
    await tabs[2].keyboard.press('c');
    return { keys, asleep };
  }

  describe('two windows and a hidden tab', () => {
    let lastKey = 0;
    before(show);

    test('send one keep-alive an interval while somebody types in one', async (t) => {
      await tabs[2].keyboard.press('a');
      await pause(2_500);
      const earlier = (await authority.counts()).keepAlives;
      const begin = performance.now();
      await type(tabs[2], 6_000, 400);
      const sent = (await authority.counts()).keepAlives - earlier;
      const intervals = (performance.now() - begin) / 2_000;
      t.diagnostic(`${sent} keep-alives in ${intervals.toFixed(1)} intervals`);
      assert.ok(sent >= 2 && sent <= intervals + 1, `${sent} keep-alives`);
      assert.deepEqual(await phases(), Array(3).fill(['active']));
      const hidden = [];
      for (const tab of tabs) hidden.push(await tab.evaluate('document.hidden'));
      assert.deepEqual(hidden, [false, true, false]);
      assert.equal((await authority.counts()).streams, 1);
    });

    test('sleep for less than the timeout, log nobody out, and count the keys', async () => {
      const { keys, asleep } = await sleep(5_000);
      await pause(2_500);
      for (const tab of tabs) {
        const { phase, counts } = await statusOf(tab);
        assert.deepEqual({ phase, keys: counts.keystrokes }, { phase: 'active', keys: keys + 2 });
      }
      assert.ok((await authority.counts()).keepAlives > asleep);
      await type(tabs[0], 2_000, 500);
      lastKey = performance.timeOrigin + performance.now();
      await eachShows(tabs, 'active', 1_000);
    });

    test('warn and end together', async (t) => {
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

  describe('a new session in them', () => {
    before(show);

    test('sleeps for longer than the timeout: every tab is ended, and no key revives it', async () => {
      const { keys, asleep } = await sleep(20_000);
      await eachEnded(tabs, 10_000);
      await pause(2_500);
      for (const tab of tabs) {
        const { endedBecause, counts } = await statusOf(tab);
        assert.equal(endedBecause, 'idle');
        assert.ok(counts.keystrokes <= keys);
      }
      for (const each of await phases()) assert.ok(!each.includes('active'), each.join());
      assert.equal((await authority.counts()).keepAlives, asleep);
    });
  });

  test('an app in a frame lives while somebody types in the page around it', async () => {
    const [tab] = tabs;
    const crm = onSite(authority.base, 'crm');
    const src = `${authority.base}/?token=${await authority.token('framed')}&host=${crm}`;
    await tab.goto(`${crm}/host.html?attach&frame=${encodeURIComponent(src)}`);
    await tab.waitForFunction("window.host?.status?.phase === 'active'");
    await tab.evaluate("document.querySelector('#notes').focus()");
    await type(tab, 15_000, 500);
    assert.equal(await tab.evaluate('host.status.phase'), 'active');
    const session = (await authority.sessions()).find(({ user }) => user === 'framed');
    assert.ok(session && session.idle_ms < 3_500, `idle ${session?.idle_ms} ms at the authority`);
    const counts = /** @type {any} */ (session).counts;
    assert.ok(counts.heartbeats >= 10, `${counts.heartbeats} heartbeats`);
    assert.equal(counts.keystrokes, 0, 'nothing was pressed in the frame');
  });
});
