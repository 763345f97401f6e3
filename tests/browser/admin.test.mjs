/**
 * The administrator's page, by hand: what it shows is what the authority says, what it does is done
 * there, and the token goes nowhere but into the header.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { handsOn } from './lib/admin-page.mjs';
import { ADMIN, startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** An administrator who may see sessions, and nothing else. */
const READER = 'token-of-somebody-who-may-only-look';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {string} */
let folder;
/** @type {Page} */
let page;
/** @type {ReturnType<typeof handsOn>} */
let ui;
/** @type {string[]} */
let errors = [];

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillhere-admin-'));
  const config = path.join(folder, 'authority.toml');
  const sha256 = createHash('sha256').update(READER).digest('hex');
  const lines = ['[[admin]]', 'name = "reader"', `sha256 = "${sha256}"`];
  writeFileSync(config, [...lines, 'scopes = ["sessions:read"]'].join('\n'));
  authority = await startAuthority({
    idle: '60s',
    warn: '20s',
    www: path.join(root, 'www'),
    more: ['--config', config],
  });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const all = await authority.sessions();
  for (const { user } of all) await authority.revoke(user);
  for (const whose of ['organization', 'users/ann', 'groups/day']) await write(whose, {});
  page = await browser.browser.newPage();
  ui = handsOn(page);
  errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.evaluateOnNewDocument(() => {
    Object.assign(window, { violations: [] });
    document.addEventListener('securitypolicyviolation', (event) => {
      Object(window).violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(`${authority.base}/admin/`);
});
afterEach(async () => {
  const violations = await page.evaluate('window.violations');
  await page.close();
  assert.deepEqual(errors, [], 'errors of the page');
  assert.deepEqual(violations, [], 'violations of the Content-Security-Policy');
});

/** @param {string} method @param {string} route @param {object} [body] */
const admin = (method, route, body) =>
  fetch(`${authority.base}/v1/admin/${route}`, {
    method,
    headers: { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });

/** Writes a policy, or takes it away. @param {string} whose @param {object} layer */
async function write(whose, layer) {
  const keep = whose === 'organization' || Object.keys(layer).length > 0;
  const answer = await admin(keep ? 'PUT' : 'DELETE', `policy/${whose}`, keep ? layer : undefined);
  assert.equal(answer.status, 200, await answer.text());
}

/** @param {string} route */
const read = async (route) => (await admin('GET', route)).json();

/** @param {string} token */
const standing = (token) =>
  fetch(`${authority.base}/v1/session`, { headers: { Authorization: `Bearer ${token}` } });

describe('signing in', () => {
  test('a wrong token is refused with what to do, the right one shows the sessions', async () => {
    await ui.signIn('this-is-not-the-token');
    await ui.shows("needs the administrator's token", '#token-error');
    assert.equal(await page.$eval('#console', (element) => Object(element).hidden), true);
    await ui.fill('#token', 'no token: with spaces');
    await ui.press('Sign in');
    await ui.shows('This is no token', '#token-error');
    await ui.fill('#token', ADMIN);
    await ui.press('Sign in');
    await ui.shows('Nobody is signed in');
  });

  test('the token is in no address, element or store unless that is wished', async () => {
    await ui.signIn();
    await ui.shows('Live sessions');
    const everywhere = () =>
      page.evaluate(() => {
        const fields = [...document.querySelectorAll('input')].map(({ value }) => value);
        const stores = JSON.stringify([
          { ...localStorage },
          { ...sessionStorage },
          document.cookie,
        ]);
        return [location.href, document.documentElement.outerHTML, stores, ...fields].join('\n');
      });
    assert.ok(!(await everywhere()).includes(ADMIN));
    await page.reload();
    assert.equal(await page.$eval('#sign-in', (element) => Object(element).hidden), false);
    await page.click('#keep');
    await ui.signIn();
    await ui.shows('Live sessions');
    assert.ok((await everywhere()).includes(ADMIN));
    await page.reload();
    await ui.shows('Live sessions');
    await ui.press('Sign out');
    await ui.shows("Administrator's token");
    assert.ok(!(await everywhere()).includes(ADMIN));
  });

  test('what a token may not do is said, and the rest works', async () => {
    await authority.token('ann');
    await ui.signIn(READER);
    await ui.shows('ann', 'tr[data-id]');
    for (const [place, scope] of [
      ['ends', 'logs:read'],
      ['policy', 'policy:read'],
      ['audit', 'logs:read'],
    ]) {
      await ui.go(String(place));
      await ui.shows(`lacks the scope ${scope}`, '.trouble');
    }
    await ui.go('sessions');
    await ui.shows('ann', 'tr[data-id]');
    const link = await page.waitForSelector('tr[data-id] a');
    await link?.click();
    await ui.shows('lacks the scope policy:read', '.detail');
    await ui.press('End this session', '.detail');
    await ui.press('End this session', '#ask');
    await ui.shows('lacks the scope sessions:end', '#said');
    assert.equal((await authority.sessions()).length, 1);
  });
});

describe('live sessions', () => {
  test('a session appears by itself, with the sentence of the authority and a clock', async () => {
    await ui.signIn();
    await ui.shows('Nobody is signed in');
    await authority.token('ann');
    await ui.shows('ann has not been active since signing in', '.col-why');
    const left = () => page.$eval('tr[data-id] td:nth-child(5)', (cell) => cell.textContent);
    const before = await left();
    await page.waitForFunction(
      (/** @type {string} */ text) =>
        document.querySelector('tr[data-id] td:nth-child(5)')?.textContent !== text,
      { timeout: 2_500 },
      before,
    );
    assert.match(String(await left()), /^0:5\d$/);
  });

  test('ending one from the page ends it, and the log says so', async () => {
    const token = await authority.token('ann');
    const other = await authority.token('ann');
    await ui.signIn();
    await ui.open('ann');
    const id = String(await page.evaluate("location.hash.split('/')[1]"));
    await ui.press('End this session', '.detail');
    await ui.shows('Other sessions of ann go on', '#ask');
    await ui.press('Cancel', '#ask');
    assert.equal((await standing(token)).status, 200, 'nothing was done yet');
    await ui.press('End this session', '.detail');
    await ui.press('End this session', '#ask');
    await ui.shows('The session of ann was ended', '#said');
    await ui.shows('This session is over', '.detail');
    const statuses = [(await standing(token)).status, (await standing(other)).status];
    assert.deepEqual(statuses.sort(), [200, 401], 'one of the two');
    await ui.go('ends');
    await ui.shows('An administrator ended it', 'tbody tr');
    assert.ok((await page.$eval('tbody tr code', (code) => Object(code).title)) === id);
    await ui.go('audit');
    await ui.shows('Ended the session', 'tbody tr');
  });

  test('logging a user off says how many sessions that are, and ends them', async () => {
    const tokens = [await authority.token('ann'), await authority.token('ann')];
    const bo = await authority.token('bo');
    await ui.signIn();
    await ui.open('ann');
    await ui.press('Log the user off', '.detail');
    await ui.shows('This ends 2 live sessions of ann', '#ask');
    await ui.press('Log ann off', '#ask');
    await ui.shows('ann was logged off: 2 sessions ended', '#said');
    for (const token of tokens) assert.equal((await standing(token)).status, 401);
    assert.equal((await standing(bo)).status, 200);
    await page.waitForFunction("document.querySelectorAll('tr[data-id]').length === 1");
  });

  test('a search finds one user, and says what to do where there is none', async () => {
    await authority.token('ann');
    await authority.token('bo');
    await ui.signIn();
    await ui.shows('bo', 'tr[data-id]');
    await page.type('#user', 'bo');
    await ui.press('Find');
    await ui.shows('1 live session of bo', '.count');
    await ui.fill('#user', 'nobody');
    await ui.press('Find');
    await ui.shows('nobody has no live session');
    await ui.press('Show everybody');
    await ui.shows('2 live sessions', '.count');
  });

  test('the keyboard opens a session, and the dialog gives the focus back', async () => {
    await authority.token('ann');
    await ui.signIn();
    await ui.shows('ann', 'tr[data-id]');
    await page.focus('tr[data-id] a');
    await page.keyboard.press('Enter');
    const focus = () =>
      page.evaluate('document.activeElement.id || document.activeElement.innerText');
    await page.waitForFunction("document.activeElement.id === 'detail-title'");
    await page.focus('.detail .grave');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#ask[open]');
    assert.equal(await focus(), 'ask-no', 'the safe answer');
    await page.keyboard.press('Escape');
    assert.equal(await focus(), 'End this session');
    await ui.go('sessions');
    await page.waitForFunction("document.activeElement.innerText === 'ann'");
    assert.equal((await authority.sessions()).length, 1);
  });

  test('a hidden page asks nobody', async () => {
    await ui.signIn();
    await ui.shows('Nobody is signed in');
    const asked = async () => {
      const text = await (await fetch(`${authority.base}/metrics`)).text();
      return text.split('\n').filter((line) => line.includes('route="/v1/admin/sessions"'));
    };
    const front = await browser.browser.newPage();
    await front.bringToFront();
    await page.waitForFunction("document.visibilityState === 'hidden'", { polling: 50 });
    const before = await asked();
    await pause(6_000);
    assert.deepEqual(await asked(), before);
    await authority.token('ann');
    await front.close();
    await page.bringToFront();
    await ui.shows('ann', 'tr[data-id]');
  });
});

describe('policy', () => {
  test('a change by the form says whom it concerns and reaches the authority', async () => {
    const token = await authority.token('ann');
    await ui.signIn();
    await ui.go('policy/users/ann');
    await ui.fill('#idle_timeout_ms', '10');
    await page.select('#mode', '2');
    await ui.fill('#logout_daily', '0600PM');
    await ui.press('Save');
    await ui.shows('Idle timeout: not set → 10 minutes', '#ask');
    await ui.shows('It applies at once to 1 live session', '#ask');
    await ui.press('Save', '#ask');
    await ui.shows('Saved', '#said');
    const { policy } = await (await standing(token)).json();
    assert.equal(policy.idle_timeout_ms, 600_000);
    assert.equal(policy.mode, 'observe');
    const layer = await read('policy/users/ann');
    assert.equal(layer.logout_daily.time, '18:00');
    await ui.shows('set for this user', '.detail');
    await ui.press('Remove this policy');
    await ui.press('Remove', '#ask');
    await page.waitForFunction("document.querySelector('#idle_timeout_ms').value === ''");
    assert.equal((await admin('GET', 'policy/users/ann')).status, 404);
  });

  test('what the form does not know is kept', async () => {
    const counts = { keystrokes: true, clicks: false, heartbeats: true };
    await write('organization', { counts, idle_timeout_ms: 100_000 });
    await ui.signIn();
    await ui.go('policy');
    await ui.shows('Also set, and kept as it is: Counts in pages');
    await page.click('#api_rules');
    await page.type('#api-include', 'POST /api/**\n/api/orders/*');
    await ui.press('Save');
    await ui.shows('API calls that count: not set → POST /api/**, /api/orders/*', '#ask');
    await ui.press('Save', '#ask');
    await ui.shows('Saved', '#said');
    const { organization } = await read('policy');
    assert.deepEqual(organization.counts, counts);
    assert.equal(organization.idle_timeout_ms, 100_000, 'not rounded to what was shown');
    assert.deepEqual(organization.api_rules.include, ['POST /api/**', '/api/orders/*']);
  });

  test('what the authority refuses is said at the field', async () => {
    await ui.signIn();
    await ui.go('policy');
    for (const [field, text, says] of [
      ['idle_timeout_ms', '481', 'It must be between 1 second and 8 hours.'],
      ['max_hold_ms', '1441', 'It must be between 0 seconds and 24 hours.'],
    ]) {
      await ui.fill(`#${field}`, String(text));
      await ui.press('Save', '.policy-form');
      await ui.press('Save', '#ask');
      await ui.shows(String(says), `[data-field="${field}"] .error`);
      assert.equal(await page.evaluate('document.activeElement.id'), field);
      await ui.fill(`#${field}`, '');
    }
    await page.click('#api_rules');
    await page.type('#api-exclude', 'no-pattern');
    await ui.press('Save', '.policy-form');
    await ui.press('Save', '#ask');
    await ui.shows('patterns such as', '[data-field="api_rules"] .error');
    assert.deepEqual((await read('policy')).organization, {});
  });

  test('a group without a priority is refused at that field', async () => {
    await ui.signIn();
    await ui.go('policy/groups/day');
    await ui.fill('#idle_timeout_ms', '7');
    await ui.press('Save', '.policy-form');
    await ui.press('Save', '#ask');
    await ui.shows('give the group 1 to 5', '[data-field="priority"] .error');
    await ui.fill('#priority', '3');
    await ui.press('Save', '.policy-form');
    await ui.press('Save', '#ask');
    await ui.shows('priority 3, 1 value', '.layers');
    assert.equal((await read('policy')).groups.day.idle_timeout_ms, 420_000);
  });

  test('a change that somebody else was faster with overwrites nothing unasked', async () => {
    await ui.signIn();
    await ui.go('policy');
    await ui.fill('#idle_timeout_ms', '10');
    await write('organization', { idle_timeout_ms: 1_200_000 });
    await ui.press('Save', '.policy-form');
    await ui.press('Save', '#ask');
    await ui.shows('somebody else changed', '.trouble');
    await ui.shows('Idle timeout: not set → 20 minutes', '.trouble');
    assert.equal((await read('policy')).organization.idle_timeout_ms, 1_200_000);
    await ui.press('Keep mine and look again');
    await ui.press('Save', '.policy-form');
    await ui.shows('Idle timeout: 20 minutes → 10 minutes', '#ask');
    await ui.press('Save', '#ask');
    await ui.shows('Saved', '#said');
    await write('organization', { idle_timeout_ms: 1_800_000 });
    await ui.fill('#idle_timeout_ms', '12');
    await ui.press('Save', '.policy-form');
    await ui.press('Save', '#ask');
    await ui.press('Load their values');
    await page.waitForFunction("document.querySelector('#idle_timeout_ms').value === '30'");
  });
});

describe('the logs', () => {
  test('observing reports who would have been logged out, and files hold it', async () => {
    await write('users/ann', { mode: 'observe', idle_timeout_ms: 1_000 });
    await authority.token('ann');
    await pause(1_500);
    await authority.token('bo');
    await authority.revoke('bo');
    await ui.signIn();
    await ui.go('ends');
    await ui.shows('ann', 'tr[data-phase="observed"]');
    await page.click('input[value="observed"]');
    await page.waitForFunction("!document.querySelector('tr[data-phase=ended]')");
    await ui.shows('1 person:', '.count');
    const session = await page.createCDPSession();
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
    const day = new Date().toISOString().slice(0, 10);
    await ui.press('CSV');
    const [head, ...rows] = (await downloaded(`stillhere-ends-${day}.csv`)).trim().split('\n');
    const columns = String(head).split(',');
    assert.deepEqual(columns.slice(0, 4), ['number', 'at', 'id', 'user']);
    const cells = rows.map((row) => row.split(','));
    const ann = cells.find((row) => row[columns.indexOf('user')] === 'ann');
    assert.equal(ann?.[columns.indexOf('observed')], 'true');
    await ui.press('JSON');
    const { ends } = JSON.parse(await downloaded(`stillhere-ends-${day}.json`));
    assert.equal(ends.length, rows.length);
  });
});

/** @param {string} name */
async function downloaded(name) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return readFileSync(path.join(folder, name), 'utf8');
    } catch {
      await pause(50);
    }
  }
  throw new Error(`${name} was not saved.`);
}

test('at 360 pixels nothing is wider than the window', async () => {
  await page.setViewport({ width: 360, height: 740 });
  const long = 'a.name.that.is.longer.than.most.and.has.no.space@example.com';
  await write('groups/day', { priority: 2, idle_timeout_ms: 600_000 });
  await authority.token(long, 'a-sign-in');
  const wide = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.equal(await wide(), 0, 'sign-in');
  await ui.signIn();
  await ui.open(long);
  assert.equal(await wide(), 0, 'one session');
  await ui.press('Log the user off', '.detail');
  await page.waitForSelector('#ask[open]');
  assert.equal(await wide(), 0, 'the question');
  await ui.press('Cancel', '#ask');
  for (const [place, text] of [
    ['sessions', long],
    ['ends', 'Ends'],
    ['policy', 'Group day'],
    [`policy/users/${long}`, 'Rules in force'],
    ['audit', 'Wrote the policy of'],
  ]) {
    await ui.go(String(place));
    await ui.shows(String(text));
    assert.equal(await wide(), 0, place);
  }
});
