/**
 * A real Chromium over plain CDP. No driver's flags: those switch off the partitioning of storage
 * and the throttling of timers, and make every tab a visible one. No domain is enabled in a page
 * that the bench doesn't ask for, since each costs time in it.
 */
import puppeteer from 'puppeteer-core';
import { findBrowser } from '../../scripts/lib/browser.mjs';
import { Stop } from '../../scripts/lib/run.mjs';
import { pause } from '../../tests/browser/lib/chromium.mjs';

/** The whole browser without a screen: its tabs in a window are hidden and shown as with one. */
const WITHOUT_SCREEN = '--headless=new';

/** Each of them, and why it changes nothing that is measured. */
const FLAGS = [
  // CI and containers have no user namespaces; the sandbox is no part of a page's cost.
  '--no-sandbox',
  // Software compositing on every machine alike.
  '--disable-gpu',
  // No first-run page, no update, no sync and no reports, which would run meanwhile.
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-breakpad',
  '--password-store=basic',
  '--use-mock-keychain',
  // Fifty tabs in a container: shared memory goes to files instead of a small /dev/shm.
  '--disable-dev-shm-usage',
  '--remote-debugging-port=0',
  'about:blank',
];

/** @typedef {Awaited<ReturnType<typeof startChromium>>} Chromium */

/**
 * @param {string[]} [more] further flags
 * @param {import('./screen.mjs').Screen} [screen] for real windows
 */
export async function startChromium(more = [], screen) {
  const executablePath = findBrowser();
  if (!executablePath) throw new Stop('The bench needs Chromium: install it, or set CHROME_PATH.');
  const browser = await puppeteer.launch({
    executablePath,
    ignoreDefaultArgs: true,
    args: [...more, ...(screen ? standsAt(screen) : [WITHOUT_SCREEN]), ...FLAGS],
    env: screen ? { ...process.env, DISPLAY: screen.name } : process.env,
    defaultViewport: null,
    // Fifty tabs on two cores: a tab answers late when all of them start.
    protocolTimeout: 180_000,
  });
  const root = await browser.target().createCDPSession();

  /**
   * @param {string} url
   * @param {{ prepare?: string, window?: boolean, wait?: boolean }} [options] a script that runs in each
   *   document before anything else; a window of its own; whether to wait for the peer
   */
  async function open(url, { prepare = '', window = false, wait = true } = {}) {
    const { targetId } = await root.send('Target.createTarget', {
      url: 'about:blank',
      newWindow: window,
      ...(window ? screen?.place() : {}),
    });
    const target = await browser.waitForTarget(
      (one) => /** @type {any} */ (one)._targetId === targetId,
    );
    const tab = new Tab(targetId, await target.createCDPSession(), root);
    if (prepare) {
      await tab.session.send('Page.enable');
      await tab.session.send('Page.addScriptToEvaluateOnNewDocument', { source: prepare });
    }
    await tab.navigate(url);
    if (wait) await tab.until('window.bench?.ready');
    return tab;
  }

  return {
    browser,
    root,
    version: await browser.version(),
    open,
    /** Closes all tabs but the browser's first. */
    async closeTabs() {
      const { targetInfos } = await root.send('Target.getTargets');
      const pages = targetInfos.filter(({ type, url }) => type === 'page' && url !== 'about:blank');
      await Promise.all(
        pages.map(({ targetId }) => root.send('Target.closeTarget', { targetId }).catch(gone)),
      );
    },
    close: () => browser.close(),
  };
}

/** The first window. @param {import('./screen.mjs').Screen} screen */
function standsAt(screen) {
  const { left, top, width, height } = screen.place();
  return [`--window-position=${left},${top}`, `--window-size=${width},${height}`];
}

/** A tab that has closed meanwhile is closed; everything else is an error. @param {Error} error */
function gone(error) {
  if (!/No target with given id|Target closed/.test(error.message)) throw error;
}

/** One page and the few things that the bench asks of it. */
export class Tab {
  /**
   * @param {string} id of the target
   * @param {import('puppeteer-core').CDPSession} session
   * @param {import('puppeteer-core').CDPSession} root the browser's own
   */
  constructor(id, session, root) {
    this.id = id;
    this.session = session;
    this.root = root;
  }

  /** @param {string} url */
  async navigate(url) {
    await this.session.send('Page.navigate', { url });
  }

  /** @param {string} expression @returns {Promise<any>} its value, a promise's too */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.session.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  /** @param {string} condition @param {number} [withinMs] */
  async until(condition, withinMs = 60_000) {
    const end = performance.now() + withinMs;
    // A page that is on its way to another document answers nothing.
    while (!(await this.evaluate(`Boolean(${condition})`).catch(() => false))) {
      if (performance.now() > end) throw new Error(`Not within ${withinMs} ms: ${condition}`);
      await pause(20);
    }
  }

  /** Presses and lets go a key, as the user's keyboard does: the events are trusted. */
  async press() {
    const key = { key: 'a', code: 'KeyA', windowsVirtualKeyCode: 65 };
    await this.session.send('Input.dispatchKeyEvent', { type: 'keyDown', text: 'a', ...key });
    await this.session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  }

  /** In front, with the focus in its text. */
  async front() {
    await this.root.send('Target.activateTarget', { targetId: this.id });
    await this.until("document.visibilityState === 'visible'");
    await this.evaluate("document.getElementById('notes').focus()");
  }

  async close() {
    await this.root.send('Target.closeTarget', { targetId: this.id });
  }
}

/**
 * Presses keys at an even pace, by the clock and not by when the last one was done.
 * @param {Tab} tab
 * @param {number} forMs
 * @param {number} everyMs
 * @returns {Promise<number>} how many there were
 */
export async function type(tab, forMs, everyMs) {
  const begin = performance.now();
  let keys = 0;
  for (let at = 0; at < forMs; at += everyMs) {
    await pause(begin + at - performance.now());
    await tab.press();
    keys += 1;
  }
  await pause(begin + forMs - performance.now());
  return keys;
}
