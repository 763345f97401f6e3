/** Which fields are kept and how they are filled again; what is dropped, and what cannot be kept. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import { eachBecomes } from './lib/firefox.mjs';
import {
  appOn,
  eachIsAt,
  eachRuns,
  fill,
  nowhereStored,
  restored,
  saved,
  signIn,
  textIn,
  visit,
  wish,
} from './lib/work.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
let sites = 0;
const TEXT = 'a sentence that nobody sent';

before(async () => {
  authority = await startAuthority({ idle: '120s', warn: '20s', keepAlive: '5s' });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** A tab on a site of its own, so that several tests can stand beside each other. */
class Scene {
  /** @param {Page} tab @param {string} app */
  constructor(tab, app) {
    this.tab = tab;
    this.app = app;
  }

  /** Signs in and goes to where the work is. @param {object} [wanted] what the app is to do */
  async begin(wanted = {}) {
    await wish(this.tab, wanted);
    await signIn(this.tab, 'ada');
    await visit(this.tab, 'app.html?case=7');
  }

  /** Ends the session and signs in again. */
  async again() {
    await this.tab.evaluate("void setTimeout(() => agent.end('idle'))");
    await signIn(this.tab, 'ada');
  }

  /** Waits until work is put back at its own address. */
  async back() {
    await eachBecomes([this.tab], "location.search === '?case=7' && window.restored");
    return restored(this.tab);
  }

  async record() {
    return String(await this.tab.evaluate("sessionStorage.getItem('stillhere/resume')"));
  }
}

/** @param {(scene: Scene) => Promise<void>} play */
const scene = (play) => async () => {
  sites += 1;
  const app = appOn(authority.base, `site-${sites}`);
  const tab = await browser.open(`${app}sign-in.html`);
  try {
    await play(new Scene(tab, app));
  } finally {
    await tab.close();
  }
};
const side = { concurrency: 3 };

describe('fields', side, () => {
  test(
    'of each kind come back, and what is sensitive is nowhere',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      const secrets = {
        '[name=password]': 'the password itself',
        '[name=shown]': 'a password that is shown',
        '[name=code]': 'one-time 123456',
        '[name=card]': '4111 1111 1111 1111',
        '[name=private]': 'marked as private',
        '[name=unmarked]': 'marked as nothing',
        '[name=token]': 'a hidden token',
      };
      await tab.evaluate("document.querySelector('[name=shown]').type = 'text'");
      await fill(tab, {
        '[name=caller]': TEXT,
        '#note [name=id]': 'a field called id',
        textarea: 'two\nlines',
        '[name=topic]': 'two',
        '[name=when]': '2026-11-26',
        '.unnamed ~ .unnamed': 'the second without a name',
        '#rich': 'rich\ntext',
        ...secrets,
      });
      await tab.evaluate(`{
      for (const at of [0, 2]) document.querySelector('[name=tags]').options[at].selected = true;
      document.querySelector('[name=tags]').dispatchEvent(new Event('change', { bubbles: true }));
      document.querySelector('[name=urgent]').click();
      document.querySelector('[value=phone]').click();
    }`);
      await saved(tab);
      await nowhereStored([tab], [TEXT, ...Object.values(secrets)]);
      await s.again();
      const { fields, missing } = await s.back();
      assert.deepEqual(
        await tab.evaluate(`({
        caller: document.querySelector('[name=caller]').value,
        id: document.querySelector('#note [name=id]').value,
        text: document.querySelector('textarea').value,
        topic: document.querySelector('[name=topic]').value,
        tags: [...document.querySelector('[name=tags]').selectedOptions].map(({ value }) => value),
        urgent: document.querySelector('[name=urgent]').checked,
        way: document.querySelector('[name=way]:checked').value,
        when: document.querySelector('[name=when]').value,
        unnamed: [...document.querySelectorAll('.unnamed')].map(({ value }) => value),
        rich: document.querySelector('#rich').innerText,
      })`),
        {
          caller: TEXT,
          id: 'a field called id',
          text: 'two\nlines',
          topic: 'two',
          tags: ['a', 'c'],
          urgent: true,
          way: 'phone',
          when: '2026-11-26',
          unnamed: ['', 'the second without a name'],
          rich: 'rich\ntext',
        },
      );
      assert.deepEqual({ fields, missing }, { fields: 10, missing: [] });
      for (const selector of Object.keys(secrets)) assert.equal(await textIn(tab, selector), '');
    }),
  );

  test(
    'that the app shows later are filled then, unless somebody typed in them',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT, textarea: TEXT });
      await saved(tab);
      await wish(tab, { late: true });
      await s.again();
      await eachBecomes([tab], "location.search === '?case=7' && window.work");
      await pause(500);
      assert.equal(await tab.evaluate('window.restored'), undefined, 'it waits');
      await tab.evaluate(`{
      show();
      const field = document.querySelector('textarea');
      field.value = 'typed by then';
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
      const { fields, missing } = await restored(tab);
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
      assert.equal(await textIn(tab, 'textarea'), 'typed by then');
      assert.equal(fields, 1);
      assert.deepEqual(missing, [{ field: 'text:note/text#1', value: TEXT }]);
    }),
  );

  test(
    'a framework that puts its own property over the value notices',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await tab.evaluate("document.querySelector('[name=urgent]').click()");
      await saved(tab);
      await wish(tab, { controlled: true });
      await s.again();
      await s.back();
      assert.deepEqual(await tab.evaluate('window.model'), { caller: TEXT, urgent: true });
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );

  test(
    'are not filled on another screen that has fields of the same name',
    scene(async (s) => {
      const { tab } = s;
      await s.begin({ router: true });
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await wish(tab, { router: 'elsewhere' });
      await s.again();
      await eachBecomes([tab], "location.search === '?elsewhere'");
      await pause(500);
      assert.equal(await textIn(tab, '[name=caller]'), '');
    }),
  );

  test(
    'that were sent are not kept: forget()',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await tab.evaluate('work.forget()');
      assert.equal(await s.record(), 'null');
      await s.again();
      await eachRuns([tab]);
      await restored(tab);
      assert.equal(await textIn(tab, '[name=caller]'), '');
    }),
  );
});

// By itself: only a tab that is seen hears of its scrolling.
test(
  'the scrolling comes back, of the window and of containers with an id or a mark',
  scene(async (s) => {
    const { tab } = s;
    await s.begin();
    const positions = `[scrollY, document.querySelector('#list').scrollTop, document.querySelector('.list').scrollTop]`;
    await tab.evaluate(`{
    scrollTo(0, 1200);
    document.querySelector('#list').scrollTop = 321;
    document.querySelector('.list').scrollTop = 123;
  }`);
    await saved(tab);
    await s.again();
    const { scroll } = await s.back();
    assert.deepEqual(await tab.evaluate(positions), [1200, 321, 123]);
    assert.equal(scroll, true);
  }),
);

describe('the screen', side, () => {
  test(
    'comes back by the router of the app, which loads nothing',
    scene(async (s) => {
      const { tab } = s;
      await s.begin({ router: true });
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await s.again();
      await s.back();
      assert.deepEqual(await tab.evaluate('window.went'), ['/work/app.html?case=7']);
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );

  test(
    'stays what it is for who goes from page to page',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await visit(tab, 'app.html?case=8');
      assert.equal((await restored(tab)).outcome, 'nothing');
      assert.equal(await tab.evaluate('location.search'), '?case=8');
      assert.equal(await textIn(tab, '[name=caller]'), '');
    }),
  );

  test(
    'comes back after a crash of the tab',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      const cdp = await tab.createCDPSession();
      cdp.send('Page.crash').catch(() => {});
      await pause(300);
      await tab.goto(`${s.app}app.html`);
      await s.back();
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );

  test(
    'a window that the app opens gets a copy of the storage, and none of the text',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      const opened = new Promise((done) => tab.once('popup', done));
      await tab.evaluate("void window.open('app.html?popup')");
      const popup = /** @type {Page} */ (await opened);
      await eachRuns([popup]);
      assert.equal((await restored(popup)).outcome, 'in-another-tab');
      assert.equal(await popup.evaluate('location.search'), '?popup');
      assert.equal(await textIn(popup, '[name=caller]'), '');
      await popup.close();
      await s.again();
      await s.back();
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );
});

describe('what is dropped', side, () => {
  test(
    'what nobody came back for in time',
    scene(async (s) => {
      const { tab } = s;
      await s.begin({ options: { forMs: 60_000 } });
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await wish(tab, { aheadMs: 61_000 });
      await s.again();
      await eachRuns([tab]);
      const { outcome, fields } = await restored(tab);
      assert.deepEqual({ outcome, fields }, { outcome: 'expired', fields: 0 });
      assert.equal(await tab.evaluate('location.search'), '');
    }),
  );

  test(
    'what was changed: one fault, and nothing is shown',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await tab.evaluate("void setTimeout(() => agent.end('idle'))");
      await eachIsAt([tab], 'sign-in.html');
      const changed = JSON.stringify((await s.record()).replace(/....(..)$/, 'AAAA$1'));
      await tab.evaluate(`sessionStorage.setItem('stillhere/resume', ${changed})`);
      await signIn(tab, 'ada');
      const { outcome, fields } = await restored(tab);
      assert.deepEqual({ outcome, fields }, { outcome: 'damaged', fields: 0 });
      await eachBecomes([tab], 'record.length');
      assert.deepEqual(await tab.evaluate('record'), ['damaged']);
      assert.equal(await tab.evaluate('work.keeps'), true, 'it keeps what comes');
      assert.equal(await textIn(tab, '[name=caller]'), '');
    }),
  );

  test(
    'of a user with another secret, by the same id',
    scene(async (s) => {
      const { tab } = s;
      await s.begin({ options: { secret: 'the first secret' } });
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await wish(tab, { options: { secret: 'the other secret' } });
      await s.again();
      assert.equal((await restored(tab)).outcome, 'another-user');
    }),
  );
});

describe('when the end is sudden', side, () => {
  test(
    'what is older than a second is kept, though nothing can be sealed any more',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': TEXT });
      await saved(tab);
      await tab.evaluate(`{
      crypto.subtle.encrypt = () => new Promise(() => {});
      const field = document.querySelector('[name=caller]');
      field.value = 'too late';
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
      await s.again();
      await s.back();
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );
});

describe('what cannot be kept is said once, and everything else works', side, () => {
  /** @param {Page} tab */
  const faults = async (tab) => {
    await eachBecomes([tab], 'record.length');
    await fill(tab, { '[name=caller]': TEXT });
    await pause(1_200);
    await fill(tab, { '[name=caller]': `${TEXT}!` });
    await pause(1_200);
    assert.equal(await tab.evaluate('agent.status.phase'), 'active');
    assert.equal(await tab.evaluate('work.keeps'), false);
    return tab.evaluate('record');
  };

  test(
    'storage that is blocked',
    scene(async (s) => {
      const { tab } = s;
      await wish(tab, { blocked: true });
      await signIn(tab, 'ada');
      assert.deepEqual(await faults(tab), ['storage-blocked']);
      assert.equal((await restored(tab)).outcome, 'nothing');
    }),
  );

  test(
    'a page without Web Crypto',
    scene(async (s) => {
      const { tab } = s;
      await tab.goto(`${authority.base.replace('localhost', 'insecure.test')}/work/sign-in.html`);
      await signIn(tab, 'ada');
      assert.deepEqual(await faults(tab), ['insecure']);
      assert.equal((await restored(tab)).outcome, 'nothing');
    }),
  );

  test(
    'storage that is full, until there is room',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      await fill(tab, { '[name=caller]': 'before it was full' });
      await saved(tab);
      await tab.evaluate(`{
      let size = 4_000_000;
      for (let n = 0; size > 10; n += 1) {
        try {
          sessionStorage.setItem('other-' + n, 'x'.repeat(size));
        } catch {
          size = size >> 1;
        }
      }
    }`);
      const before = await s.record();
      await fill(tab, { textarea: 'much '.repeat(1_000) });
      assert.deepEqual(await faults(tab), ['storage-full']);
      assert.equal(await s.record(), before, 'what was kept stays');
      await tab.evaluate("sessionStorage.removeItem('other-0')");
      await fill(tab, { '[name=caller]': TEXT });
      await eachBecomes([tab], 'work.keeps && work.fault === null');
      await s.again();
      await s.back();
      assert.equal(await textIn(tab, '[name=caller]'), TEXT);
    }),
  );
});
