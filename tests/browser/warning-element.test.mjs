/** The warning as an element of an app's page: options, frames, policies of the page (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { startChromium } from './lib/chromium.mjs';
import { become, keptThePolicy, partsOf, showsState, warningPage } from './lib/warning-page.mjs';

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
