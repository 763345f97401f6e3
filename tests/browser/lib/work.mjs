/** Tabs of the app in pages/kept: signing in, typing, ending, and what is to be found in storage. */
import assert from 'node:assert/strict';
import { onSite } from './embed.mjs';
import { eachBecomes } from './firefox.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** The folder of the app on a host of its own, and so with a storage of its own. @param {string} base @param {string} name */
export const appOn = (base, name) => `${onSite(base, name)}/kept/`;

const RUNS = "window.work && document.readyState === 'complete'";

/** @param {Page[]} tabs */
export const eachRuns = (tabs) => eachBecomes(tabs, RUNS);

/** @param {Page[]} tabs @param {string} page */
export const eachIsAt = (tabs, page) =>
  eachBecomes(tabs, `location.pathname.endsWith('/${page}') && window.ready`);

/** What the app is to do, for all tabs of the host. @param {Page} tab @param {object} wish */
export const wish = (tab, wish) =>
  tab.evaluate(`void localStorage.setItem('wish', ${JSON.stringify(JSON.stringify(wish))})`);

/** On the page to sign in on. @param {Page} tab @param {string} name */
export async function signIn(tab, name) {
  await eachIsAt([tab], 'sign-in.html');
  await tab.evaluate(`void setTimeout(() => {
    document.querySelector('input').value = ${JSON.stringify(name)};
    document.querySelector('form').requestSubmit();
  })`);
  await eachRuns([tab]);
}

/** Types as an app's test library would. @param {Page} tab @param {Record<string, string>} texts by selector */
export async function fill(tab, texts) {
  for (const [selector, text] of Object.entries(texts)) {
    await tab.evaluate(`{
      const field = document.querySelector(${JSON.stringify(selector)});
      field['value' in field ? 'value' : 'innerText'] = ${JSON.stringify(text)};
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
  }
}

/** @param {Page} tab @param {string} selector @returns {Promise<string>} */
export const textIn = async (tab, selector) =>
  String(await tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).value`));

/** Goes there as a person does, and waits for the app. @param {Page} tab @param {string} address */
export async function visit(tab, address) {
  await tab.evaluate(`void setTimeout(() => location.assign(${JSON.stringify(address)}))`);
  await eachBecomes([tab], `location.href.endsWith(${JSON.stringify(address)}) && ${RUNS}`);
}

/**
 * A change is written a second after the last one, a hidden tab's timers run once a second, and then it is
 * sealed: a record that has not changed for less than that may be an older one.
 */
const SETTLED_MS = 2_500;

/** Waits until a tab's record is there, and holds the newest. @param {Page} tab */
export async function saved(tab) {
  await eachBecomes([tab], "/^r1/.test(sessionStorage.getItem('stillhere/resume'))");
  const newest = "sessionStorage.getItem('stillhere/resume')";
  let before;
  for (let now = await tab.evaluate(newest); now !== before; now = await tab.evaluate(newest)) {
    before = now;
    await new Promise((done) => setTimeout(done, SETTLED_MS));
  }
}

/** A text as it may be hidden in base64, whatever stands before it. @param {string} text */
function disguises(text) {
  return ['', ' ', '  '].map((before) => {
    const encoded = Buffer.from(before + text).toString('base64');
    return encoded.slice(before ? 4 : 0, -4);
  });
}

/** Neither a text nor a user's name stands anywhere in the storage of these tabs. @param {Page[]} tabs @param {string[]} texts */
export async function nowhereStored(tabs, texts) {
  for (const tab of tabs) {
    const all = String(
      await tab.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])'),
    );
    for (const text of texts) {
      for (const form of [text, ...disguises(text)]) assert.ok(!all.includes(form), form);
    }
  }
}

/** @param {Page} tab @returns {Promise<import('stillhere/resume').Restored>} */
export async function restored(tab) {
  await eachBecomes([tab], 'window.restored');
  return /** @type {any} */ (await tab.evaluate('window.restored'));
}

/** A tab on a site of its own, so that several tests can stand beside each other. */
export class Scene {
  /** @param {Page} tab @param {string} app */
  constructor(tab, app) {
    this.tab = tab;
    this.app = app;
  }

  /** Signs in and goes to where the work is. @param {object} [wanted] what the app is to do */
  async begin(wanted = {}) {
    await wish(this.tab, wanted);
    await signIn(this.tab, 'ada');
    await visit(this.tab, 'app.html?case=7');
  }

  /** Ends the session and signs in again. */
  async again() {
    await this.tab.evaluate("void setTimeout(() => agent.end('idle'))");
    await signIn(this.tab, 'ada');
  }

  /** Waits until work is put back at its own address. */
  async back() {
    await eachBecomes([this.tab], "location.search === '?case=7' && window.restored");
    return restored(this.tab);
  }

  async record() {
    return String(await this.tab.evaluate("sessionStorage.getItem('stillhere/resume')"));
  }
}

let sites = 0;

/**
 * A test of one tab, which stands beside others.
 * @param {() => { base: string, open: (url: string) => Promise<Page> }} where the authority, and how a tab is opened
 */
export const scenes =
  (where) =>
  /** @param {(scene: Scene) => Promise<void>} play */
  (play) =>
  async () => {
    const { base, open } = where();
    sites += 1;
    const app = appOn(base, `site-${sites}`);
    const tab = await open(`${app}sign-in.html`);
    try {
      await play(new Scene(tab, app));
    } finally {
      await tab.close();
    }
  };
