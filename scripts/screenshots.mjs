/**
 * `node scripts/screenshots.mjs [FOLDER]`: the warning in every state, as it is seen: narrow and wide, light and
 * dark, from right to left, in forced colours, and the demo with it. For people to look at; into
 * target/screenshots unless told otherwise. Needs what `npm run build -- --authority` builds.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startAuthority } from '../tests/browser/lib/authority.mjs';
import { startChromium } from '../tests/browser/lib/chromium.mjs';
import { become, showsState, warningPage } from '../tests/browser/lib/warning-page.mjs';
import { root, target } from './lib/project.mjs';
import { program } from './lib/run.mjs';

const WIDTHS = [360, 1280];
const SCHEMES = ['light', 'dark'];
const FAULT = `agent.dispatchEvent(
  new CustomEvent('fault', { detail: { code: 'authority-unreachable' } }))`;

/**
 * @param {string} folder
 * @param {import('puppeteer-core').Page} page
 * @param {{ forced?: boolean, widths?: number[], schemes?: string[] }} [looks]
 */
function cameraFor(folder, page, { forced = false, widths = WIDTHS, schemes = SCHEMES } = {}) {
  /** @param {string} name */
  return async (name) => {
    const cdp = await page.createCDPSession();
    for (const width of widths) {
      await page.setViewport({ width, height: 720 });
      for (const value of schemes) {
        const features = [
          { name: 'prefers-color-scheme', value },
          { name: 'forced-colors', value: forced ? 'active' : 'none' },
        ];
        await cdp.send('Emulation.setEmulatedMedia', { features });
        const file = path.join(folder, `${name}-${width}-${value}.png`);
        await page.screenshot({ path: /** @type {`${string}.png`} */ (file) });
        console.log(path.relative(root, file));
      }
    }
    await cdp.detach();
  };
}

/**
 * @param {import('puppeteer-core').Page} page
 * @param {(name: string) => Promise<void>} shoot
 * @param {string} prefix
 */
async function everyState(page, shoot, prefix) {
  await become(page, 'checking', { remainingMs: 0 });
  await showsState(page, 'checking');
  await shoot(`${prefix}checking`);
  await become(page, 'warning', { remainingMs: 47_400 });
  await showsState(page, 'warning');
  await shoot(`${prefix}warning`);
  await page.evaluate(FAULT);
  await shoot(`${prefix}offline`);
  await become(page, 'ended', { endedBecause: 'idle' });
  await showsState(page, 'ended');
  await shoot(`${prefix}ended`);
}

/**
 * The desk of the demo, warned after 40 s and ended after 60 s.
 * @param {string} folder
 * @param {Awaited<ReturnType<typeof startChromium>>} browser
 */
async function demo(folder, browser) {
  const www = path.join(root, 'www');
  const authority = await startAuthority({ idle: '6s', warn: '4s', keepAlive: '1s', www });
  const page = await browser.browser.newPage();
  await page.goto(authority.base);
  await page.waitForSelector('#sign-in-name', { visible: true });
  await page.type('#sign-in-name', 'Ada');
  await page.click('#sign-in-form button');
  const shows = (/** @type {string} */ state) =>
    page.waitForSelector(`stillhere-warning[state="${state}"]`, { timeout: 20_000 });
  await page.waitForSelector('#note', { visible: true });
  await page.type('#note', 'Called about Friday');
  await shows('warning');
  await cameraFor(folder, page, { schemes: ['light'] })('demo-warning');
  await shows('ended');
  await cameraFor(folder, page)('demo-ended');
  await page.close();
  await authority.stop();
}

/** @param {string} folder */
async function shootAll(folder) {
  mkdirSync(folder, { recursive: true });
  const authority = await startAuthority({});
  const browser = await startChromium();
  try {
    for (const [prefix, lang, looks] of /** @type {const} */ ([
      ['', 'en', {}],
      ['rtl-', 'ar', { schemes: ['light'] }],
      ['forced-', 'de', { forced: true, widths: [360] }],
    ])) {
      const page = await browser.open(warningPage(authority.base, { options: { lang } }));
      await everyState(page, cameraFor(folder, page, /** @type {object} */ (looks)), prefix);
      await page.close();
    }
    await demo(folder, browser);
  } finally {
    await browser.close();
    await authority.stop();
  }
}

await program(import.meta.url, async () => {
  const [folder = path.join(target, 'screenshots')] = process.argv.slice(2);
  await shootAll(path.resolve(folder));
});
