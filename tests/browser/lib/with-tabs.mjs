/** What is the same however many tabs there are (docs/architecture.md, rules 1, 5 and 8). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './authority.mjs';
import { eachShows, pause, posted, recorded, type } from './chromium.mjs';
import { engine, startBrowser } from './engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** Less in the engines that only must not differ. */
const FOR_MS = engine === 'chromium' ? 60_000 : 20_000;

/** @param {number} count */
export function withTabs(count) {
  describe(`${count} ${count === 1 ? 'tab' : 'tabs'}`, { concurrency: 1 }, () => {
    /** @type {Awaited<ReturnType<typeof startAuthority>>} */
    let authority;
    /** @type {Awaited<ReturnType<typeof startBrowser>>} */
    let browser;
    /** @type {Page[]} */
    let tabs;
    /** @type {Page} */
    let front;

    before(async () => {
      authority = await startAuthority({ idle: '30s', warn: '5s', keepAlive: '2s' });
      browser = await startBrowser();
      const url = `${authority.base}/?token=${await authority.token()}`;
      tabs = [];
      while (tabs.length < count) {
        tabs.push(...(await browser.openAll(Math.min(10, count - tabs.length), url)));
        // Fifty tabs may take longer to open than the session lasts without a key.
        await tabs.at(-1)?.keyboard.press('a');
      }
      front = /** @type {Page} */ (engine === 'webkit' ? tabs.at(-1) : tabs[count >> 1]);
      await front.bringToFront();
      await front.focus('#notes');
      await pause(3_000);
    });
    after(async () => {
      await browser?.close();
      await authority?.stop();
    });

    test(`${FOR_MS / 1000} s of typing at an interval of 2 s`, async (t) => {
      const earlier = await authority.counts();
      await type(front, FOR_MS, 500);
      const { keepAlives } = await authority.counts();
      const sent = keepAlives - earlier.keepAlives;
      t.diagnostic(`${count} tabs: ${sent} keep-alives`);
      const intervals = FOR_MS / 2_000;
      assert.ok(sent >= intervals - 2 && sent <= intervals + 2, `${sent} keep-alives`);
      const phases = await recorded(tabs, 'phase');
      const shown = new Set(phases.flat().map(({ what }) => what));
      assert.deepEqual([...shown], ['active'], 'nobody is warned or logged out');
    });

    test('10 keys a second are at most 1 broadcast a second', async (t) => {
      await pause(4_000);
      const earlier = await posted(tabs);
      await type(front, 15_000, 100);
      const sent = (await posted(tabs)) - earlier;
      t.diagnostic(`${count} tabs: ${sent} broadcasts in 15 s`);
      assert.ok(sent >= 5 && sent <= 16, `${sent} broadcasts in 15 s`);
    });

    test('all tabs hold one event stream between them', async () => {
      assert.equal((await authority.counts()).streams, 1);
    });

    test('idle is silent until the warning, then one question; one end for all', async (t) => {
      await pause(4_000);
      const quiet = await authority.counts();
      const posts = await posted(tabs);
      await pause(15_000);
      // The scrape itself is a request that the authority counts.
      const still = await authority.counts();
      assert.deepEqual(
        { ...still, requests: 0 },
        { ...quiet, requests: 0 },
        'no request before the warning',
      );
      assert.equal(still.requests - quiet.requests, 1, 'but the one of this test');
      assert.equal(await posted(tabs), posts, 'no message before the warning');

      await eachShows(tabs, 'warning');
      const warned = await authority.counts();
      assert.equal(warned.questions - quiet.questions, 1, 'one question for the group');
      await eachShows(tabs, 'ended');
      const ended = await authority.counts();
      assert.ok(ended.questions - warned.questions <= 1, 'at most one question at the deadline');
      assert.equal(ended.ends - quiet.ends, 1, 'one end');
      assert.equal(ended.keepAlives, quiet.keepAlives);

      const moments = (await recorded(tabs, 'ended')).map(([entry]) => entry?.at ?? 0);
      const hidden = await Promise.all(tabs.map((tab) => tab.evaluate('document.hidden')));
      const spread = Math.max(...moments) - Math.min(...moments);
      const unseen = hidden.filter(Boolean).length;
      t.diagnostic(`${count} tabs, ${unseen} hidden, ended within ${spread.toFixed(1)} ms`);
      assert.equal(unseen, count - 1, 'all but one are hidden');
      // How close together they are is measured by `npm run bench -- tabs`, beside a bare message:
      // on a busy machine that takes as long. Here it shows that nobody waited for a timer.
      assert.ok(spread <= 500, `ended within ${spread} ms`);
    });
  });
}
