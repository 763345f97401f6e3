/** What somebody does on the administrator's page, and what they wait to see. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { root } from '../../../scripts/lib/project.mjs';
import { ADMIN, startAuthority } from './authority.mjs';
import { startChromium } from './chromium.mjs';

/**
 * @typedef {{
 *   authority: Awaited<ReturnType<typeof startAuthority>>,
 *   browser: Awaited<ReturnType<typeof startChromium>>,
 *   folder: string,
 *   page: import('puppeteer-core').Page,
 *   ui: ReturnType<typeof handsOn>,
 *   errors: string[],
 * } & ReturnType<typeof callsOf>} AdminPage
 */

/** An administrator who may see sessions, and nothing else. */
export const READER = 'token-of-somebody-who-may-only-look';

/** @param {import('puppeteer-core').Page} page */
function handsOn(page) {
  /** @param {string} token */
  async function signIn(token = ADMIN) {
    await page.waitForSelector('#token');
    await page.type('#token', token);
    await page.click('#sign-in-button');
  }

  /** Waits until the page shows that text. @param {string} text @param {string} [where] */
  async function shows(text, where = 'body') {
    // Hidden text is not shown, so it is not `textContent`.
    const all = `[...document.querySelectorAll(${JSON.stringify(where)})]`;
    const shown = `${all}.some(({ innerText }) => innerText?.includes(${JSON.stringify(text)}))`;
    await page.waitForFunction(shown, { polling: 50, timeout: 8_000 }).catch(async () => {
      const instead = await page.evaluate('document.body.innerText');
      assert.fail(`"${text}" is not shown in ${where}, but:\n${instead}`);
    });
  }

  /** Presses the button of that name. @param {string} name @param {string} [where] */
  async function press(name, where = 'body') {
    const button = await page.waitForSelector(`${where} ::-p-xpath(.//button[.="${name}"])`, {
      // A dialog that is not open yet has its buttons already.
      visible: true,
    });
    await button?.click();
  }

  /** @param {string} place as after the hash */
  const go = (place) => page.evaluate(`location.hash = ${JSON.stringify(place)}`);

  /** Types a value in the place of the one that is there. @param {string} field @param {string} text */
  async function fill(field, text) {
    await page.waitForSelector(field);
    await page.click(field, { count: 3 });
    await page.keyboard.press('Backspace');
    await page.type(field, text);
  }

  /** Opens the first session of that user. @param {string} user */
  async function open(user) {
    await shows(user, 'tr[data-id]');
    const link = await page.waitForSelector(`::-p-xpath(//tr[@data-id]//a[.="${user}"])`);
    await link?.click();
    await shows('Rules in force', '.detail');
  }

  return { signIn, shows, press, go, fill, open };
}

/** Where the administrators other than the first are written down. @param {string} folder */
function configIn(folder) {
  const file = path.join(folder, 'authority.toml');
  const sha256 = createHash('sha256').update(READER).digest('hex');
  const lines = ['[[admin]]', 'name = "reader"', `sha256 = "${sha256}"`];
  writeFileSync(file, [...lines, 'scopes = ["sessions:read"]'].join('\n'));
  return file;
}

/** Notes what the page's Content-Security-Policy forbade it. */
function noteViolations() {
  Object.assign(window, { violations: [] });
  document.addEventListener('securitypolicyviolation', (event) => {
    Object(window).violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
}

/** Hooks for the tests of one file: an authority, and before each test the page anew. */
export function onAdminPage() {
  const at = /** @type {AdminPage} */ ({});
  before(async () => {
    at.folder = mkdtempSync(path.join(tmpdir(), 'stillhere-admin-'));
    const more = ['--config', configIn(at.folder)];
    const www = path.join(root, 'www');
    at.authority = await startAuthority({ idle: '60s', warn: '20s', www, more });
    at.browser = await startChromium();
    Object.assign(at, callsOf(at.authority.base));
  });
  after(async () => {
    await at.browser?.close();
    await at.authority?.stop();
    if (at.folder) rmSync(at.folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const { user } of await at.authority.sessions()) await at.authority.revoke(user);
    for (const whose of ['organization', 'users/ann', 'groups/day']) await at.write(whose, {});
    at.page = await at.browser.browser.newPage();
    at.ui = handsOn(at.page);
    at.errors = [];
    at.page.on('pageerror', (error) => at.errors.push(String(error)));
    await at.page.evaluateOnNewDocument(noteViolations);
    await at.page.goto(`${at.authority.base}/admin/`);
  });
  afterEach(async () => {
    const violations = await at.page.evaluate('window.violations');
    await at.page.close();
    assert.deepEqual(at.errors, [], 'errors of the page');
    assert.deepEqual(violations, [], 'violations of the Content-Security-Policy');
  });
  return at;
}

/** Calls past the page. @param {string} base */
function callsOf(base) {
  /** @param {string} method @param {string} route @param {object} [body] */
  const admin = (method, route, body) =>
    fetch(`${base}/v1/admin/${route}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
  return {
    admin,
    /** Writes a policy, or takes it away. @param {string} whose @param {object} layer */
    async write(whose, layer) {
      const keep = whose === 'organization' || Object.keys(layer).length > 0;
      const answer = await admin(
        keep ? 'PUT' : 'DELETE',
        `policy/${whose}`,
        keep ? layer : undefined,
      );
      assert.equal(answer.status, 200, await answer.text());
    },
    /** @param {string} route */
    read: async (route) => (await admin('GET', route)).json(),
    /** @param {string} token */
    standing: (token) =>
      fetch(`${base}/v1/session`, { headers: { Authorization: `Bearer ${token}` } }),
  };
}
