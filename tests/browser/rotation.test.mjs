/** Tokens are rotated under way: nobody is logged out by it, and nothing is sent twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, statusOf } from './lib/chromium.mjs';
import { engine, startBrowser } from './lib/engine.mjs';

const TABS = 10;
/** A minute, and less of it in the engines that only must not differ. */
const FOR_MS = engine === 'chromium' ? 60_000 : 20_000;
const EVERY_MS = 2_000;
/** A little more, so that each token comes before the interval of the last one is over. */
const INTERVAL_MS = 2_200;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

before(async () => {
  authority = await startAuthority({ idle: '20s', warn: '5s', keepAlive: `${INTERVAL_MS}ms` });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

const every = 'every 2 s for a minute in 10 tabs: no logout, no 401, keep-alives as for one token';
test(every, async (t) => {
  const tabs = await browser.openAll(
    TABS,
    `${authority.base}/?token=${await authority.token('0')}`,
  );
  const statuses = /** @type {Map<number, number>} */ (new Map());
  for (const tab of tabs) {
    // Plain WebDriver shows no answers.
    tab.on?.('response', (answer) => {
      if (/\/v1\//.test(answer.url())) {
        statuses.set(answer.status(), (statuses.get(answer.status()) ?? 0) + 1);
      }
    });
  }
  const front = /** @type {import('puppeteer-core').Page} */ (tabs.at(-1));
  await front.bringToFront();
  await front.focus('#notes');
  const begun = await authority.counts();
  const begin = performance.now();
  let keys = 0;
  /** When each token was given to the first tab and when to the last, in ms. */
  const given = /** @type {{ from: number, to: number }[]} */ ([]);
  for (let number = 1; number * EVERY_MS <= FOR_MS; number += 1) {
    const next = await authority.token(`${number}`);
    const from = performance.now();
    await Promise.all(
      tabs.map((tab) => tab.evaluate((token) => Object(window).agent.setToken(token), next)),
    );
    given.push({ from, to: performance.now() });
    for (let at = 0; at < EVERY_MS; at += 500) {
      await front.keyboard.press('a');
      keys += 1;
      await pause(begin + (number - 1) * EVERY_MS + at + 500 - performance.now());
    }
  }
  const sent = (await authority.counts()).keepAlives - begun.keepAlives;
  const read = performance.now();
  t.diagnostic(`${sent} keep-alives, answers by status: ${JSON.stringify([...statuses])}`);
  assert.deepEqual((await recorded(tabs, 'ended')).flat(), []);
  const phases = (await recorded(tabs, 'phase')).flat().map(({ what }) => what);
  assert.ok(!phases.includes('warning'), phases.join());
  assert.ok(
    [...statuses.keys()].every((status) => status < 400),
    `${[...statuses.keys()]}`,
  );
  // One for each token that is new, and one for each interval in which none came: on a busy machine.
  const more = given.reduce((sum, { from }, at) => {
    const next = given[at + 1]?.to ?? read;
    return sum + Math.floor((next - from) / INTERVAL_MS);
  }, 0);
  t.diagnostic(`${given.length} tokens, ${more} intervals that passed without a new one`);
  assert.ok(sent >= given.length - 1 && sent <= given.length + more, `${sent} keep-alives`);
  await pause(1_500);
  await eachShows(tabs, 'active');
  for (const tab of tabs) assert.equal((await statusOf(tab)).counts.keystrokes, keys);
});
