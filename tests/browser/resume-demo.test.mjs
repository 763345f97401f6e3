/** The demo: three desks come back with their notes once somebody signed in again in one. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import { eachBecomes } from './lib/firefox.mjs';
import { fill, nowhereStored, textIn } from './lib/work.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {Page[]} */
const tabs = [];
const NOTES = [1, 2, 3].map((n) => `nobody has saved this note yet: ${n}`);

before(async () => {
  const www = path.join(root, 'www');
  authority = await startAuthority({ idle: '120s', warn: '20s', keepAlive: '5s', www });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** @param {Page} tab @param {string} name */
async function signIn(tab, name) {
  await eachBecomes([tab], "!document.querySelector('#sign-in').hidden");
  await fill(tab, { '#sign-in-name': name });
  await tab.evaluate("document.querySelector('#sign-in-form').requestSubmit()");
}
const ACTIVE = "window.agent?.status.phase === 'active' && document.querySelector('#note')";
const STAGE = "[...document.querySelectorAll('stillhere-warning')].find((e) => e.shadowRoot)";
const ENDED = `${STAGE}?.getAttribute('state') === 'ended' && !document.querySelector('#note')`;
/** The button of the ended state, as somebody presses it. @param {Page} tab */
const goOn = (tab) => tab.evaluate(`${STAGE}.shadowRoot.querySelector('#sign-in').click()`);

test('three desks end with a note each, and come back with it for the same person', async () => {
  for (const [at, note] of NOTES.entries()) {
    const tab = await browser.browser.newPage();
    tabs.push(tab);
    await tab.goto(authority.base);
    if (at === 0) await signIn(tab, 'Ada');
    await eachBecomes([tab], ACTIVE);
    await fill(tab, { '#note': note });
  }
  await pause(1_200);
  const [first] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
  await first.evaluate("agent.end('idle')");
  await eachBecomes(tabs, ENDED);
  for (const tab of tabs) {
    const said = String(await tab.evaluate(`${STAGE}.shadowRoot.textContent`));
    assert.match(said, /waits in this tab for Ada/);
  }
  await nowhereStored(tabs, NOTES);
  await goOn(first);
  await signIn(first, 'Ada');
  await eachBecomes(tabs, `${ACTIVE}?.value`);
  for (const [at, tab] of tabs.entries()) assert.equal(await textIn(tab, '#note'), NOTES[at]);
});

test('and without it for another one', async () => {
  await pause(1_200);
  const [first] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
  await first.evaluate("agent.end('idle')");
  await eachBecomes(tabs, ENDED);
  await goOn(first);
  await signIn(first, 'Bob');
  await eachBecomes(tabs, `${ACTIVE} && document.querySelector('#who').textContent === 'Bob'`);
  await pause(500);
  for (const tab of tabs) assert.equal(await textIn(tab, '#note'), '');
  await nowhereStored(tabs, NOTES);
});
