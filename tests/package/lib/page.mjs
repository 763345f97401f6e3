/** A Chromium for pages that are no test pages: what users would see, and what went wrong in it. */
import puppeteer from 'puppeteer-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];

export async function startBrowser() {
  const executablePath = process.env.CHROME_PATH ?? '/usr/bin/chromium';
  const browser = await puppeteer.launch({ executablePath, args: FLAGS, protocolTimeout: 60_000 });
  return {
    /** A tab with a profile of its own, so that several are worked in side by side. */
    async open() {
      const page = await (await browser.createBrowserContext()).newPage();
      /** @type {string[]} */
      const wrong = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('requestfailed', (request) => {
        // A stream and a page's last request are cut off by leaving.
        if (request.failure()?.errorText !== 'net::ERR_ABORTED')
          wrong.push(`${request.url()} failed`);
      });
      page.on('console', (message) => {
        if (['error', 'warn'].includes(message.type())) wrong.push(message.text());
      });
      return { page, wrong };
    },
    close: () => browser.close(),
  };
}

/** @param {import('puppeteer-core').Page} page @param {string} text */
export const says = (page, text, timeout = 15_000) =>
  page.waitForFunction((wanted) => document.body.textContent?.includes(wanted), { timeout }, text);

/** The open question, or the end: whatever draws it, a screen reader finds it. */
export const DIALOG = '::-p-aria([role="alertdialog"])';
