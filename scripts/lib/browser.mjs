/** Finds the browsers that the tests drive, and gets them where that is easy. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { install, isProgram, onPath } from './packages.mjs';
import { Stop } from './run.mjs';

/** @type {Record<string, string[]>} */
const usualPlaces = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData']
    .map((name) => process.env[name] ?? '')
    .filter(Boolean)
    .map((folder) => path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
};
const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/**
 * CHROME_PATH, then the usual places, then PATH.
 * @returns {string | undefined}
 */
export function findBrowser() {
  const wished = process.env.CHROME_PATH;
  if (wished) {
    if (!isProgram(wished)) throw new Stop(`CHROME_PATH names ${wished}, which is no program.`);
    return wished;
  }
  return (usualPlaces[process.platform] ?? []).find(isProgram) ?? onPath(names);
}

/** @returns {string | undefined} */
export const findFirefox = () => onPath(['firefox-esr', 'firefox']);

/**
 * The driver, the little browser that comes with the library, and a display for it.
 * @returns {{ driver: string, browser: string, display: string } | undefined}
 */
export function findWebKit() {
  const driver = onPath(['WebKitWebDriver']);
  const display = onPath(['Xvfb']);
  if (!driver || !display) return undefined;
  const folders = readdirSync('/usr/lib').flatMap((machine) =>
    ['4.1', '4.0'].map((version) => `/usr/lib/${machine}/webkit2gtk-${version}`),
  );
  const browser = folders.map((folder) => path.join(folder, 'MiniBrowser')).find(isProgram);
  return browser ? { driver, browser, display } : undefined;
}

/** Why the tests of the other engines are skipped, or false: they run where both have packages. */
export const withoutOthers =
  process.platform !== 'linux' && 'Firefox and WebKitGTK are driven on Linux alone.';

/** @returns {Promise<string>} */
export async function ensureBrowser() {
  if (!findBrowser()) await install('Chromium', ['chromium', 'fonts-liberation']);
  const found = findBrowser();
  if (!found) {
    throw new Stop('The browser tests need Chromium or Chrome: install one, or set CHROME_PATH.');
  }
  return found;
}

/** Gets Firefox and WebKitGTK if it can. What is missing after that fails its own tests. */
export async function ensureOthers() {
  if (withoutOthers) return;
  if (!findFirefox()) await install('Firefox', ['firefox-esr']);
  if (!findWebKit()) await install('WebKitGTK or its display', ['webkit2gtk-driver', 'xvfb']);
}
