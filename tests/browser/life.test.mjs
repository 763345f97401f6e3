/** An agent that is closed, one whose token is rotated, and one on an insecure page. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, posted, recorded } from './lib/chromium.mjs';
import { engine, startBrowser, unless } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let tabs = [];

before(async () => {
  authority = await startAuthority({ idle: '30s', warn: '5s', keepAlive: '2s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(async () => {
  await Promise.allSettled(tabs.map((tab) => tab.close()));
  tabs = [];
});

/** @returns {Promise<[Page, Page]>} */
async function openTwo() {
  tabs = await browser.openAll(2, `${authority.base}/?token=${await authority.token()}`);
  // The one that is seen comes first.
  return /** @type {[Page, Page]} */ (/** @type {unknown} */ ([...tabs].reverse()));
}

/** @param {Page} tab @returns {Promise<import('stillhere').Status>} */
const status = async (tab) => /** @type {any} */ (await tab.evaluate('window.agent.status'));

test('close() unhooks everything and tells the others', async () => {
  const [one, other] = await openTwo();
  await one.bringToFront();
  await one.focus('#notes');
  await one.keyboard.press('a');
  await pause(3_500);
  await one.evaluate('window.agent.close()');
  await pause(200);
  assert.equal((await status(other)).contexts, 1, 'it has left');
  const posts = await posted([one]);
  const { keepAlives } = await authority.counts();
  await one.keyboard.type('bcdef');
  await one.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown'))");
  await pause(2_500);
  const { counts, refused } = await status(one);
  assert.equal(counts.keystrokes, 1, 'the last that was counted');
  assert.equal(refused.untrusted, 0);
  assert.equal(await posted([one]), posts, 'nothing is posted');
  assert.equal((await authority.counts()).keepAlives, keepAlives, 'nothing is sent');
  for (const call of ['note()', 'stay()', 'end()', "hold('call')"]) {
    const code = await one.evaluate(
      `(() => { try { window.agent.${call}; } catch (error) { return error.code; } })()`,
    );
    assert.equal(code, 'closed', call);
  }
});

test('a page that comes back from the cache alive is seen and counts again', async () => {
  const [one, other] = await openTwo();
  await one.bringToFront();
  await one.goto(`${authority.base}/page.js`);
  await pause(300);
  assert.equal((await status(other)).contexts, 1, 'it has left');
  await one.goBack();
  await eachShows(tabs, 'active');
  const own = await one.evaluate('window.agent.contexts().find(({ own }) => own).visible');
  // WebKit says of a page that it restores that it is hidden.
  assert.equal(own, engine !== 'webkit' || !(await one.evaluate('document.hidden')));
  await one.focus('#notes');
  await one.keyboard.press('a');
  await pause(1_200);
  const { contexts, counts } = await status(other);
  assert.deepEqual({ contexts, keys: counts.keystrokes }, { contexts: 2, keys: 1 });
});

test('a rotated token takes the facts along: nobody is logged out, the new one is kept alive', async () => {
  const [one, other] = await openTwo();
  await one.bringToFront();
  await one.focus('#notes');
  await one.keyboard.press('a');
  await pause(2_500);
  const next = await authority.token('rotated');
  for (const tab of tabs) {
    await tab.evaluate((token) => Object(window).agent.setToken(token), next);
  }
  await pause(1_000);
  await one.keyboard.press('b');
  await eachShows(tabs, 'active');
  await pause(3_000);
  assert.equal((await status(one)).contexts, 2);
  assert.equal((await status(other)).counts.keystrokes, 2, 'they hear each other');
  const session = (await authority.sessions()).find(({ user }) => user === 'rotated');
  assert.ok(session && session.idle_ms < 5_000, 'the new token is kept alive');
  const ended = await recorded(tabs, 'ended');
  assert.deepEqual(ended, [[], []]);
});

const named = unless({
  firefox: 'It takes every name of this machine for secure.',
  webkit: 'WebDriver gives this machine no second name.',
});
test('an insecure page has no locks: the agent works alone', { skip: named }, async () => {
  const base = authority.base.replace('localhost', 'insecure.test');
  const tab = await browser.open(`${base}/?token=${await authority.token('alone')}`);
  tabs = [tab];
  assert.equal(await tab.evaluate('isSecureContext'), false);
  await eachShows([tab], 'active');
  await tab.focus('#notes');
  await tab.keyboard.press('a');
  await pause(1_000);
  const faults = (await recorded([tab], 'fault'))[0] ?? [];
  assert.deepEqual(
    faults.map(({ what }) => what),
    ['alone'],
  );
  const { keepAlive, counts } = await status(tab);
  assert.equal(counts.keystrokes, 1);
  assert.equal(keepAlive.acknowledged, 1);
  await tab.evaluate('window.agent.end()');
  await eachShows([tab], 'ended');
});
