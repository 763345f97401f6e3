/** Finds the Chromium or Chrome that browser tests drive, and gets one where that is easy. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { run, Stop } from './run.mjs';

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

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

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
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const onPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...(usualPlaces[process.platform] ?? []), ...onPath].find(isProgram);
}

/** @returns {Promise<string>} */
export async function ensureBrowser() {
  const found = findBrowser();
  if (found) return found;
  const root = process.getuid?.() === 0;
  const sudo = root ? [] : ['sudo', '-n'];
  const may = existsSync('/etc/debian_version') && (root || (await canSudo()));
  if (may) {
    console.log("Chromium is missing: installing Debian's package.");
    await run(...argv([...sudo, 'apt-get', 'update', '-q']));
    const packages = ['chromium', 'fonts-liberation'];
    const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages];
    await run(...argv([...sudo, ...install]));
  }
  const now = findBrowser();
  if (!now) {
    throw new Stop('The browser tests need Chromium or Chrome: install one, or set CHROME_PATH.');
  }
  return now;
}

async function canSudo() {
  return (await run('sudo', ['-n', 'true'], { output: 'keep' })).code === 0;
}

/**
 * @param {string[]} words
 * @returns {[string, string[]]}
 */
function argv([command = '', ...args]) {
  return [command, args];
}
