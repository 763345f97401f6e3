/** What the warning shows in each state, in each language, and when things go wrong (docs/warning.md). */
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

describe('the element', () => {
  const make = `const element = document.createElement('stillhere-warning'); element.agent = agent;`;

  test('anywhere in the document, and twice for one agent, is as good as once', async () => {
    await open();
    await page.evaluate(`${make} element.className = 'mine'; element.setAttribute('lang', 'de');
      window.element = element;
      const shadow = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'open' });
      shadow.append(element);`);
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    const dialogs =
      "[...document.querySelectorAll('stillhere-warning')].filter((e) => e.shadowRoot)";
    assert.equal(await page.evaluate(`${dialogs}.length`), 1);
    assert.equal((await partsOf(page)).title, 'Are you still here?');
    await page.evaluate('warning.remove()');
    await page.waitForFunction("part('title')?.textContent === 'Sind Sie noch da?'");
    assert.equal(await page.evaluate('stage().className'), 'mine');
    await become(page, 'ended', { endedBecause: 'idle' });
    assert.equal(await page.evaluate('isBare()'), true);
    await page.evaluate('element.remove()');
    assert.deepEqual(await page.evaluate('[isBare(), Boolean(stage())]'), [false, false]);
  });

  test('takes what was set before it was known', async () => {
    page = await browser.open(`${authority.base}/index.html`);
    await page.evaluate(`window.early = document.createElement('stillhere-warning');
      early.agent = Object.assign(new EventTarget(), { stay() {}, status: {
        phase: 'ended', endedBecause: 'idle', policy: { mode: 'enforce' }, keepAlive: {} } });
      early.texts = { idle: 'Too long.' };
      document.body.append(early);
      import('/dist/warning.js');`);
    await page.waitForFunction(`[...document.querySelectorAll('stillhere-warning')].some(
      (e) => e.shadowRoot?.textContent.includes('Too long.'))`);
    await page.evaluate("early.texts = { idle: 'Much too long.' }");
    await page.waitForFunction(`[...document.querySelectorAll('stillhere-warning')].some(
      (e) => e.shadowRoot?.textContent.includes('Much too long.'))`);
  });

  test('leaves the page alone with no-cover, and takes own texts while it is open', async () => {
    await open({ cover: false, texts: { warning: 'Noch da?' } });
    await become(page, 'warning', SOON);
    await showsState(page, 'warning');
    assert.equal((await partsOf(page)).title, 'Noch da?');
    await page.evaluate("warning.texts = { warning: 'Are you there?' }");
    assert.equal((await partsOf(page)).title, 'Are you there?');
    await become(page, 'ended', { endedBecause: 'idle' });
    await showsState(page, 'ended');
    assert.deepEqual(await page.evaluate('[isBare(), document.title]'), [false, 'Ada Sample']);
  });

  test('goes to the address of the sign-in, or loads the page anew', async () => {
    await open();
    await become(page, 'ended', { endedBecause: 'idle' });
    await showsState(page, 'ended');
    await page.evaluate('window.isOld = true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction('!window.isOld && window.ready');
    await page.evaluate("warning.setAttribute('sign-in', 'index.html?again')");
    await become(page, 'ended', { endedBecause: 'idle' });
    await showsState(page, 'ended');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction("location.href.endsWith('/index.html?again')");
  });

  test('says of a bad option what it must be, and hooks nothing', async () => {
    await open();
    const cases = [
      ['undefined', '{}', 'bad-option', 'agent'],
      ['{}', '{}', 'bad-option', 'agent'],
      ['another', '{ signin: "/login" }', 'unknown-option', 'signin'],
      ['another', '{ signIn: "javascript:alert(1)" }', 'bad-option', 'signIn'],
      ['another', '{ signIn: "https://" }', 'bad-option', 'signIn'],
      ['another', '{ signIn: 7 }', 'bad-option', 'signIn'],
      ['another', '{ texts: "Hello" }', 'bad-option', 'texts'],
      ['another', '{ texts: { hello: "Hello" } }', 'unknown-option', 'texts.hello'],
      ['another', '{ texts: { warning: 1 } }', 'bad-option', 'texts.warning'],
      ['another', '{ lang: 1 }', 'bad-option', 'lang'],
      ['another', '{ notify: "yes" }', 'bad-option', 'notify'],
      ['another', '{ cover: 0 }', 'bad-option', 'cover'],
    ];
    for (const [agent, options, code, option] of cases) {
      const error = await page.evaluate(`(() => {
        const another = new FakeAgent();
        try { attachWarning(${agent}, ${options}); } catch (error) {
          return [error.name, error.code, error.option, error.message.startsWith(error.option)];
        }
      })()`);
      assert.deepEqual(error, ['StillhereError', code, option, true], options);
    }
    assert.equal(await page.evaluate("document.querySelectorAll('stillhere-warning').length"), 1);
    const kept = await page.evaluate(`(() => {
      warning.signIn = '/login';
      try { warning.signIn = 'javascript:1'; } catch { return warning.signIn; }
    })()`);
    assert.equal(kept, '/login');
  });

  test('can be replaced by a dialog of the app, by events alone', async () => {
    page = await browser.open(`${authority.base}/warning.html?fake`);
    await page.evaluate(`const own = document.getElementById('app-dialog');
      own.querySelector('button').onclick = () => agent.stay();
      own.oncancel = (event) => { event.preventDefault(); agent.stay(); };
      agent.addEventListener('phase', ({ detail: { phase } }) => {
        if (phase === 'warning' && !own.open) own.showModal();
        if (phase !== 'warning') own.close();
        document.querySelector('main').hidden = phase === 'ended';
      });`);
    await become(page, 'warning', SOON);
    assert.equal(await page.evaluate("document.getElementById('app-dialog').open"), true);
    await page.keyboard.press('Escape');
    assert.deepEqual(await page.evaluate('agent.said'), ['stay']);
    await become(page, 'ended', { endedBecause: 'idle' });
    assert.equal(await page.evaluate('isBare()'), true);
  });

  test('in a frame covers and warns there', async () => {
    await open();
    await page.evaluate(`new Promise((done) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.onload = done;
      frame.src = '/warning.html?fake&warning={}';
    })`);
    const frame = page.frames().at(-1);
    await frame.waitForFunction('window.ready');
    await become(frame, 'warning', SOON);
    await showsState(frame, 'warning');
    await become(frame, 'ended', { endedBecause: 'idle' });
    await showsState(frame, 'ended');
    assert.deepEqual(
      [await frame.evaluate('isBare()'), await page.evaluate('isBare()')],
      [true, false],
    );
  });
});

test('under the strictest policy that the agent can have nothing is refused, and all is there', async () => {
  page = await browser.browser.newPage();
  const url = warningPage(authority.base, { token: await authority.token() });
  const strict =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
    "img-src data:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
  await page.setRequestInterception(true);
  page.on('request', async (/** @type {import('puppeteer-core').HTTPRequest} */ request) => {
    if (!request.isNavigationRequest()) return request.continue();
    const body = (await (await fetch(request.url())).text()).replace(/<link rel="icon".*\n/, '');
    const headers = { 'Content-Security-Policy': strict };
    return request.respond({ contentType: 'text/html', headers, body });
  });
  await page.goto(url);
  await page.waitForFunction("window.agent?.status.phase === 'active'");
  await showsState(page, 'warning');
  await page.evaluate('agent.end()');
  await showsState(page, 'ended');
  assert.equal(await page.evaluate('isBare()'), true);
  assert.equal(await page.evaluate("getComputedStyle(part('dialog')).display"), 'grid');
  await keptThePolicy(page);
});
