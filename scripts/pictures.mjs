/**
 * `node scripts/pictures.mjs`: takes the pictures of the demo anew, docs/img/demo.png and demo-dark.png. It
 * takes a minute, since that is what they show. They were taken with the font Inter installed.
 */
import path from 'node:path';
import { startAuthority } from '../tests/browser/lib/authority.mjs';
import { pause, startChromium } from '../tests/browser/lib/chromium.mjs';
import { buildAgent, buildAuthority } from './build.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { root } from './lib/project.mjs';
import { program } from './lib/run.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const NOTE =
  'Can the visit move to Monday? She drives her, and works on Friday. Any time after ten.';

/** Types at the pace of a person who is in a hurry. @param {Page} tab @param {string} field @param {string} text */
async function type(tab, field, text) {
  await tab.bringToFront();
  await tab.click(field);
  await tab.type(field, text, { delay: 100 });
}

/** @param {Awaited<ReturnType<typeof startChromium>>} browser @param {string} base @param {'light' | 'dark'} scheme */
async function openDesk(browser, base, scheme) {
  const tab = await browser.browser.newPage();
  await tab.setViewport({ width: 1280, height: 930 });
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await tab.goto(base);
  await tab.waitForFunction("!document.getElementById('sign-in').hidden || window.agent");
  if (await tab.evaluate("!document.getElementById('sign-in').hidden")) {
    await tab.type('#sign-in-name', 'Mara');
    await tab.keyboard.press('Enter');
  }
  await tab.waitForFunction("window.agent?.status.phase === 'active'");
  // Each claims its letter in turn.
  await pause(500);
  return tab;
}

/** @param {'light' | 'dark'} scheme @param {string} file */
async function take(scheme, file) {
  const times = { idle: '60s', warn: '20s', keepAlive: '5s' };
  const authority = await startAuthority({ ...times, www: path.join(root, 'www') });
  const browser = await startChromium();
  try {
    const a = await openDesk(browser, authority.base, scheme);
    const b = await openDesk(browser, authority.base, scheme);
    const c = await openDesk(browser, authority.base, scheme);
    await type(b, '#note', 'Invoice sent by post, asked for by phone on Monday.');
    await pause(2_000);
    await type(c, '#caller', 'Dr. Sample');
    await type(c, '#note', 'Calls back at noon');
    await c.click('.note-end button');
    await pause(4_000);
    await type(b, '#caller', 'Ada herself');
    await type(a, '#caller', 'Ada\u2019s sister');
    await type(a, '#note', NOTE);
    await pause(4_000);
    await a.keyboard.type(' Or later.', { delay: 100 });
    await pause(4_200);
    await a.screenshot({
      path: /** @type {`${string}.png`} */ (path.join(root, 'docs', 'img', file)),
    });
  } finally {
    await browser.close();
    await authority.stop();
  }
}

await program(import.meta.url, async () => {
  process.env.CHROME_PATH = await ensureBrowser();
  await buildAgent();
  await buildAuthority();
  await Promise.all([take('light', 'demo.png'), take('dark', 'demo-dark.png')]);
});
