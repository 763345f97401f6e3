/** The warning in twenty tabs: answered in one, gone in all; the same second in all (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, recorded, startAgents, startChromium } from './lib/chromium.mjs';
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

/** A bare message that goes with a key, and when it was there. */
const PROBE = `{
  globalThis.heardAt = 0;
  const now = () => performance.timeOrigin + performance.now();
  globalThis.probe = new BroadcastChannel('probe');
  probe.onmessage = () => { heardAt = now(); };
  addEventListener('keydown', () => { heardAt = now(); probe.postMessage(0); }, true);
}`;

/** @param {number[]} values */
const spread = (values) => Math.max(...values) - Math.min(...values);

test('answered in one of 20 tabs it is gone in all within 100 ms of a bare message, after the same seconds in all', async (t) => {
  const tabs = await browser.openWindow(TABS, `${authority.base}/warning.html`);
  const front = /** @type {Page} */ (tabs.at(-1));
  await startAgents(tabs, await authority.token());
  await Promise.all(tabs.map((tab) => tab.evaluate('void attachWarning(agent)')));
  await Promise.all(tabs.map((tab) => tab.evaluate(PROBE)));
  await Promise.all(tabs.map((tab) => showsState(tab, 'warning', 30_000)));
  const hidden = await Promise.all(tabs.map((tab) => tab.evaluate('document.hidden')));
  assert.equal(hidden.filter(Boolean).length, TABS - 1);

  // Full seconds of the countdown, then the answer. A machine that is busy with other things may have three
  // tries: that nobody waits for a timer shows in any of them, and how long the machine itself takes to run
  // twenty tabs the bare message says that goes with the key.
  let slowest = Number.POSITIVE_INFINITY;
  /** @type {unknown[]} */
  let times = [];
  for (let tries = 0; slowest > 100 && tries < 3; tries += 1) {
    await Promise.all(tabs.map((tab) => showsState(tab, 'warning', 30_000)));
    await front.waitForFunction("part('time').textContent === '00:05'", { polling: 10 });
    times = await Promise.all(tabs.map((tab) => tab.evaluate('times.slice(-9)')));
    await Promise.all(tabs.map((tab) => tab.evaluate('heardAt = 0')));
    const at = Number(await front.evaluate('performance.timeOrigin + performance.now()'));
    await front.keyboard.press('x');
    const gone = "heardAt > 0 && shown.at(-1).what === ''";
    await Promise.all(tabs.map((tab) => tab.waitForFunction(gone, { polling: 10 })));
    const shown = await Promise.all(tabs.map((tab) => tab.evaluate('[shown.at(-1).at, heardAt]')));
    const moments = /** @type {[number, number][]} */ (shown);
    slowest = Math.max(...moments.map(([moment, heard]) => moment - heard));
    const after = moments.map(([moment]) => moment - at);
    t.diagnostic(
      `${TABS} tabs, ${TABS - 1} hidden: gone ${Math.max(...after).toFixed(0)} ms after the key at the latest, ` +
        `within ${spread(after).toFixed(0)} ms of each other, ${slowest.toFixed(0)} ms after a bare message`,
    );
  }
  assert.ok(slowest <= 100, `${slowest} ms`);
  const phases = (await recorded(tabs, 'phase')).map((entries) => entries.at(-1));
  assert.ok(phases.every((entry) => entry?.what === 'active'));

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
  await windows[2]?.evaluate('warning.remove()');
  await Promise.all(windows.slice(0, 2).map((page) => showsState(page, 'warning', 30_000)));
  // One that is shown in the middle of a second falls into step.
  await pause(430);
  await windows[2]?.evaluate('document.body.append(warning)');
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
