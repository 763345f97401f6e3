/** A real Firefox over WebDriver BiDi, with the few things of a tab that work in both browsers. */
import { findFirefox } from '../../scripts/lib/browser.mjs';
import { startFirefox as launch } from '../../tests/browser/lib/firefox.mjs';
import { Tab } from './chromium.mjs';

/** @typedef {Pick<Tab, 'press' | 'evaluate' | 'until' | 'navigate' | 'close'>} AnyTab */

/** @returns {Promise<undefined | { version: string, open: (prepare: string) => Promise<AnyTab>, close: () => Promise<void> }>} undefined where there is none */
export async function startFirefox() {
  if (!findFirefox()) return undefined;
  const { browser, close } = await launch();
  return {
    version: (await browser.version()).replace(/^.*\//, ''),
    /** @param {string} prepare runs in each document before anything else */
    async open(prepare) {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument(prepare);
      /** @type {AnyTab} */
      const tab = {
        press: () => page.keyboard.press('a'),
        evaluate: (expression) => page.evaluate(expression),
        until: (condition, withinMs) => Tab.prototype.until.call(tab, condition, withinMs),
        navigate: async (url) => {
          await page.goto(url, { waitUntil: 'domcontentloaded' });
        },
        close: () => page.close(),
      };
      return tab;
    },
    close,
  };
}
