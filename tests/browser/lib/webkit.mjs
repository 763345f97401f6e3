/** A real WebKitGTK under a display of its own, driven over plain WebDriver. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findWebKit } from '../../../scripts/lib/browser.mjs';
import { freePort } from './authority.mjs';
import { eachShows, pause } from './chromium.mjs';
import { processesBelow } from './sleep.mjs';
import { Session } from './webdriver.mjs';

/** @typedef {import('./webdriver.mjs').WebDriverPage} WebDriverPage */

/** A display that nobody else uses. @param {string} program @param {...string} more flags */
export async function startDisplay(program, ...more) {
  const flags = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', ...more];
  const server = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = /** @type {import('node:stream').Readable} */ (server.stdio[3]);
  const [text] = await Promise.race([once(number, 'data'), once(server, 'exit')]);
  if (server.exitCode !== null) throw new Error(`Xvfb ended with ${server.exitCode}.`);
  return { name: `:${String(text).trim()}`, stop: () => server.kill() };
}

export async function startWebKit() {
  const programs = findWebKit();
  if (!programs) {
    throw new Error('These tests need WebKitGTK: install webkit2gtk-driver and xvfb.');
  }
  const display = await startDisplay(programs.display);
  const port = await freePort();
  const env = { ...process.env, DISPLAY: display.name };
  const driver = spawn(programs.driver, [`--port=${port}`], { env, stdio: 'ignore' });
  const stop = () => {
    driver.kill();
    display.stop();
  };

  /**
   * @param {string} method
   * @param {string} route
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async function call(method, route, body) {
    const init = { method, body: body ? JSON.stringify(body) : undefined };
    const answer = await fetch(`http://127.0.0.1:${port}${route}`, init);
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${route}: ${value.error}, ${value.message}`);
    return value;
  }
  /** @returns {Promise<string>} */
  async function begin() {
    while (!(await call('GET', '/status').catch(() => false))) await pause(50);
    const options = { binary: programs?.browser, args: ['--automation'] };
    const { sessionId } = await call('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
    });
    return `/session/${sessionId}`;
  }
  const session = await begin().catch((error) => {
    stop();
    throw error;
  });

  const pages = new Session(call, session);
  const first = await pages.home();
  /** @type {WebDriverPage[]} */
  let tabs = [];

  /** A tab is opened behind the others, a window is seen. @param {string} url @param {'tab' | 'window'} [type] */
  async function open(url, type = 'window') {
    const page = await pages.open(type);
    await page.goto(url);
    await page.waitForFunction('window.ready');
    return page;
  }

  return {
    open,
    /** The last of them is seen. @param {number} count @param {string} url */
    async openAll(count, url) {
      /** @type {WebDriverPage[]} */
      const all = [];
      while (all.length < count - 1) all.push(await open(url, 'tab'));
      all.push(await open(url));
      await eachShows(all, 'active');
      return all;
    },
    /**
     * Shows the page in three tabs: one that is seen, one hidden behind it, and one in a window of
     * its own, which is seen as well.
     * @param {string} url
     */
    async show(url) {
      if (tabs.length === 0) tabs = [first, await pages.open('tab'), await pages.open('window')];
      for (const tab of tabs) await tab.goto(url);
      await eachShows(tabs, 'active');
      return /** @type {[WebDriverPage, WebDriverPage, WebDriverPage]} */ (tabs);
    },
    /** The processes in which pages run. */
    pages: () => processesBelow(driver.pid ?? 0, 'WebKitWebProcess'),
    async close() {
      await call('DELETE', session).catch(() => {});
      stop();
    },
  };
}
