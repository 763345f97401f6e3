/** After an end and a new sign-in each tab shows what it showed, to the same user alone. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause } from './lib/chromium.mjs';
import { startBrowser } from './lib/engine.mjs';
import { eachBecomes } from './lib/firefox.mjs';
import {
  appOn,
  eachIsAt,
  eachRuns,
  fill,
  nowhereStored,
  restored,
  saved,
  signIn,
  textIn,
  visit,
  wish,
} from './lib/work.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** One whose sessions end by themselves within the test. @type {typeof authority} */
let impatient;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let tabs = [];

before(async () => {
  [authority, impatient, browser] = await Promise.all([
    startAuthority({ idle: '120s', warn: '20s', keepAlive: '5s' }),
    startAuthority({ idle: '12s', warn: '4s', keepAlive: '2s' }),
    startBrowser(),
  ]);
});
after(async () => {
  await browser?.close();
  await authority?.stop();
  await impatient?.stop();
});
afterEach(async () => {
  for (const tab of tabs) await tab.close().catch(() => {});
  tabs = [];
});

/** Long enough to be found in whatever form it is stored. */
const ADA = 'ada.sample@clinic.example';
const text = (/** @type {number} */ n) => `what nobody sent, ${n}`;
const texts = [1, 2, 3].map(text);

/**
 * Three tabs of the app, each at an address of its own and with a text of its own.
 * @param {string} app
 * @param {object} [wanted]
 */
async function threeTabs(app, wanted = {}) {
  const first = await browser.open(`${app}sign-in.html`);
  tabs.push(first);
  await wish(first, wanted);
  await signIn(first, ADA);
  while (tabs.length < 3) tabs.push(await browser.open(`${app}app.html`));
  await eachRuns(tabs);
  for (const [at, tab] of tabs.entries()) {
    await visit(tab, `app.html?case=${at + 1}#part-${at + 1}`);
    await fill(tab, { textarea: text(at + 1) });
  }
}

/** @param {number} n */
const isBack = (n) =>
  `location.href.endsWith('?case=${n}#part-${n}') && document.querySelector('textarea').value === '${text(n)}'`;

async function allAreBack() {
  for (const [at, tab] of tabs.entries()) await eachBecomes([tab], isBack(at + 1));
}

describe('text typed into a marked field in three tabs', () => {
  test('idle logout, sign in again: all three are back with their text', async () => {
    await threeTabs(appOn(impatient.base, 'again'));
    await tabs[2]?.evaluate('scrollTo(0, 700)');
    await eachIsAt(tabs, 'sign-in.html');
    await nowhereStored(tabs, [...texts, ADA]);
    await signIn(/** @type {Page} */ (tabs[0]), ADA);
    await allAreBack();
    assert.equal(await tabs[2]?.evaluate('scrollY'), 700);
    for (const tab of tabs) {
      const { outcome, address, fields, missing } = await restored(tab);
      assert.deepEqual(
        { outcome, address, fields, missing },
        { outcome: 'restored', address: true, fields: 1, missing: [] },
      );
    }
  });

  test('as another user: none, and nothing of it in storage', async () => {
    await threeTabs(appOn(authority.base, 'other'));
    await Promise.all(tabs.map(saved));
    await tabs[1]?.evaluate("agent.end('idle')");
    await eachIsAt(tabs, 'sign-in.html');
    await signIn(/** @type {Page} */ (tabs[0]), 'bob');
    await eachRuns(tabs);
    for (const tab of tabs) {
      const { outcome, fields, missing } = await restored(tab);
      assert.ok(['another-user', 'nothing'].includes(outcome), outcome);
      assert.deepEqual({ fields, missing }, { fields: 0, missing: [] });
      assert.equal(await tab.evaluate('location.search'), '');
      assert.equal(await textIn(tab, 'textarea'), '');
      assert.ok(!String(await tab.evaluate('document.body.innerText')).includes('nobody sent'));
    }
    assert.equal((await restored(/** @type {Page} */ (tabs[0]))).outcome, 'another-user');
    await nowhereStored(tabs, texts);
    // Nor does it come back for whoever it was.
    await tabs[0]?.evaluate("agent.end('idle')");
    await eachIsAt(tabs, 'sign-in.html');
    await signIn(/** @type {Page} */ (tabs[1]), ADA);
    await eachRuns(tabs);
    for (const tab of tabs) assert.equal(await textIn(tab, 'textarea'), '');
  });

  test('in an app that only covers its page: all three come back by themselves', async () => {
    const app = appOn(authority.base, 'covers');
    await threeTabs(app, { covers: true });
    await Promise.all(tabs.map(saved));
    await tabs[1]?.evaluate("agent.end('idle')");
    await eachBecomes(tabs, "document.body.className === 'covered'");
    const [first] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
    await first.goto(`${app}sign-in.html`);
    await signIn(first, ADA);
    await allAreBack();
  });

  test('in an app that only covers its page, as another user: nothing is left behind it', async () => {
    const app = appOn(authority.base, 'covers-other');
    await threeTabs(app, { covers: true });
    await Promise.all(tabs.map(saved));
    await tabs[1]?.evaluate("agent.end('idle'); window.former = true");
    await eachBecomes(tabs, "document.body.className === 'covered'");
    const [first] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
    await first.goto(`${app}sign-in.html`);
    await signIn(first, 'bob');
    await eachBecomes(tabs, '!window.former && window.restored');
    for (const tab of tabs) assert.equal(await textIn(tab, 'textarea'), '');
    await nowhereStored(tabs, texts);
  });

  test('a deliberate sign-out forgets it in every tab', async () => {
    const app = appOn(authority.base, 'out');
    await threeTabs(app, { covers: true });
    await Promise.all(tabs.map(saved));
    await fill(/** @type {Page} */ (tabs[0]), { textarea: 'typed a moment before' });
    await tabs[1]?.evaluate('agent.end()');
    await eachBecomes(tabs, "document.body.className === 'covered'");
    // What was being sealed at that moment would be there by then.
    await pause(300);
    for (const tab of tabs) assert.equal(await tab.evaluate('sessionStorage.length'), 0);
    const [first] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
    await first.goto(`${app}sign-in.html`);
    await signIn(first, ADA);
    assert.equal((await restored(first)).outcome, 'nothing');
    await eachRuns(tabs);
    for (const tab of tabs) assert.equal(await textIn(tab, 'textarea'), '');
  });
});
