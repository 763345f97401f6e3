/** axe-core finds nothing: in the warning in every state and look, and on every page of www. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { ADMIN, startAuthority } from './lib/authority.mjs';
import { startChromium } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { become, showsState, warningPage } from './lib/warning-page.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {Page | import('puppeteer-core').Frame} Place */

const AXE = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const WIDTHS = [360, 1280];
const SCHEMES = ['light', 'dark'];

/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
before(async () => {
  browser = await startChromium();
});
after(() => browser?.close());

/** What axe finds, in words. @param {Place} place @param {string} where */
async function findsNothing(place, where) {
  if (!(await place.evaluate('Boolean(window.axe)'))) await place.evaluate(AXE);
  const found = await place.evaluate(`axe.run(document, { iframes: false }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, any }) =>
      target.join(' ') + ' ' + (any[0]?.message ?? '')).join('; ')))`);
  assert.deepEqual(found, [], where);
}

/**
 * Over a backdrop axe cannot tell what is behind a text, and leaves it open: contrast as WCAG 2.2 reckons it.
 * @param {Place} place @param {string} where
 */
async function isReadable(place, where) {
  const ratios = /** @type {[string, number][]} */ (
    await place.evaluate(`(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const luminance = (color) => {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const stage = [...document.querySelectorAll('stillhere-warning')].find((e) => e.shadowRoot);
    const paper = getComputedStyle(stage.shadowRoot.querySelector('dialog')).backgroundColor;
    return [...stage.shadowRoot.querySelectorAll('[part]')]
      .filter((part) => part.localName !== 'dialog' && !part.hidden)
      .map((part) => {
        const { color, backgroundColor } = getComputedStyle(part);
        const back = backgroundColor === 'rgba(0, 0, 0, 0)' ? paper : backgroundColor;
        const [dark, light] = [luminance(color), luminance(back)].sort((a, b) => a - b);
        return [part.id, (light + 0.05) / (dark + 0.05)];
      });
  })()`)
  );
  assert.ok(ratios.length >= 2, where);
  for (const [part, ratio] of ratios) assert.ok(ratio >= 4.5, `${where}: ${part} has ${ratio}`);
}

/** In both widths and both schemes. @param {Page} page @param {string} what @param {Place} [place] */
async function findsNothingAnywhere(page, what, place = page) {
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 800 });
    for (const value of SCHEMES) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      await findsNothing(place, `${what}, ${width} px, ${value}`);
      const hasDialog =
        "[...document.querySelectorAll('stillhere-warning')].some((e) => e.shadowRoot)";
      if (await place.evaluate(hasDialog))
        await isReadable(place, `${what}, ${width} px, ${value}`);
    }
  }
}

describe('the warning', () => {
  /** @type {Awaited<ReturnType<typeof startAuthority>>} */
  let authority;
  before(async () => {
    authority = await startAuthority({});
  });
  after(() => authority?.stop());

  for (const lang of ['en', 'ar']) {
    test(`in ${lang}, in every state`, async () => {
      const page = await browser.open(warningPage(authority.base, { options: { lang } }), 'window');
      await become(page, 'checking', { remainingMs: 0 });
      await showsState(page, 'checking');
      await findsNothingAnywhere(page, 'checking');
      await become(page, 'warning', { remainingMs: 30_000 });
      await showsState(page, 'warning');
      await findsNothingAnywhere(page, 'warning');
      await page.evaluate(`agent.dispatchEvent(
        new CustomEvent('fault', { detail: { code: 'authority-unreachable' } }))`);
      await findsNothingAnywhere(page, 'offline');
      await become(page, 'ended', { endedBecause: 'authority-unreachable' });
      await showsState(page, 'ended');
      await findsNothingAnywhere(page, 'ended');
      await page.close();
    });
  }

  test('in forced colours, where its buttons and its edge are still there', async () => {
    const page = await browser.open(warningPage(authority.base), 'window');
    const cdp = await page.createCDPSession();
    await cdp.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'forced-colors', value: 'active' }],
    });
    for (const [phase, more] of /** @type {const} */ ([
      ['warning', { remainingMs: 30_000 }],
      ['ended', { endedBecause: 'idle' }],
    ])) {
      await become(page, phase, more);
      await showsState(page, phase);
      assert.equal(await page.evaluate("matchMedia('(forced-colors: active)').matches"), true);
      await findsNothing(page, phase);
      const edges = await page.evaluate(`['dialog', 'stay', 'sign-in'].map((name) => part(name))
        .filter((part) => !part.hidden).map((part) => getComputedStyle(part).borderTopWidth)`);
      // Its words are not hidden by a plate in the colour of the button.
      const button = `getComputedStyle(part('${phase === 'ended' ? 'sign-in' : 'stay'}'))`;
      assert.equal(await page.evaluate(`${button}.forcedColorAdjust`), 'none');
      assert.ok(/** @type {string[]} */ (edges).every((edge) => Number.parseInt(edge, 10) >= 1));
    }
    await page.close();
  });

  test('moves nothing, and fits where there is little room', async () => {
    const page = await browser.open(
      warningPage(authority.base, { options: { lang: 'de' } }),
      'window',
    );
    await page.setViewport({ width: 320, height: 256 });
    await become(page, 'warning', { remainingMs: 30_000 });
    await showsState(page, 'warning');
    assert.deepEqual(await page.evaluate('document.getAnimations({ subtree: true }).length'), 0);
    const fits = await page.evaluate(`(() => {
      const { left, right, top, bottom } = part('dialog').getBoundingClientRect();
      part('sign-out').scrollIntoView();
      return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    })()`);
    assert.equal(fits, true);
    await page.close();
  });
});

describe('the pages of www', () => {
  /** @type {Awaited<ReturnType<typeof startAuthority>>} */
  let authority;
  before(async () => {
    const www = path.join(root, 'www');
    authority = await startAuthority({ idle: '60s', warn: '20s', www });
  });
  after(() => authority?.stop());

  /** @param {string} url */
  async function open(url) {
    const page = await browser.browser.newPage({ type: 'window' });
    await page.goto(url);
    return page;
  }

  /** @param {Place} place */
  async function signIn(place) {
    await place.waitForSelector('#sign-in-name', { visible: true });
    await place.type('#sign-in-name', 'Ada');
    await place.click('#sign-in-form button');
    await place.waitForFunction("window.agent?.status.phase === 'active'", { polling: 50 });
  }

  test('sign-in, desk, and the end with its way back in', async () => {
    const page = await open(authority.base);
    await page.waitForSelector('#sign-in-name', { visible: true });
    await findsNothingAnywhere(page, 'sign-in');
    await signIn(page);
    await findsNothingAnywhere(page, 'desk');
    await page.type('#note', 'Called about Friday');
    await page.click('#sign-out');
    const stage = "[...document.querySelectorAll('stillhere-warning')].find((e) => e.shadowRoot)";
    await page.waitForFunction(`${stage}?.getAttribute('state') === 'ended'`, { polling: 50 });
    const text = String(await page.evaluate(`${stage}.shadowRoot.textContent`));
    assert.match(text, /See you soon\. This tab ended at [\d:]+\.(?! The note)/);
    await findsNothingAnywhere(page, 'ended');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#sign-in-name', { visible: true });
    assert.equal(await page.evaluate('document.title'), 'Sign in · Stillhere');
    await page.close();
  });

  test('the administrator’s page', async () => {
    await authority.token('ann');
    const page = await open(`${authority.base}/admin/`);
    await page.waitForSelector('#token');
    await findsNothingAnywhere(page, 'sign-in');
    await page.type('#token', ADMIN);
    await page.click('#sign-in-button');
    for (const place of ['sessions', 'ends', 'policy', 'policy/users/ann', 'audit']) {
      await page.evaluate(`location.hash = '${place}'`);
      await page.waitForNetworkIdle({ idleTime: 150 });
      await findsNothingAnywhere(page, place);
    }
    await page.evaluate("location.hash = 'sessions'");
    await (await page.waitForSelector('tr[data-id] a'))?.click();
    await page.waitForSelector('.detail');
    await findsNothingAnywhere(page, 'one session');
    await page.close();
  });

  test('the page that signs in to the desktop app, and the app before that', async () => {
    const asked = new URLSearchParams({
      response_type: 'code',
      client_id: 'stillhere-desktop',
      redirect_uri: 'stillhere://signed-in',
      state: 'state',
      code_challenge: 'A'.repeat(43),
      code_challenge_method: 'S256',
    });
    const address = `${authority.base}/desktop/?${asked}`;
    const page = await open(`${authority.base}/desktop/`);
    await page.waitForFunction("document.querySelector('#lead').textContent");
    await findsNothingAnywhere(page, 'a wrong address');
    await page.evaluate('localStorage.clear()');
    await page.goto(address);
    await page.waitForSelector('#sign-in-name', { visible: true });
    await findsNothingAnywhere(page, 'name');
    // Names without a space are the widest.
    await page.type('#sign-in-name', 'W'.repeat(64));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#done a', { visible: true });
    await findsNothingAnywhere(page, 'signed in');
    // A text in the colour of what is behind it is taken by axe for a hidden one.
    const [ink, paper] = await page.$eval('#done a', (link) => {
      const { color, backgroundColor } = getComputedStyle(link);
      return [color, backgroundColor];
    });
    assert.notEqual(ink, paper);
    const again = await open(address);
    await again.waitForSelector('#go-on', { visible: true });
    await again.setViewport({ width: 360, height: 800 });
    const fits = 'document.documentElement.scrollWidth <= innerWidth';
    assert.equal(await again.evaluate(fits), true);
    await findsNothingAnywhere(again, 'continue');
    await again.evaluateOnNewDocument(() => {
      const token = async () => null;
      const shell = Object.assign(new EventTarget(), { token, signIn: async () => undefined });
      Object.assign(window, { stillhereDesktop: shell });
    });
    await again.goto(authority.base);
    await again.click('#open-browser');
    await findsNothingAnywhere(again, 'the app');
    await again.evaluate('localStorage.clear()');
    await page.close();
    await again.close();
  });

  test('the page that embeds the desk, and the desk in it', async () => {
    const page = await open(`${onSite(authority.base, 'crm')}/`);
    const frame = /** @type {Place} */ (
      await frameIn(page, { address: 'http', condition: "document.getElementById('sign-in-form')" })
    );
    await findsNothingAnywhere(page, 'host');
    await signIn(frame);
    await findsNothingAnywhere(page, 'desk in a frame', frame);
    await page.close();
  });
});
