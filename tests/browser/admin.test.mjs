/**
 * The administrator's page, by hand: what it shows is what the authority says, what it does is done
 * there, and the token goes nowhere but into the header.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { onAdminPage, READER } from './lib/admin-page.mjs';
import { ADMIN } from './lib/authority.mjs';
import { pause } from './lib/chromium.mjs';

const at = onAdminPage();

describe('signing in', () => {
  test('a wrong token is refused with what to do, the right one shows the sessions', async () => {
    await at.ui.signIn('this-is-not-the-token');
    await at.ui.shows("needs the administrator's token", '#token-error');
    assert.equal(await at.page.$eval('#console', (element) => Object(element).hidden), true);
    await at.ui.fill('#token', 'no token: with spaces');
    await at.ui.press('Sign in');
    await at.ui.shows('This is no token', '#token-error');
    await at.ui.fill('#token', ADMIN);
    await at.ui.press('Sign in');
    await at.ui.shows('Nobody is signed in');
  });

  test('the token is in no address, element or store unless that is wished', async () => {
    await at.ui.signIn();
    await at.ui.shows('Live sessions');
    const everywhere = () =>
      at.page.evaluate(() => {
        const fields = [...document.querySelectorAll('input')].map(({ value }) => value);
        const stores = JSON.stringify([
          { ...localStorage },
          { ...sessionStorage },
          document.cookie,
        ]);
        return [location.href, document.documentElement.outerHTML, stores, ...fields].join('\n');
      });
    assert.ok(!(await everywhere()).includes(ADMIN));
    await at.page.reload();
    assert.equal(await at.page.$eval('#sign-in', (element) => Object(element).hidden), false);
    await at.page.click('#keep');
    await at.ui.signIn();
    await at.ui.shows('Live sessions');
    assert.ok((await everywhere()).includes(ADMIN));
    await at.page.reload();
    await at.ui.shows('Live sessions');
    await at.ui.press('Sign out');
    await at.ui.shows("Administrator's token");
    assert.ok(!(await everywhere()).includes(ADMIN));
  });

  test('what a token may not do is said, and the rest works', async () => {
    await at.authority.token('ann');
    await at.ui.signIn(READER);
    await at.ui.shows('ann', 'tr[data-id]');
    for (const [place, scope] of [
      ['ends', 'logs:read'],
      ['policy', 'policy:read'],
      ['audit', 'logs:read'],
    ]) {
      await at.ui.go(String(place));
      await at.ui.shows(`lacks the scope ${scope}`, '.trouble');
    }
    await at.ui.go('sessions');
    await at.ui.shows('ann', 'tr[data-id]');
    const link = await at.page.waitForSelector('tr[data-id] a');
    await link?.click();
    await at.ui.shows('lacks the scope policy:read', '.detail');
    await at.ui.press('End this session', '.detail');
    await at.ui.press('End this session', '#ask');
    await at.ui.shows('lacks the scope sessions:end', '#said');
    assert.equal((await at.authority.sessions()).length, 1);
  });
});

describe('live sessions', () => {
  test('a session appears by itself, with the sentence of the authority and a clock', async () => {
    await at.ui.signIn();
    await at.ui.shows('Nobody is signed in');
    await at.authority.token('ann');
    await at.ui.shows('ann has not been active since signing in', '.col-why');
    const left = () => at.page.$eval('tr[data-id] td:nth-child(5)', (cell) => cell.textContent);
    const before = await left();
    await at.page.waitForFunction(
      (/** @type {string} */ text) =>
        document.querySelector('tr[data-id] td:nth-child(5)')?.textContent !== text,
      { timeout: 2_500 },
      before,
    );
    assert.match(String(await left()), /^0:5\d$/);
  });

  test('ending one from the page ends it, and the log says so', async () => {
    const token = await at.authority.token('ann');
    const other = await at.authority.token('ann');
    await at.ui.signIn();
    await at.ui.open('ann');
    const id = String(await at.page.evaluate("location.hash.split('/')[1]"));
    await at.ui.press('End this session', '.detail');
    await at.ui.shows('Other sessions of ann go on', '#ask');
    await at.ui.press('Cancel', '#ask');
    assert.equal((await at.standing(token)).status, 200, 'nothing was done yet');
    await at.ui.press('End this session', '.detail');
    await at.ui.press('End this session', '#ask');
    await at.ui.shows('The session of ann was ended', '#said');
    await at.ui.shows('This session is over', '.detail');
    const statuses = [(await at.standing(token)).status, (await at.standing(other)).status];
    assert.deepEqual(statuses.sort(), [200, 401], 'one of the two');
    await at.ui.go('ends');
    await at.ui.shows('An administrator ended it', 'tbody tr');
    assert.ok((await at.page.$eval('tbody tr code', (code) => Object(code).title)) === id);
    await at.ui.go('audit');
    await at.ui.shows('Ended the session', 'tbody tr');
  });

  test('logging a user off says how many sessions that are, and ends them', async () => {
    const tokens = [await at.authority.token('ann'), await at.authority.token('ann')];
    const bo = await at.authority.token('bo');
    await at.ui.signIn();
    await at.ui.open('ann');
    await at.ui.press('Log the user off', '.detail');
    await at.ui.shows('This ends 2 live sessions of ann', '#ask');
    await at.ui.press('Log ann off', '#ask');
    await at.ui.shows('ann was logged off: 2 sessions ended', '#said');
    for (const token of tokens) assert.equal((await at.standing(token)).status, 401);
    assert.equal((await at.standing(bo)).status, 200);
    await at.page.waitForFunction("document.querySelectorAll('tr[data-id]').length === 1");
  });

  test('a search finds one user, and says what to do where there is none', async () => {
    await at.authority.token('ann');
    await at.authority.token('bo');
    await at.ui.signIn();
    await at.ui.shows('bo', 'tr[data-id]');
    await at.page.type('#user', 'bo');
    await at.ui.press('Find');
    await at.ui.shows('1 live session of bo', '.count');
    await at.ui.fill('#user', 'nobody');
    await at.ui.press('Find');
    await at.ui.shows('nobody has no live session');
    await at.ui.press('Show everybody');
    await at.ui.shows('2 live sessions', '.count');
  });

  test('the keyboard opens a session, and the dialog gives the focus back', async () => {
    await at.authority.token('ann');
    await at.ui.signIn();
    await at.ui.shows('ann', 'tr[data-id]');
    await at.page.focus('tr[data-id] a');
    await at.page.keyboard.press('Enter');
    const focus = () =>
      at.page.evaluate('document.activeElement.id || document.activeElement.innerText');
    await at.page.waitForFunction("document.activeElement.id === 'detail-title'");
    await at.page.focus('.detail .grave');
    await at.page.keyboard.press('Enter');
    await at.page.waitForSelector('#ask[open]');
    assert.equal(await focus(), 'ask-no', 'the safe answer');
    await at.page.keyboard.press('Escape');
    assert.equal(await focus(), 'End this session');
    await at.ui.go('sessions');
    await at.page.waitForFunction("document.activeElement.innerText === 'ann'");
    assert.equal((await at.authority.sessions()).length, 1);
  });

  test('a hidden page asks nobody', async () => {
    await at.ui.signIn();
    await at.ui.shows('Nobody is signed in');
    const asked = async () => {
      const text = await (await fetch(`${at.authority.base}/metrics`)).text();
      return text.split('\n').filter((line) => line.includes('route="/v1/admin/sessions"'));
    };
    const front = await at.browser.browser.newPage();
    await front.bringToFront();
    await at.page.waitForFunction("document.visibilityState === 'hidden'", { polling: 50 });
    const before = await asked();
    await pause(6_000);
    assert.deepEqual(await asked(), before);
    await at.authority.token('ann');
    await front.close();
    await at.page.bringToFront();
    await at.ui.shows('ann', 'tr[data-id]');
  });
});

describe('the logs', () => {
  test('observing reports who would have been logged out, and files hold it', async () => {
    await at.write('users/ann', { mode: 'observe', idle_timeout_ms: 1_000 });
    await at.authority.token('ann');
    await pause(1_500);
    await at.authority.token('bo');
    await at.authority.revoke('bo');
    await at.ui.signIn();
    await at.ui.go('ends');
    await at.ui.shows('ann', 'tr[data-phase="observed"]');
    await at.page.click('input[value="observed"]');
    await at.page.waitForFunction("!document.querySelector('tr[data-phase=ended]')");
    await at.ui.shows('1 person:', '.count');
    const session = await at.page.createCDPSession();
    await session.send('Browser.setDownloadBehavior', {
      behavior: 'allow',
      downloadPath: at.folder,
    });
    const day = new Date().toISOString().slice(0, 10);
    await at.ui.press('CSV');
    const [head, ...rows] = (await downloaded(`stillhere-ends-${day}.csv`)).trim().split('\n');
    const columns = String(head).split(',');
    assert.deepEqual(columns.slice(0, 4), ['number', 'at', 'id', 'user']);
    const cells = rows.map((row) => row.split(','));
    const ann = cells.find((row) => row[columns.indexOf('user')] === 'ann');
    assert.equal(ann?.[columns.indexOf('observed')], 'true');
    await at.ui.press('JSON');
    const { ends } = JSON.parse(await downloaded(`stillhere-ends-${day}.json`));
    assert.equal(ends.length, rows.length);
  });
});

/** @param {string} name */
async function downloaded(name) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return readFileSync(path.join(at.folder, name), 'utf8');
    } catch {
      await pause(50);
    }
  }
  throw new Error(`${name} was not saved.`);
}

test('at 360 pixels nothing is wider than the window', async () => {
  await at.page.setViewport({ width: 360, height: 740 });
  const long = 'a.name.that.is.longer.than.most.and.has.no.space@example.com';
  await at.write('groups/day', { priority: 2, idle_timeout_ms: 600_000 });
  await at.authority.token(long, 'a-sign-in');
  const wide = () => at.page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.equal(await wide(), 0, 'sign-in');
  await at.ui.signIn();
  await at.ui.open(long);
  assert.equal(await wide(), 0, 'one session');
  await at.ui.press('Log the user off', '.detail');
  await at.page.waitForSelector('#ask[open]');
  assert.equal(await wide(), 0, 'the question');
  await at.ui.press('Cancel', '#ask');
  for (const [place, text] of [
    ['sessions', long],
    ['ends', 'Ends'],
    ['policy', 'Group day'],
    [`policy/users/${long}`, 'Rules in force'],
    ['audit', 'Wrote the policy of'],
  ]) {
    await at.ui.go(String(place));
    await at.ui.shows(String(text));
    assert.equal(await wide(), 0, place);
  }
});
