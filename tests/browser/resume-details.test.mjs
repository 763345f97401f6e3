/** The screen that comes back; what is dropped, what survives a sudden end, what cannot be kept. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import { eachBecomes } from './lib/firefox.mjs';
import {
  eachIsAt,
  eachRuns,
  fill,
  restored,
  saved,
  scenes,
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
const TEXT = 'a sentence that nobody sent';

before(async () => {
  authority = await startAuthority({ idle: '120s', warn: '20s', keepAlive: '5s' });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

const scene = scenes(() => ({ base: authority.base, open: browser.open }));
const side = { concurrency: 3 };

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
      assert.deepEqual(await tab.evaluate('window.went'), ['/kept/app.html?case=7']);
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
      const crashed = new Promise((done) => tab.once('error', done));
      cdp.send('Page.crash').catch(() => {});
      await crashed;
      // It is on its way to the kept address before it has loaded.
      tab.goto(`${s.app}app.html`).catch(() => {});
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

test(
  'of a tab that stands ended it is deleted when another user signs in elsewhere',
  scene(async (s) => {
    const { tab } = s;
    await s.begin({ covers: true, stays: true });
    await fill(tab, { '[name=caller]': TEXT });
    await saved(tab);
    const other = await browser.open(`${s.app}app.html`);
    await eachRuns([other]);
    await tab.evaluate("agent.end('idle')");
    await eachBecomes([tab, other], "document.body.className === 'covered'");
    assert.match(await s.record(), /^e1/);
    await other.goto(`${s.app}sign-in.html`);
    await signIn(other, 'bob');
    await eachBecomes([tab], "window.returned === 'another-user'");
    assert.equal(await s.record(), 'null');
    await other.close();
  }),
);

test(
  'of a user who signs out nothing is written any more',
  scene(async (s) => {
    const { tab } = s;
    await s.begin({ covers: true });
    await fill(tab, { '[name=caller]': TEXT });
    await saved(tab);
    await fill(tab, { '[name=caller]': 'typed a moment before' });
    await tab.evaluate('agent.end()');
    await eachBecomes([tab], "document.body.className === 'covered'");
    await fill(tab, { '[name=unmarked]': 'typed afterwards' });
    await pause(1_300);
    assert.equal(await s.record(), 'null');
  }),
);

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
      await tab.goto(`${authority.base.replace('localhost', 'insecure.test')}/kept/sign-in.html`);
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
