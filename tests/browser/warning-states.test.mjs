/** What the warning shows in each state, and when things go wrong (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import {
  become,
  isGone,
  keptThePolicy,
  partsOf,
  showsState,
  warningPage,
} from './lib/warning-page.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {any} */
let page;

before(async () => {
  authority = await startAuthority({});
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(() => page?.close());

/** @param {object} [options] */
async function open(options = {}) {
  page = await browser.open(warningPage(authority.base, { options }));
}

const SOON = { remainingMs: 30_000 };

describe('states', () => {
  test('the end says why, for each reason', async () => {
    await open();
    const reasons = {
      idle: 'Nobody was active for too long.',
      schedule: 'Your working time is over.',
      revoked: 'Your sign-in was ended by an administrator, or is no longer valid.',
      'signed-out': 'You signed out, here or in another tab.',
      'authority-unreachable':
        'The server could not be reached, so you were signed out to be safe.',
      'token-missing': 'Your sign-in is no longer there.',
    };
    for (const [endedBecause, text] of Object.entries(reasons)) {
      await become(page, 'ended', { endedBecause });
      await showsState(page, 'ended');
      await page.waitForFunction(`part('text').textContent === ${JSON.stringify(text)}`);
      const parts = await partsOf(page);
      assert.deepEqual(
        Object.keys(parts).filter((name) => name !== 'status'),
        ['title', 'text', 'sign-in'],
      );
    }
    await keptThePolicy(page);
  });

  test('a short check shows nothing, a long one says so, and the caret comes back', async () => {
    await open();
    await page.focus('#rich');
    await page.keyboard.press('End');
    await become(page, 'checking');
    await pause(600);
    assert.equal(await page.evaluate('Boolean(stage())'), false);
    await showsState(page, 'checking', 1_500);
    assert.deepEqual(await partsOf(page), {
      title: 'Checking whether you are still signed in',
      'sign-out': 'Sign out now',
    });
    assert.equal(await page.evaluate('isBare()'), false, 'it is not late yet');
    await become(page, 'active');
    await isGone(page);
    await page.keyboard.type('!');
    assert.equal(await page.evaluate("document.getElementById('rich').textContent"), 'Dear Ada!');
  });

  test('past the deadline the page is covered before it is known, and nothing has moved after', async () => {
    await open();
    await page.evaluate("document.querySelector('main').style.height = '500vh'");
    await page.focus('#notes', { preventScroll: true });
    await page.evaluate('scrollTo(0, 700)');
    await page.evaluate(`document.getElementById('app-dialog').showModal();
      const host = document.body.appendChild(document.createElement('div'));
      const root = host.attachShadow({ mode: 'open' });
      window.inner = root.appendChild(document.createElement('dialog'));
      inner.append('Ada Sample');
      inner.showModal();`);
    const sync = `(() => { agent.become('checking', { remainingMs: 0 }); 
      return isBare() && !inner.checkVisibility({ visibilityProperty: true }); })()`;
    assert.equal(await page.evaluate(sync), true);
    assert.equal(await page.evaluate('document.title'), 'Ada Sample');
    await showsState(page, 'checking', 1_500);
    await become(page, 'active', SOON);
    await isGone(page);
    assert.deepEqual(await page.evaluate('[isBare(), scrollY]'), [false, 700]);
    await keptThePolicy(page);
  });

  test('an authority out of reach is told in the warning, and that it is back', async () => {
    await open();
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    assert.equal((await partsOf(page)).offline, undefined);
    await page.evaluate(`agent.dispatchEvent(
      new CustomEvent('fault', { detail: { code: 'authority-unreachable' } }))`);
    const offline = 'No connection. If it is not back when the time is up, you are signed out.';
    assert.equal((await partsOf(page)).offline, offline);
    await page.waitForFunction(`spoken.at(-1)?.what === ${JSON.stringify(offline)}`);
    await page.evaluate(`agent.dispatchEvent(
      new CustomEvent('keepalive', { detail: { keepAlive: { acknowledged: 1 } } }))`);
    assert.equal((await partsOf(page)).offline, undefined);
    await page.setOfflineMode(true);
    await page.waitForFunction("part('offline').textContent");
    await page.setOfflineMode(false);
    await page.waitForFunction("!part('offline').textContent");
  });

  test('a policy that only observes asks nobody and covers nothing', async () => {
    await open();
    await become(page, 'warning', { ...SOON, policy: { mode: 'observe' } });
    await become(page, 'checking', { remainingMs: 0 });
    await pause(1_200);
    assert.deepEqual(await page.evaluate('[Boolean(stage()), isBare()]'), [false, false]);
    await become(page, 'ended', { endedBecause: 'signed-out' });
    await showsState(page, 'ended');
  });

  test('a dialog that the app opens later lies below, and so does its focus', async () => {
    await open();
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    await page.evaluate("document.getElementById('app-dialog').showModal()");
    await page.waitForFunction(
      'document.elementFromPoint(innerWidth / 2, innerHeight / 2) === stage()',
      { timeout: 2_500 },
    );
    assert.equal(await page.evaluate('stage().shadowRoot.activeElement.part.value'), 'stay');
    await become(page, 'active');
    await isGone(page);
    assert.equal(await page.evaluate("document.getElementById('app-dialog').open"), true);
  });

  test('title and icon tell it, and are as before afterwards, unless the app changed the title', async () => {
    await open();
    const icons =
      "[...document.querySelectorAll('[rel=icon]')].map(({ href }) => href.slice(0, 20))";
    assert.deepEqual(await page.evaluate(icons), ['data:,']);
    for (const [said, after] of [
      ['', 'Ada Sample'],
      ['Two new', 'Two new'],
    ]) {
      await page.evaluate("document.title = 'Ada Sample'");
      await become(page, 'warning', SOON);
      await showsState(page, 'warning');
      assert.equal(await page.evaluate('document.title'), 'Are you still here? · Ada Sample');
      assert.deepEqual(await page.evaluate(icons), ['data:image/svg+xml,<']);
      if (said) await page.evaluate(`document.title = '${said}'`);
      await become(page, 'active');
      await isGone(page);
      assert.equal(await page.evaluate('document.title'), after);
      assert.deepEqual(await page.evaluate(icons), ['data:,']);
    }
  });

  test('a notification is shown where that is wished and allowed and no tab is seen', async () => {
    await open({ notify: true });
    await page.evaluate(`window.notes = [];
      window.Notification = class {
        static permission = 'granted';
        constructor(title, options) { notes.push({ title, ...options, note: this }); }
        close() { this.isClosed = true; }
      }`);
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    assert.equal(await page.evaluate('notes.length'), 0, 'it is seen');
    await page.evaluate('agent.contexts = () => [{ visible: false }]');
    await page.waitForFunction('notes.length === 1', { timeout: 2_500 });
    const { title, tag, lang } = await page.evaluate('notes[0]');
    assert.deepEqual([title, tag, lang], ['Are you still here?', 'stillhere', 'en']);
    await become(page, 'active');
    await page.waitForFunction('notes[0].note.isClosed');
    await page.evaluate("Notification.permission = 'default'");
    await become(page, 'warning', SOON);
    await pause(1_200);
    assert.equal(await page.evaluate('notes.length'), 1, 'it never asks');
  });

  test('stays for as long as the key or the button that answered is down', async () => {
    await open();
    await page.evaluate(`agent.stay = () => agent.become('active')`);
    for (const press of [page.keyboard, page.mouse]) {
      await become(page, 'warning', SOON);
      await showsState(page, 'warning');
      await press.down(press === page.keyboard ? 'Enter' : undefined);
      await page.waitForFunction("agent.status.phase === 'active'");
      await pause(150);
      assert.equal(await page.evaluate('isOpen()'), true);
      await press.up(press === page.keyboard ? 'Enter' : undefined);
      await isGone(page, 500);
    }
  });

  test('shows the time there is the moment the tab is looked at', async () => {
    await open();
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    const late = await page.evaluate(`(() => {
      agent.status = { ...agent.status, remainingMs: 12_000 };
      document.dispatchEvent(new Event('visibilitychange'));
      return part('time').textContent;
    })()`);
    assert.equal(late, '00:12');
  });

  test('an agent that was closed holds nobody', async () => {
    await open();
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    await page.evaluate("agent.stay = () => { throw new Error('closed'); }");
    await page.keyboard.press('x');
    await isGone(page);
  });
});

describe('what cannot be loaded', () => {
  beforeEach(() => open());

  /** @param {(request: any) => boolean} refused */
  async function refuse(refused) {
    await page.setRequestInterception(true);
    page.on('request', (/** @type {any} */ request) =>
      refused(request) ? request.abort() : request.continue(),
    );
  }
  const plain = "document.querySelector('stillhere-warning > dialog[open]')";

  test('is stood in for by a plain dialog that works, and tried again', async () => {
    let isRefused = true;
    await refuse((request) => isRefused && /dialog-|\/de-/.test(request.url()));
    await page.focus('#notes');
    await become(page, 'warning', SOON);
    await page.waitForFunction(plain, { timeout: 700, polling: 20 });
    assert.equal(await page.evaluate(`${plain}.textContent`), 'Are you still here? Yes');
    await page.keyboard.press('Enter');
    await page.waitForFunction("agent.said.includes('stay')");
    await become(page, 'active');
    await page.waitForFunction(`!${plain} && document.activeElement.id === 'notes'`);
    assert.equal(await page.evaluate('saved'), 0);
    await become(page, 'warning', SOON);
    await page.waitForFunction(plain);
    isRefused = false;
    await showsState(page, 'warning', 5_000);
    assert.equal(await page.evaluate(plain), null);
  });

  test('nobody is asked while the session is only looked for, and at once when there is a question', async () => {
    await refuse((request) => /dialog-/.test(request.url()));
    await page.focus('#notes');
    await become(page, 'checking');
    await page.waitForFunction("document.querySelectorAll('stillhere-warning').length > 1");
    // Longer than a dialog that loads slowly is waited for.
    await pause(1_300);
    assert.equal(await page.evaluate(plain), null);
    await page.keyboard.type('words');
    assert.equal(await page.evaluate("document.querySelector('#notes').value"), 'words');
    await become(page, 'warning', SOON);
    await page.waitForFunction(plain, { timeout: 700, polling: 20 });
  });

  test('is stood in for at the end, with the way back in', async () => {
    await refuse((request) => /dialog-/.test(request.url()));
    await page.evaluate('warning.signIn = () => { window.went = true; }');
    await become(page, 'ended', { endedBecause: 'idle' });
    await page.waitForFunction(plain);
    assert.deepEqual(await page.evaluate(`[${plain}.textContent, isBare()]`), [
      'You are signed out. Sign in',
      true,
    ]);
    await page.click('stillhere-warning > dialog button');
    await page.waitForFunction('went');
  });
});
