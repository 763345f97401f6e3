/** What a screen reader gets of the warning: the accessibility tree, over a whole countdown (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import { become, showsState, warningPage } from './lib/warning-page.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;

before(async () => {
  authority = await startAuthority({ idle: '22s', warn: '20s', keepAlive: '2s' });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/**
 * The dialog and the live region as the browser hands them to a screen reader.
 * @param {import('puppeteer-core').CDPSession} cdp
 */
async function treeOf(cdp) {
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const seen = nodes.filter(({ ignored }) => !ignored);
  /** @param {string} role */
  const find = (role) => seen.find((node) => node.role?.value === role);
  /** @param {any} node @returns {string} */
  const textOf = (node) =>
    node?.name?.value ||
    (node?.childIds ?? [])
      .map((/** @type {string} */ id) => textOf(nodes.find(({ nodeId }) => nodeId === id)))
      .join('');
  /** @param {any} node @param {string} name */
  const property = (node, name) =>
    node?.properties?.find((/** @type {any} */ each) => each.name === name)?.value.value;
  const dialog = find('alertdialog');
  const status = find('status');
  const timer = find('timer');
  return {
    name: dialog?.name?.value,
    description: dialog?.description?.value,
    isModal: property(dialog, 'modal'),
    polite: property(status, 'live'),
    said: textOf(status),
    timer: { live: property(timer, 'live'), text: textOf(timer) },
    focused: seen.find((node) => property(node, 'focused') && node.role?.value !== 'RootWebArea')
      ?.name?.value,
    others: seen.filter(({ role }) => role?.value === 'textbox').length,
  };
}

/** @param {string} lang */
async function transcript(lang) {
  const token = await authority.token(lang);
  const url = warningPage(authority.base, { token, options: { lang } });
  const page = await browser.open(url, 'window');
  const cdp = await page.createCDPSession();
  await cdp.send('Accessibility.enable');
  await showsState(page, 'warning');
  const opened = await treeOf(cdp);
  /** @type {string[]} */
  const said = [];
  while ((await page.evaluate("stage()?.getAttribute('state')")) !== 'ended') {
    const { said: words } = await treeOf(cdp);
    if (words && words !== said.at(-1)) said.push(words);
    await pause(150);
  }
  await pause(300);
  const ended = await treeOf(cdp);
  said.push(ended.said);
  await page.close();
  return { opened, said, ended };
}

describe('a countdown of 20 s, as it is heard', { concurrency: 2 }, () => {
  test('in English', async () => {
    const { opened, said, ended } = await transcript('en');
    assert.deepEqual(
      { ...opened, said: '', timer: opened.timer.live ?? 'off' },
      {
        name: 'Are you still here?',
        description:
          'At zero you are signed out. Any key, click or tap keeps you signed in, in every tab.',
        isModal: true,
        polite: 'polite',
        said: '',
        timer: 'off',
        focused: 'I’m here',
        others: 0,
      },
    );
    assert.deepEqual(said, [
      'You will be signed out in 20 seconds.',
      'You will be signed out in 10 seconds.',
      'You will be signed out in 5 seconds.',
      'You are signed out Nobody was active for too long.',
    ]);
    assert.equal(ended.name, 'You are signed out');
    assert.equal(ended.description, 'Nobody was active for too long.');
    assert.equal(ended.focused, 'You are signed out');
  });

  test('in German', async () => {
    const { opened, said, ended } = await transcript('de-CH');
    assert.equal(opened.name, 'Sind Sie noch da?');
    assert.equal(opened.focused, 'Ich bin da');
    assert.deepEqual(said, [
      'Sie werden in 20 Sekunden abgemeldet.',
      'Sie werden in 10 Sekunden abgemeldet.',
      'Sie werden in 5 Sekunden abgemeldet.',
      'Sie sind abgemeldet Zu lange war niemand aktiv.',
    ]);
    assert.equal(ended.name, 'Sie sind abgemeldet');
  });

  test('longer ones are told in minutes first, none twice within 4 s, and more time at once', async () => {
    const page = await browser.open(warningPage(authority.base), 'window');
    const words = [];
    for (const remainingMs of [299_500, 120_000, 61_000, 59_900, 31_000, 30_000, 10_000, 299_000]) {
      await become(page, 'warning', { remainingMs });
      await showsState(page, 'warning');
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await pause(150);
      words.push(await page.evaluate("part('status').textContent"));
    }
    await page.close();
    assert.deepEqual(words, [
      'You will be signed out in 5 minutes.',
      'You will be signed out in 2 minutes.',
      'You will be signed out in 2 minutes.',
      'You will be signed out in 1 minute.',
      'You will be signed out in 1 minute.',
      'You will be signed out in 30 seconds.',
      'You will be signed out in 10 seconds.',
      'You will be signed out in 5 minutes.',
    ]);
  });
});

describe('languages', { concurrency: 4 }, () => {
  const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'ja', 'zh', 'ko', 'ar'];
  const PARTS = ['time', 'title', 'text', 'offline', 'stay', 'sign-out', 'sign-in'];

  for (const lang of LANGUAGES) {
    test(`${lang} has every text, and a phrase for each time`, async () => {
      const page = await browser.open(warningPage(authority.base, { options: { lang } }));
      /** @type {Set<string>} */
      const words = new Set();
      const note = async () => {
        const texts = await page.evaluate(
          `${JSON.stringify(PARTS)}.map((name) => part(name)).filter((e) => !e.hidden).map((e) => e.textContent)`,
        );
        for (const text of /** @type {string[]} */ (texts)) {
          assert.doesNotMatch(text, /undefined|\{|^$/);
          words.add(text);
        }
      };
      await page.setOfflineMode(false);
      await become(page, 'warning', { remainingMs: 60_000 });
      await showsState(page, 'warning');
      await page.evaluate(`agent.dispatchEvent(
        new CustomEvent('fault', { detail: { code: 'authority-unreachable' } }))`);
      await note();
      const phrases = new Set();
      for (const seconds of [60, 20, 5, 2, 1]) {
        // Anew each time, since the steps are not all of these.
        await become(page, 'active');
        await page.waitForFunction('!isOpen()', { polling: 20 });
        await become(page, 'warning', { remainingMs: seconds * 1000 });
        await showsState(page, 'warning');
        await page.waitForFunction("part('status').textContent", { polling: 20 });
        const phrase = await page.evaluate("part('status').textContent");
        assert.doesNotMatch(String(phrase), /undefined|\{/);
        phrases.add(phrase);
      }
      assert.equal(phrases.size, 5, [...phrases].join(' | '));
      const reasons = [
        'idle',
        'schedule',
        'revoked',
        'signed-out',
        'authority-unreachable',
        'token-missing',
      ];
      for (const endedBecause of reasons) {
        await become(page, 'ended', { endedBecause });
        await showsState(page, 'ended');
        await note();
      }
      assert.deepEqual(await page.evaluate("[part('dialog').lang, part('dialog').dir]"), [
        lang,
        lang === 'ar' ? 'rtl' : 'ltr',
      ]);
      // Time, 2 titles, text, offline, 3 buttons, 6 reasons.
      assert.equal(words.size, 14, [...words].join(' | '));
      await page.close();
    });
  }

  test('is the one asked for, or the document’s, or the browser’s, whatever its region', async () => {
    const page = await browser.open(warningPage(authority.base));
    /** @param {string} own @param {string} document @param {string[]} others */
    const shown = async (own, document, others, texts = {}) => {
      await become(page, 'active');
      await page.waitForFunction('!isOpen()', { polling: 20 });
      await page.evaluate(`warning.lang = '${own}'; document.documentElement.lang = '${document}';
        warning.texts = ${JSON.stringify(texts)};
        Object.defineProperty(navigator, 'languages', { value: ${JSON.stringify(others)}, configurable: true });`);
      await become(page, 'warning', { remainingMs: 20_000 });
      await showsState(page, 'warning');
      return page.evaluate("part('dialog').lang");
    };
    assert.equal(await shown('pt-BR', 'de', ['fr']), 'pt');
    assert.equal(await shown('', 'de_AT', ['fr']), 'de');
    assert.equal(await shown('', 'sv', ['da', 'fr-CA']), 'fr');
    assert.equal(await shown('', '', []), 'en');
    const texts = { warning: 'Är du kvar?', left: 'Du loggas ut {time}.' };
    assert.equal(await shown('sv', 'de', [], texts), 'sv');
    await page.waitForFunction("part('status').textContent === 'Du loggas ut om 20 sekunder.'", {
      polling: 20,
    });
    await page.close();
  });
});
