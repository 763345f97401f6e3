/** The warning in twenty tabs: answered in one, gone in all; the same second in all (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { recorded, startAgents, startChromium } from './lib/chromium.mjs';
import { showsState, warningPage } from './lib/warning-page.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const TABS = 20;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;

before(async () => {
  authority = await startAuthority({ idle: '20s', warn: '10s', keepAlive: '2s' });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** @param {number[]} values */
const spread = (values) => Math.max(...values) - Math.min(...values);

test('answered in one of 20 tabs it is gone in all within 100 ms, after the same seconds in all', async (t) => {
  const tabs = await browser.openWindow(TABS, `${authority.base}/warning.html`);
  const front = /** @type {Page} */ (tabs.at(-1));
  await startAgents(tabs, await authority.token());
  await Promise.all(tabs.map((tab) => tab.evaluate('void attachWarning(agent)')));
  await Promise.all(tabs.map((tab) => showsState(tab, 'warning', 30_000)));
  const hidden = await Promise.all(tabs.map((tab) => tab.evaluate('document.hidden')));
  assert.equal(hidden.filter(Boolean).length, TABS - 1);

  // Three full seconds of the countdown, then the answer.
  await front.waitForFunction("part('time').textContent === '00:05'", { polling: 10 });
  const times = await Promise.all(tabs.map((tab) => tab.evaluate('times')));
  const at = await front.evaluate('performance.timeOrigin + performance.now()');
  await front.keyboard.press('x');
  await Promise.all(
    tabs.map((tab) => tab.waitForFunction("shown.at(-1).what === ''", { polling: 10 })),
  );

  const shown = await Promise.all(tabs.map((tab) => tab.evaluate('shown.at(-1).at')));
  const gone = /** @type {number[]} */ (shown).map((moment) => moment - Number(at));
  const phases = (await recorded(tabs, 'phase')).map((entries) => entries.at(-1));
  assert.ok(phases.every((entry) => entry?.what === 'active'));
  t.diagnostic(
    `${TABS} tabs, ${TABS - 1} hidden: gone ${Math.max(...gone).toFixed(0)} ms after the key at the latest, ` +
      `within ${spread(gone).toFixed(0)} ms of each other`,
  );
  assert.ok(Math.max(...gone) <= 100, `${gone.map(Math.round)}`);

  // A hidden tab is woken once a second: it shows each second, at most one late.
  for (const second of ['00:08', '00:07', '00:06']) {
    const moments = /** @type {{ at: number, what: string }[][]} */ (times).map(
      (list) => list.find(({ what }) => what === second)?.at,
    );
    const known = moments.filter((moment) => moment !== undefined);
    const seen = Number(moments.at(-1));
    t.diagnostic(
      `${second} is shown within ${spread(known).toFixed(0)} ms by ${known.length} tabs`,
    );
    assert.ok(known.every((moment) => Math.abs(moment - seen) < 1_100));
  }
});

test('tabs that are seen at once show the same second at the same moment', async (t) => {
  const url = warningPage(authority.base, { token: await authority.token('two') });
  const windows = await Promise.all([1, 2, 3].map(() => browser.open(url, 'window')));
  await Promise.all(windows.map((page) => showsState(page, 'warning', 30_000)));
  for (const page of windows) {
    assert.equal(await page.evaluate('document.hidden'), false);
    await page.waitForFunction("part('time').textContent === '00:05'", { polling: 10 });
  }
  const times = /** @type {{ at: number, what: string }[][]} */ (
    await Promise.all(windows.map((page) => page.evaluate('times')))
  );
  for (const second of ['00:08', '00:07', '00:06']) {
    const moments = times.map((list) => list.find(({ what }) => what === second)?.at ?? 0);
    t.diagnostic(`${second} is shown within ${spread(moments).toFixed(0)} ms`);
    assert.ok(spread(moments) < 100, moments.join());
  }
  await Promise.all(windows.map((page) => page.close()));
});

test('a hidden tab that is looked at shows the second that the others show', async () => {
  const url = warningPage(authority.base, { token: await authority.token('one') });
  const [front, back] = /** @type {[Page, Page]} */ (
    /** @type {unknown} */ (await browser.openAll(2, url))
  );
  await front.bringToFront();
  await Promise.all([front, back].map((tab) => showsState(tab, 'warning', 30_000)));
  await back.bringToFront();
  const text = "[part('time').textContent, Math.ceil(agent.status.remainingMs / 1000)]";
  const [time, left] = /** @type {[string, number]} */ (await back.evaluate(text));
  assert.equal(Number(time.slice(3)), left);
});
