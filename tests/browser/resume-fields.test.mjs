/** Which fields are kept, and how they are filled again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startChromium } from './lib/chromium.mjs';
import { eachBecomes } from './lib/firefox.mjs';
import {
  eachRuns,
  fill,
  nowhereStored,
  restored,
  saved,
  scenes,
  textIn,
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

describe('fields', side, () => {
  test(
    'of each kind come back, and what is sensitive is nowhere',
    scene(async (s) => {
      const { tab } = s;
      await s.begin();
      const secrets = {
        '[name=password]': 'the password itself',
        '[name=shown]': 'a password that is shown',
        '.nameless': 'another that is shown',
        '[name=code]': 'one-time 123456',
        '[name=card]': '4111 1111 1111 1111',
        '[name=private]': 'marked as private',
        '[name=unmarked]': 'marked as nothing',
        '[name=token]': 'a hidden token',
      };
      // "Show password": of one without a name the type is changed, of the other the field.
      await fill(tab, { '[name=shown]': 'p', '.nameless': 'p' });
      await tab.evaluate(`{
        document.querySelector('.nameless').type = 'text';
        const shown = Object.assign(document.createElement('input'), { name: 'shown' });
        document.querySelector('[name=shown]').replaceWith(shown);
        const late = Object.assign(document.createElement('input'), { type: 'password' });
        document.querySelector('#note').append(late);
        late.type = 'text';
        late.className = 'late';
      }`);
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
      await fill(tab, { '.late': 'typed when it was shown' });
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
