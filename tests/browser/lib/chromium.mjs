/** A real Chromium, driven over the DevTools protocol, with many tabs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that is no localhost, so that its pages are insecure: they have no locks.
  '--host-resolver-rules=MAP insecure.test 127.0.0.1',
];
/** What the driver switches off by itself and what real tabs do have. */
const REAL = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** @typedef {import('puppeteer-core').Page} Page */
/**
 * What every driver's tab can do.
 * @typedef {object} Tab
 * @property {(script: string) => Promise<unknown>} evaluate
 * @property {(condition: string, options?: { timeout?: number, polling?: number }) => Promise<unknown>} waitForFunction
 * @property {{ press(key: 'a'): Promise<void> }} keyboard
 */

/**
 * @param {object} [options]
 * @param {string[]} [options.flags] further flags
 * @param {() => void} [options.prepare] runs in each page before anything else
 * @param {object} [options.preferences] what a user sets, by the names of Chromium's own file
 */
export async function startChromium({ flags = [], prepare = () => {}, preferences } = {}) {
  const profile = preferences && profileWith(preferences);
  const browser = await puppeteer.launch({
    userDataDir: profile,
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    args: [...FLAGS, ...flags],
    ignoreDefaultArgs: REAL,
    // Fifty tabs on two cores: a tab answers late when all of them start.
    protocolTimeout: 120_000,
  });
  return {
    ...tabsOf(browser, prepare),
    async close() {
      await browser.close();
      if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * What a suite does with the tabs of a browser.
 * @param {import('puppeteer-core').Browser} browser
 * @param {() => void} prepare runs in each page before anything else
 * @param {(page: Page) => void} [adapt] makes a page answer as those of Chromium do
 */
export function tabsOf(browser, prepare, adapt = () => {}) {
  /**
   * Opens one tab and waits until its agent listens.
   * @param {string} url
   * @param {'tab' | 'window'} [type]
   */
  async function open(url, type = 'tab') {
    const page = await browser.newPage(type === 'window' ? { type } : { type: 'tab' });
    adapt(page);
    await page.evaluateOnNewDocument(prepare);
    await page.goto(url);
    await page.waitForFunction('window.ready');
    return page;
  }

  return {
    browser,
    open,
    /** @param {number} count @param {string} url */
    async openAll(count, url) {
      /** @type {Page[]} */
      const tabs = [];
      while (tabs.length < count) tabs.push(await open(url));
      await eachShows(tabs, 'active');
      return tabs;
    },
    /**
     * Opens a window whose tabs have no agent yet, so that it is no matter how long that takes.
     * The last one is seen, whatever the other windows show.
     * @param {number} count
     * @param {string} base the authority
     */
    async openWindow(count, base) {
      const first = await open(base, 'window');
      const others = Array.from({ length: count - 1 }, () => open(base));
      return [first, ...(await Promise.all(others))];
    },
  };
}

/** A folder for one browser. @param {object} preferences */
function profileWith(preferences) {
  const folder = mkdtempSync(path.join(tmpdir(), 'stillhere-chromium-'));
  mkdirSync(path.join(folder, 'Default'));
  writeFileSync(path.join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
  return folder;
}

/** Waits until every tab shows that phase. @param {Tab[]} tabs @param {string} phase */
export async function eachShows(tabs, phase, timeout = 30_000) {
  const shows = `window.agent.status.phase === '${phase}'`;
  await Promise.all(tabs.map((tab) => tab.waitForFunction(shows, { timeout, polling: 50 })));
}

/**
 * Waits until every tab has ended, without a look at its agent: whoever asks for the status makes
 * it look at the clock, and where the time of the end counts its own timers must do.
 * @param {Tab[]} tabs
 */
export async function eachEnded(tabs, timeout = 30_000) {
  const until = performance.now() + timeout;
  for (const tab of tabs) {
    while (!(await tab.evaluate("record.some(({ name }) => name === 'ended')"))) {
      if (performance.now() > until) throw new Error(`A tab has not ended within ${timeout} ms.`);
      await pause(200);
    }
  }
}

/**
 * Starts the agents of tabs that were opened without one.
 * @param {Page[]} tabs
 * @param {string} token
 * @param {string} [base] another authority than the page's own server
 */
export async function startAgents(tabs, token, base) {
  const options = { token, authority: base };
  await Promise.all(
    tabs.map((tab) =>
      tab.evaluate(
        ({ token, authority }) =>
          Object(window).start({ token, authority: authority ?? location.origin }),
        options,
      ),
    ),
  );
  await eachShows(tabs, 'active');
}

/** @param {Tab} tab @returns {Promise<import('stillhere').Status>} */
export const statusOf = async (tab) => /** @type {any} */ (await tab.evaluate('agent.status'));

/** Messages that all tabs posted so far. @param {Page[]} tabs */
export async function posted(tabs) {
  const each = await Promise.all(tabs.map((tab) => tab.evaluate('window.posts.length')));
  return each.map(Number).reduce((sum, count) => sum + count, 0);
}

/**
 * What each tab recorded of one event.
 * @param {Tab[]} tabs
 * @param {string} name
 * @returns {Promise<{ at: number, name: string, what: string }[][]>}
 */
export function recorded(tabs, name) {
  const take = `window.record.filter((entry) => entry.name === '${name}')`;
  return /** @type {Promise<any[]>} */ (Promise.all(tabs.map((tab) => tab.evaluate(take))));
}

/**
 * Presses a key at an even pace, by the clock and not by when the last one was done.
 * @param {Tab} tab
 * @param {number} forMs
 * @param {number} everyMs
 */
export async function type(tab, forMs, everyMs) {
  const begin = performance.now();
  for (let at = 0; at < forMs; at += everyMs) {
    await pause(begin + at - performance.now());
    await tab.keyboard.press('a');
  }
  await pause(begin + forMs - performance.now());
}

/** Real time passes: only where a real clock is the point. @param {number} ms */
export const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));
