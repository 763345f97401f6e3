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
 * @param {boolean} [options.automated] whether its windows are driven; that needs one from the start
 */
export async function startApp(
  base,
  { flags = [], services, keychain = true, automated = true } = {},
) {
  const own = services ? undefined : await startServices({ keychain });
  const desktop = services ?? /** @type {NonNullable<typeof own>} */ (own);
  const args = ['--app', `${base}/`, ...flags];
  const driven = automated ? await drive(desktop.env, args) : undefined;
  const parent = driven?.driver ?? spawn(desktopApp, args, { env: desktop.env, stdio: 'ignore' });
  const pid = parent.pid ?? 0;

  return {
    desktop,
    /** Every window, oldest first. @returns {Promise<WebDriverPage[]>} */
    windows: async () => (await driven?.windows()) ?? [],
    /** @param {number} count @returns {Promise<WebDriverPage[]>} */
    haveWindows: (count) =>
      until(async () => {
        const all = (await driven?.windows().catch(() => undefined)) ?? [];
        return all.length === count && all;
      }),
    /** The app's own process, and those in which its pages run. */
    process: () => (automated ? processesBelow(pid, '/stillhere-desktop')[0] : pid),
    pages: () => processesBelow(pid, 'WebKitWebProcess'),
    /** Presses a key in the window that is seen. @param {string} key */
    async key(key) {
      await run(desktop.env, 'wmctrl', '-x', '-a', 'stillhere');
      await run(desktop.env, 'xdotool', 'key', key);
    },
    /** Closes the window that is seen, as its button does. */
    closeWindow: () => run(desktop.env, 'wmctrl', '-x', '-c', 'stillhere'),
    /** Starts the program once more, as a browser does with a link. @param {...string} more */
    async again(...more) {
      const second = spawn(desktopApp, more, { env: desktop.env, stdio: 'ignore' });
      const [code] = await once(second, 'exit');
      return code;
    },
    async stop() {
      await driven?.end();
      parent.kill();
      await own?.stop();
    },
  };
}

/** What a person does. @param {NodeJS.ProcessEnv} env @param {string} program @param {...string} flags */
export async function run(env, program, ...flags) {
  const tool = spawn(program, flags, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(tool, 'exit');
  if (code !== 0) throw new Error(`${program} ${flags.join(' ')}: ${code}`);
}

/** The app, started by its driver. @param {NodeJS.ProcessEnv} desktop @param {string[]} args */
async function drive(desktop, args) {
  const port = await freePort();
  const env = { ...desktop, TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true' };
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
  await until(() => call('GET', '/status').catch(() => false));
  const options = { binary: desktopApp, args };
  const { sessionId } = await call('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
  });
  const route = `/session/${sessionId}`;
  const session = new Session(call, route);
  return {
    driver,
    /** @returns {Promise<WebDriverPage[]>} */
    async windows() {
      const handles = await call('GET', `${route}/window/handles`);
      return handles.map((/** @type {string} */ handle) => new WebDriverPage(session, handle));
    },
    /** It closes the app. */
    end: () => call('DELETE', route).catch(() => {}),
  };
}

/** @typedef {Awaited<ReturnType<typeof startApp>>} App */

/** @param {() => any} given @param {number} [timeout] */
export async function until(given, timeout = 20_000) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await given();
    if (value) return value;
    if (performance.now() > end) throw new Error(`Not within ${timeout} ms: ${given}`);
    await pause(20);
  }
}

/**
 * What a browser would do with the address that the app opened: somebody signs in there, and it comes
 * back with a link.
 * @param {string} address
 * @param {{ user?: string, token?: string }} [who] a token of somebody who is signed in already
 */
export async function inBrowser(address, { user = 'Ada', token } = {}) {
  const asked = new URL(address);
  const post = async (
    /** @type {string} */ route,
    /** @type {object} */ body,
    /** @type {string} */ bearer = '',
  ) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(asked.origin + route, init);
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const bearer = token ?? (await post('/demo/sign-in', { name: user })).token;
  const names = ['client_id', 'redirect_uri', 'code_challenge', 'code_challenge_method'];
  const wanted = Object.fromEntries(names.map((name) => [name, asked.searchParams.get(name)]));
  const { code } = await post('/demo/authorize', wanted, bearer);
  const link = new URL(asked.searchParams.get('redirect_uri') ?? '');
  link.searchParams.set('code', code);
  link.searchParams.set('state', asked.searchParams.get('state') ?? '');
  return { token: bearer, link: link.href };
}

/**
 * Signs in from a window of the app, or by its tray icon if no window is driven, and gives the token.
 * @param {App} app
 * @param {{ user?: string, token?: string }} [who]
 */
export async function signIn(app, who) {
  const [window] = await app.windows();
  const before = app.desktop.opened().length;
  if (window) await window.evaluate('stillhereDesktop.signIn()');
  else await app.desktop.ask('choose Sign in…');
  const address = await until(() => app.desktop.opened()[before]);
  const { token, link } = await inBrowser(address, who);
  await app.again(link);
  await until(async () => / \d/.test((await app.desktop.ask('tray')).tray.title));
  for (const each of await app.windows()) {
    await each.waitForFunction("window.agent && agent.status.phase !== 'checking'");
  }
  return token;
}
