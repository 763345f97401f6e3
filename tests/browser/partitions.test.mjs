/**
 * Places that don't hear each other: a frame in another site's page and the app's own tab have a storage
 * partition each. They meet at the authority (docs/architecture.md, "The one idea"); with a token each
 * they do so only if the administrator links the tokens of a sign-in.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, statusOf, type } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { startBrowser } from './lib/engine.mjs';

const IDLE_MS = 8_000;
const TIMES = { idle: '8s', warn: '3s', keepAlive: '1s' };
/** Three pages open one after another well before anybody has to ask, on a busy machine too. */
const UNHURRIED_MS = 18_000;

/** @typedef {Awaited<ReturnType<typeof startAuthority>>} Authority */
/** @type {Authority} */
let authority;
/** @type {Authority} */
let linking;
/** @type {Authority} */
let unhurried;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

before(async () => {
  authority = await startAuthority(TIMES);
  linking = await startAuthority({ ...TIMES, linkTokens: true });
  unhurried = await startAuthority({ ...TIMES, idle: `${UNHURRIED_MS}ms` });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
  await linking?.stop();
  await unhurried?.stop();
});

/**
 * The app in its own tab, and in a frame of crm.localhost in a window beside it.
 * @param {Authority} server
 * @param {[string, string]} tokens of the tab and of the frame
 */
async function beside(server, [own, framed]) {
  const crm = onSite(server.base, 'crm');
  const src = encodeURIComponent(`${server.base}/?token=${framed}&host=${crm}`);
  const tab = await browser.open(`${server.base}/?token=${own}`);
  const page = await browser.open(`${crm}/host.html?attach&frame=${src}`, 'window');
  const frame = await frameIn(page);
  assert.equal((await statusOf(tab)).contexts, 1, 'they do not hear each other');
  return { tab, page, frame };
}

/** @param {import('puppeteer-core').Page} tab */
const phasesOf = async (tab) => (await recorded([tab], 'phase')).flat().map(({ what }) => what);

/** How long each gives the session, at one moment. @param {import('puppeteer-core').Page[]} places */
const leftOf = (places) =>
  Promise.all(places.map((place) => place.evaluate('Number(agent.status.remainingMs)')));

/**
 * Waits until all show the same deadline, by a key that is as new as this. A hidden frame's timers run
 * once a second, so the last key of many is told up to two after it.
 * @param {import('puppeteer-core').Page[]} places
 * @param {number} leastMs
 */
async function inStep(places, leastMs) {
  for (let tries = 0; ; tries += 1) {
    const left = /** @type {number[]} */ (await leftOf(places));
    const apart = Math.max(...left) - Math.min(...left);
    if (apart <= 1_000 && Math.min(...left) >= leastMs) return left;
    assert.ok(tries < 30, `${left.join()} ms left, at least ${leastMs} meant`);
    await pause(100);
  }
}

test('two tabs and a frame on another site: the deadline in step, and nobody asks', async (t) => {
  const token = await unhurried.token();
  const { tab, page, frame } = await beside(unhurried, [token, token]);
  const second = await browser.open(`${unhurried.base}/?token=${token}`);
  await eachShows([tab, second], 'active');
  await frame.focus('#notes');
  const places = /** @type {any[]} */ ([tab, second, frame]);
  // Whoever had to ask while they opened has done so once the first key is known everywhere.
  await page.keyboard.press('a');
  await inStep(places, UNHURRIED_MS - 3_000);
  const before = await unhurried.counts();
  for (const round of [1, 2]) {
    await type(page, UNHURRIED_MS / 2, 500);
    const left = await inStep(places, UNHURRIED_MS - 3_000);
    t.diagnostic(`round ${round}: ${left.join(', ')} ms left`);
  }
  const asked = (await unhurried.counts()).questions - before.questions;
  assert.equal(asked, 0, 'the authority told it');
  for (const phases of [await phasesOf(tab), await phasesOf(second)]) {
    assert.ok(!phases.includes('warning') && !phases.includes('ended'), phases.join());
  }
  assert.equal((await statusOf(tab)).counts.keystrokes, 0, 'nothing was pressed here');
  await eachShows([tab, second], 'ended', UNHURRIED_MS + 5_000);
  await frame.waitForFunction("agent.status.phase === 'ended'", { timeout: 2_000 });
});

for (const linked of [true, false]) {
  test(`work around the frame, two tokens of one sign-in, linked: ${linked}`, async () => {
    const server = linked ? linking : authority;
    const tokens = [await server.token('ann', 'monday'), await server.token('ann', 'monday')];
    const { tab, page, frame } = await beside(server, /** @type {[string, string]} */ (tokens));
    await page.focus('#notes');
    await page.keyboard.press('a');
    // To open them can take so long that it warns.
    if (linked) await inStep([tab], IDLE_MS - 3_000);
    const opened = (await phasesOf(tab)).length;
    await type(page, 3 * IDLE_MS, 500);
    const { phase, counts } = /** @type {any} */ (await frame.evaluate('agent.status'));
    assert.equal(phase, 'active');
    assert.equal(counts.keystrokes, 0, 'everything was typed around it');
    const phases = await phasesOf(tab);
    if (linked) {
      const since = phases.slice(opened);
      assert.ok(!since.includes('warning') && !since.includes('ended'), since.join());
    } else {
      // A token of its own idles out on its own.
      assert.ok(phases.includes('warning'), phases.join());
      assert.equal(phases.at(-1), 'ended');
    }
  });
}
