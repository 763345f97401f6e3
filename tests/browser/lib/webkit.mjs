/** A real WebKitGTK under a display of its own, driven over plain WebDriver. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findWebKit } from '../../../scripts/lib/browser.mjs';
import { freePort } from './authority.mjs';
import { eachShows, pause } from './chromium.mjs';
import { processesBelow } from './sleep.mjs';

/** A display that nobody else uses. @param {string} program */
async function startDisplay(program) {
  const flags = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
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

  /** A session speaks to one window at a time. @type {Promise<unknown>} */
  let last = Promise.resolve();
  /**
   * @param {string} handle
   * @param {string} route
   * @param {unknown} body
   */
  function inWindow(handle, route, body) {
    const next = last.then(async () => {
      await call('POST', `${session}/window`, { handle });
      return call('POST', session + route, body);
    });
    last = next.catch(() => {});
    return next;
  }

  /** As much of the other driver's page as the tests need. */
  class Tab {
    /** @param {string} handle */
    constructor(handle) {
      this.handle = handle;
      this.keyboard = {
        /** @param {string} key @returns {Promise<void>} */
        press: (key) => {
          const actions = ['keyDown', 'keyUp'].map((type) => ({ type, value: key }));
          return inWindow(handle, '/actions', { actions: [{ type: 'key', id: 'keys', actions }] });
        },
      };
    }

    /** @param {string} script an expression @returns {Promise<unknown>} */
    evaluate(script) {
      return inWindow(this.handle, '/execute/sync', { script: `return ${script}`, args: [] });
    }

    /** @param {string} url */
    goto(url) {
      return inWindow(this.handle, '/url', { url });
    }

    /** @param {string} condition @param {{ timeout?: number }} [options] */
    async waitForFunction(condition, { timeout = 30_000 } = {}) {
      const until = performance.now() + timeout;
      while (!(await this.evaluate(`Boolean(${condition})`))) {
        if (performance.now() > until) throw new Error(`Not within ${timeout} ms: ${condition}`);
        await pause(50);
      }
    }
  }

  const first = new Tab(await call('GET', `${session}/window`));
  const tabs = [first];
  for (const type of ['tab', 'window']) {
    const { handle } = await call('POST', `${session}/window/new`, { type });
    tabs.push(new Tab(handle));
  }

  return {
    /**
     * Shows the page in three tabs: one that is seen, one hidden behind it, and one in a window of
     * its own, which is seen as well.
     * @param {string} url
     */
    async show(url) {
      for (const tab of tabs) await tab.goto(url);
      await eachShows(tabs, 'active');
      return /** @type {[Tab, Tab, Tab]} */ (tabs);
    },
    /** The processes in which pages run. */
    pages: () => processesBelow(driver.pid ?? 0, 'WebKitWebProcess'),
    async close() {
      await call('DELETE', session).catch(() => {});
      stop();
    },
  };
}
