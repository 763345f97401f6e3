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
      // Of several windows one has the focus: in the others keys would go to no field.
      const client = await page.createCDPSession();
      await client.send('Emulation.setFocusEmulationEnabled', { enabled: true });
      /** @type {string[]} */
      const wrong = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('requestfailed', (request) => {
        // A stream and a page's last request are cut off by leaving.
        if (request.failure()?.errorText !== 'net::ERR_ABORTED')
          wrong.push(`${request.url()} failed`);
      });
      page.on('console', (message) => {
        // The authority's word that a session is over is a 401, which Chromium notes by itself.
        const over = message.text().includes('status of 401');
        if (['error', 'warn'].includes(message.type()) && !over) wrong.push(message.text());
      });
      return { page, wrong };
    },
    close: () => browser.close(),
  };
}

/**
 * Waits until the page says that. Asked from here: a window that nobody sees draws no frames, and a wait that
 * lives in the page was once left behind by the document that a sign-in makes, and never looked at the new one.
 * @param {import('puppeteer-core').Page} page
 * @param {string} text
 */
export async function says(page, text, timeout = 15_000) {
  const until = performance.now() + timeout;
  const shown = () => page.evaluate(() => document.body?.textContent ?? '').catch(betweenDocuments);
  for (let said = await shown(); !said.includes(text); said = await shown()) {
    if (performance.now() > until)
      throw new Error(`The page never said "${text}", but: ${said.slice(0, 500)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A document that goes while it is asked has nothing to say; all else is an error. @param {Error} error */
function betweenDocuments(error) {
  if (!/context was destroyed|Cannot find context|detached/i.test(error.message)) throw error;
  return '';
}

/**
 * Waits until the question is there, or gone. Asked from here, and of the document: a hidden tab draws
 * nothing, and neither a frame nor the accessibility tree comes in it.
 * @param {import('puppeteer-core').Page} page
 * @param {boolean} there
 */
export async function untilAsked(page, there, timeout = 10_000) {
  const until = performance.now() + timeout;
  const asks = () =>
    [document, ...document.querySelectorAll('stillhere-warning')].some((place) =>
      [place, place instanceof Element ? place.shadowRoot : null].some((root) =>
        root?.querySelector('dialog[open]'),
      ),
    );
  while ((await page.evaluate(asks)) !== there) {
    if (performance.now() > until)
      throw new Error(`${there ? 'No' : 'Still a'} dialog: ${page.url()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
