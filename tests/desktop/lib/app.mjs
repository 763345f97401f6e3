/** The desktop app on a desktop of its own, driven over plain WebDriver. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { desktopApp } from '../../../scripts/lib/desktop.mjs';
import { freePort } from '../../browser/lib/authority.mjs';
import { pause } from '../../browser/lib/chromium.mjs';
import { processesBelow } from '../../browser/lib/sleep.mjs';
import { Session, WebDriverPage } from '../../browser/lib/webdriver.mjs';
import { startServices } from './services.mjs';

/**
 * @param {string} base the app's address
 * @param {object} [options]
 * @param {string[]} [options.flags] further flags of the app
 * @param {Awaited<ReturnType<typeof startServices>>} [options.services] a desktop that is there already
 * @param {boolean} [options.keychain] whether there is one
 */
export async function startApp(base, { flags = [], services, keychain = true } = {}) {
  const own = services ? undefined : await startServices({ keychain });
  const desktop = services ?? /** @type {NonNullable<typeof own>} */ (own);
  const port = await freePort();
  const env = { ...desktop.env, TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true' };
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env,
    stdio: ['ignore', 'ignore', process.env.STILLHERE_LOG ? 'inherit' : 'ignore'],
  });

  /** @param {string} method @param {string} route @param {unknown} [body] @returns {Promise<any>} */
  async function call(method, route, body) {
    const init = { method, body: body ? JSON.stringify(body) : undefined };
    const answer = await fetch(`http://127.0.0.1:${port}${route}`, init);
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${route}: ${value.error}, ${value.message}`);
    return value;
  }
  while (!(await call('GET', '/status').catch(() => false))) await pause(50);
  const options = { binary: desktopApp, args: ['--app', `${base}/`, ...flags] };
  const { sessionId } = await call('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
  });
  const route = `/session/${sessionId}`;
  const session = new Session(call, route);

  return {
    desktop,
    /** Every window, oldest first. @returns {Promise<WebDriverPage[]>} */
    async windows() {
      const handles = await call('GET', `${route}/window/handles`);
      return handles.map((/** @type {string} */ handle) => new WebDriverPage(session, handle));
    },
    /** @param {number} count */
    async haveWindows(count) {
      for (let tries = 0; tries < 200; tries += 1) {
        const all = await this.windows().catch(() => []);
        if (all.length === count) return all;
        await pause(50);
      }
      throw new Error(`There are not ${count} windows but ${(await this.windows()).length}.`);
    },
    /** The app's own process, and those in which its pages run. */
    process: () => processesBelow(driver.pid ?? 0, 'debug/stillhere-desktop')[0],
    pages: () => processesBelow(driver.pid ?? 0, 'WebKitWebProcess'),
    /** Starts the program once more, as a browser does with a link. @param {...string} more */
    async again(...more) {
      const second = spawn(desktopApp, more, { env: desktop.env, stdio: 'ignore' });
      const [code] = await once(second, 'exit');
      return code;
    },
    async stop() {
      await call('DELETE', route).catch(() => {});
      driver.kill();
      await own?.stop();
    },
  };
}
