/** Signing in to the desktop app: the page in the browser, and the app inside the desktop's shell. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { startAuthority } from './lib/authority.mjs';
import { startChromium } from './lib/chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const REDIRECT_URI = 'stillhere://signed-in';
const CLIENT_ID = 'stillhere-desktop';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '20s', www: path.join(root, 'www') });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** Who each test signs in is forgotten after it. */
afterEach(async () => {
  const page = await browser.browser.newPage();
  await page.goto(`${authority.base}/icon.svg`);
  await page.evaluate('localStorage.clear()');
  for (const each of (await browser.browser.pages()).slice(1)) await each.close();
});

/** What the desktop app makes up for one sign-in. */
function made() {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const state = `${randomBytes(8).toString('base64url')} +&`;
  const query = {
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  return { verifier, state, query };
}

/**
 * Opens the page as the desktop app does, and sees where it goes and what it calls.
 * @param {Record<string, string> | URLSearchParams} query
 */
async function open(query) {
  const page = await browser.browser.newPage();
  /** @type {string[]} */
  const went = [];
  /** @type {string[]} */
  const called = [];
  const cdp = await page.createCDPSession();
  await cdp.send('Page.enable');
  cdp.on('Page.frameRequestedNavigation', ({ url }) => went.push(url));
  page.on('request', (request) => {
    if (request.method() === 'POST' || !request.url().startsWith(authority.base)) {
      called.push(request.url());
    }
  });
  await page.goto(`${authority.base}/desktop/?${new URLSearchParams(query)}`);
  await page.waitForFunction("document.querySelector('#lead')?.textContent");
  return { page, went, called };
}

/** @param {Page} page @param {string} selector */
const text = (page, selector) => page.$eval(selector, (node) => node.textContent?.trim() ?? '');

/** @param {Page} page @param {string} name */
async function typeName(page, name) {
  await page.waitForSelector('#sign-in-name', { visible: true });
  await page.type('#sign-in-name', name);
  await page.keyboard.press('Enter');
}

/** The link to the desktop app, once it is there. @param {Page} page */
async function deepLink(page) {
  const link = await page.waitForSelector('#done a', { visible: true });
  return new URL(String(await link?.evaluate((a) => a.getAttribute('href'))));
}

/** @param {string} code @param {string} verifier */
async function redeem(code, verifier) {
  const answer = await fetch(`${authority.base}/demo/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      client_id: CLIENT_ID,
      code_verifier: verifier,
    }),
  });
  return { status: answer.status, body: await answer.json() };
}

/** @param {Page} page */
const stored = async (page) =>
  JSON.parse(String(await page.evaluate("localStorage.getItem('stillhere-demo.sign-in')")));

describe('the page that the desktop app opens in the browser', () => {
  test('somebody types a name, and the app gets the token of the browser', async () => {
    const { verifier, state, query } = made();
    const { page, went } = await open(query);
    await typeName(page, 'Ada');
    const link = await deepLink(page);
    assert.equal(`${link.protocol}//${link.host}${link.pathname}`, REDIRECT_URI);
    assert.deepEqual([...link.searchParams.keys()], ['code', 'state']);
    assert.equal(link.searchParams.get('state'), state);
    assert.deepEqual(went, [link.href]);
    assert.equal(await text(page, 'h1'), 'You are signed in as Ada');
    assert.match(await text(page, '#done'), /Close this tab when the app is open\.$/);

    const code = String(link.searchParams.get('code'));
    const { status, body } = await redeem(code, verifier);
    assert.equal(status, 200, JSON.stringify(body));
    const { token, user } = await stored(page);
    assert.deepEqual(body, { access_token: token, token_type: 'Bearer', user });
    assert.equal((await redeem(code, verifier)).body.error, 'invalid_grant');
  });

  test('somebody who is signed in goes on with a press, and never without one', async () => {
    const other = await open(made().query);
    await typeName(other.page, 'Ada');
    await deepLink(other.page);

    const { verifier, query } = made();
    const { page, went, called } = await open(query);
    assert.equal(await text(page, '#go-on'), 'Continue as Ada');
    // What a page that sent them here made them type is no press either.
    for (const key of /** @type {const} */ (['Enter', 'Space'])) await page.keyboard.press(key);
    await page.waitForNetworkIdle({ idleTime: 300 });
    assert.deepEqual([went, called], [[], []]);
    assert.equal(await page.$('#done a'), null);
    await page.click('#go-on');
    const code = String((await deepLink(page)).searchParams.get('code'));
    const { body } = await redeem(code, verifier);
    assert.equal(body.access_token, (await stored(page)).token);
  });

  test('or as somebody else', async () => {
    const other = await open(made().query);
    await typeName(other.page, 'Ada');
    await deepLink(other.page);

    const { verifier, query } = made();
    const { page } = await open(query);
    await page.click('#somebody-else');
    await typeName(page, 'Bob');
    const code = String((await deepLink(page)).searchParams.get('code'));
    assert.equal((await redeem(code, verifier)).body.user, 'Bob');
  });

  test('a sign-in that is over is forgotten, and asked for anew', async () => {
    const other = await open(made().query);
    await typeName(other.page, 'Ada');
    await deepLink(other.page);
    await authority.revoke('Ada');

    const { page, went } = await open(made().query);
    await page.click('#go-on');
    await page.waitForSelector('#sign-in-name', { visible: true });
    assert.equal(await text(page, '#error'), 'That sign-in is over. Sign in again.');
    assert.equal(await stored(page), null);
    assert.deepEqual(went, []);
  });

  test('an address that is wrong gets one sentence, and nothing goes anywhere', async () => {
    const { query } = made();
    /** @type {[Record<string, string>, RegExp][]} */
    const wrongs = [
      [{ redirect_uri: 'https://evil.example/' }, /redirect_uri must be stillhere:/],
      [{ client_id: 'another' }, /client_id must be/],
      [{ response_type: 'token' }, /response_type must be code/],
      [{ code_challenge_method: 'plain' }, /code_challenge_method must be S256/],
      [{ code_challenge: 'short' }, /code_challenge is not of the right form/],
      [{ state: '' }, /lacks state/],
      [{ state: 'x'.repeat(513) }, /state is not of the right form/],
    ];
    for (const [wrong, says] of wrongs) {
      const { page, went, called } = await open({ ...query, ...wrong });
      assert.match(await text(page, '#lead'), says);
      assert.match(await text(page, '#lead'), /start again from the desktop app\.$/);
      for (const id of ['choice', 'name', 'done']) {
        assert.equal(await page.$eval(`#${id}`, (part) => part.checkVisibility()), false, id);
      }
      assert.deepEqual([went, called], [[], []]);
      await page.close();
    }
    const twice = new URLSearchParams(query);
    twice.append('state', 'another');
    const { page } = await open(twice);
    assert.match(await text(page, '#lead'), /names state twice/);
  });

  test('inside another page it does nothing', async () => {
    const { page } = await open({});
    await page.evaluate((query) => {
      const frame = document.createElement('iframe');
      frame.src = `/desktop/?${query}`;
      document.body.append(frame);
    }, new URLSearchParams(made().query).toString());
    const frame = await page.waitForFrame((frame) => frame.url().includes('code_challenge'));
    await frame.waitForFunction("document.getElementById('lead')?.textContent");
    assert.match(String(await frame.evaluate('document.body.innerText')), /inside another page/);
  });
});

describe('the app inside the desktop’s shell', () => {
  /**
   * What the shell puts into each page before any script; the test plays the part of its Rust side.
   * @param {string | null} kept the token that it has
   */
  function shell(kept) {
    const page = Object(window);
    page.asked = { signIn: 0, attached: [] };
    page.kept = kept && { token: kept, user: 'ada' };
    page.stillhereDesktop = Object.assign(new EventTarget(), {
      token: async () => page.kept,
      signIn: async () => {
        page.asked.signIn += 1;
        if (page.noBrowser) throw new Error('There is no browser on this machine.');
      },
      attach: (/** @type {unknown} */ agent) => page.asked.attached.push(agent),
    });
  }

  /** @param {string | null} kept */
  async function openApp(kept) {
    const page = await browser.browser.newPage();
    await page.evaluateOnNewDocument(shell, kept);
    await page.goto(authority.base);
    return page;
  }

  /** @param {Page} page @param {string} token */
  async function runs(page, token) {
    await page.waitForFunction("window.agent?.status.phase === 'active'", { polling: 50 });
    assert.equal(
      await page.evaluate('asked.attached.length === 1 && asked.attached[0] === agent'),
      true,
    );
    const kept = String(await page.evaluate('JSON.stringify([localStorage, sessionStorage])'));
    assert.ok(!kept.includes(token) && !kept.includes('stillhere-demo.sign-in'), kept);
  }

  /** @param {Page} page @param {string} token */
  const tell = (page, token) =>
    page.evaluate((token) => {
      const detail = { token, user: 'ada' };
      Object(window).stillhereDesktop.dispatchEvent(new CustomEvent('sign-in', { detail }));
    }, token);

  test('a token that the shell has starts it, and is stored nowhere', async () => {
    const token = await authority.token();
    await runs(await openApp(token), token);
  });

  test('without one there is a button for the browser, and the event starts it', async () => {
    const page = await openApp(null);
    await page.waitForSelector('#open-browser', { visible: true });
    assert.equal(await page.$eval('#sign-in-form', (form) => form.checkVisibility()), false);
    await page.evaluate('window.noBrowser = true');
    await page.click('#open-browser');
    await page.waitForFunction("document.getElementById('sign-in-error').textContent");
    assert.equal(await text(page, '#sign-in-error'), 'There is no browser on this machine.');
    await page.evaluate('window.noBrowser = false');
    await page.click('#open-browser');
    await page.waitForFunction("document.getElementById('browser-opened').textContent");
    assert.match(await text(page, '#browser-opened'), /browser was opened/);
    assert.equal(await text(page, '#sign-in-error'), '');
    assert.equal(await page.evaluate('asked.signIn'), 2);

    const token = await authority.token();
    await tell(page, token);
    await tell(page, token);
    await runs(page, token);
    assert.equal(await text(page, '#who'), 'ada');
  });

  test('a sign-in that comes while the shell still looks for one is not lost', async () => {
    const page = await browser.browser.newPage();
    await page.evaluateOnNewDocument(shell, null);
    await page.evaluateOnNewDocument(() => {
      const page = Object(window);
      page.stillhereDesktop.token = () => new Promise((found) => Object.assign(page, { found }));
    });
    await page.goto(authority.base);
    await page.waitForFunction('window.found');
    const token = await authority.token();
    await tell(page, token);
    await runs(page, token);
    await page.evaluate('found(null)');
    assert.equal(await page.$eval('#sign-in', (part) => part.checkVisibility()), false);
  });

  test('a shell that cannot say who is signed in says why, and the button is there', async () => {
    const page = await browser.browser.newPage();
    await page.evaluateOnNewDocument(shell, null);
    await page.evaluateOnNewDocument(() => {
      Object(window).stillhereDesktop.token = async () => {
        throw new Error('The keychain is locked.');
      };
    });
    await page.goto(authority.base);
    await page.waitForSelector('#open-browser', { visible: true });
    assert.equal(await text(page, '#sign-in-error'), 'The keychain is locked.');
  });

  test('after the end the token that ended is not taken for a new one', async () => {
    const token = await authority.token();
    const page = await openApp(token);
    await runs(page, token);
    await page.click('#sign-out');
    const stage = "[...document.querySelectorAll('stillhere-warning')].find((e) => e.shadowRoot)";
    await page.waitForFunction(`${stage}?.getAttribute('state') === 'ended'`, { polling: 50 });
    await page.evaluate(`${stage}.shadowRoot.querySelector('#sign-in').click()`);
    await page.waitForSelector('#open-browser', { visible: true });

    const next = await authority.token();
    await page.evaluate('asked.attached = []');
    await tell(page, next);
    await runs(page, next);
  });
});
