/** A real Firefox, driven over WebDriver BiDi, with several tabs. */
import puppeteer from 'puppeteer-core';
import { findFirefox } from '../../../scripts/lib/browser.mjs';
import { pause, tabsOf } from './chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

export const ACTIVE = "window.agent?.status.phase === 'active'";

/**
 * @param {Page | import('puppeteer-core').Frame} place
 * @returns {any} in the place of the driver's own `waitForFunction`
 */
export const waitsFor =
  (place) =>
  /** @param {string} condition @param {{ timeout?: number }} [options] */
  (condition, { timeout } = {}) =>
    eachBecomes([place], condition, timeout);

/**
 * Waits until that is true in every tab. The driver's own way lost a page now and then that had
 * just been loaded or restored, so it is asked from here.
 * @param {(Page | import('puppeteer-core').Frame)[]} tabs
 * @param {string} condition
 */
export async function eachBecomes(tabs, condition, timeout = 30_000) {
  const until = performance.now() + timeout;
  for (const tab of tabs) {
    // A page that is on its way answers nothing.
    while (!(await tab.evaluate(`Boolean(${condition})`).catch(() => false))) {
      if (performance.now() > until) throw new Error(`Not within ${timeout} ms: ${condition}`);
      await pause(50);
    }
  }
}

/** @param {() => void} [prepare] runs in each page before anything else */
export async function startFirefox(prepare = () => {}) {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error('These tests need Firefox: install firefox-esr.');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    args: ['--headless'],
    // The driver switches it off; what a user has is tested.
    extraPrefsFirefox: { 'fission.bfcacheInParent': true },
    protocolTimeout: 120_000,
  });
  /** @type {Page[]} */
  let tabs = [];

  return {
    ...tabsOf(browser, prepare, (page) => {
      page.waitForFunction = waitsFor(page);
    }),
    /**
     * Shows the page in that many tabs, the same ones each time, and waits for their agents. The
     * last one is seen.
     * @param {number} count
     * @param {string} url
     */
    async show(count, url) {
      while (tabs.length < count) tabs.push(await browser.newPage());
      await Promise.all(tabs.slice(count).map((tab) => tab.close()));
      tabs = tabs.slice(0, count);
      await tabs.at(-1)?.bringToFront();
      await Promise.all(tabs.map((tab) => tab.goto(url)));
      await eachBecomes(tabs, ACTIVE);
      return tabs;
    },
    /** Shows the page in a window of its own, so that two are seen. @param {string} url */
    async window(url) {
      const page = await browser.newPage({ type: 'window' });
      await page.goto(url);
      return page;
    },
    close: () => browser.close(),
  };
}
