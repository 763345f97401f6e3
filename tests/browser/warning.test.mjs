/** The warning by keyboard and pointer, in every engine (docs/warning.md). */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows } from './lib/chromium.mjs';
import { engine, startBrowser, unless, withoutMouse } from './lib/engine.mjs';
import {
  become,
  focusedPart,
  isGone,
  partsOf,
  showsState,
  warningPage,
} from './lib/warning-page.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {any} */
let page;

before(async () => {
  authority = await startAuthority({ idle: '6s', warn: '4s', keepAlive: '1s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(() => page?.close());

/** @param {object} [options] */
async function openWarned(options = {}) {
  const token = await authority.token();
  page = await browser.open(warningPage(authority.base, { token, options }));
  await page.bringToFront();
}

/** @param {object} [options] */
async function openFake(options = {}) {
  page = await browser.open(warningPage(authority.base, { options }));
  await page.bringToFront();
}

describe('by keyboard', () => {
  test('a key answers, nothing of it reaches the page, and the caret is where it was', async () => {
    await openWarned();
    await page.focus('#notes');
    await page.keyboard.type('seven');
    await page.evaluate("document.getElementById('notes').setSelectionRange(1, 3)");
    await showsState(page, 'warning');
    assert.equal(await focusedPart(page), 'stay');
    const { title, stay, time } = await partsOf(page);
    assert.equal(title, 'Are you still here?');
    assert.equal(stay, 'I’m here');
    assert.match(time, /^00:0\d$/);
    // WebKit stretches the rows of a modal grid over the height of the window, unless told otherwise.
    const tall = await page.evaluate("part('stay').offsetHeight");
    assert.ok(tall > 20 && tall < 80, `the button is ${tall} pixels tall`);
    await page.keyboard.press('x');
    await isGone(page);
    await eachShows([page], 'active');
    const field = "document.getElementById('notes')";
    assert.deepEqual(
      await page.evaluate(
        `[document.activeElement.id, ${field}.value, ${field}.selectionStart, ${field}.selectionEnd]`,
      ),
      ['notes', 'seven', 1, 3],
    );
  });

  test('Enter on the button answers, and presses nothing on the page', async () => {
    await openWarned();
    await page.focus('#save');
    await showsState(page, 'warning');
    await page.keyboard.press('Enter');
    await isGone(page);
    assert.deepEqual(await page.evaluate('[document.activeElement.id, saved]'), ['save', 0]);
    await eachShows([page], 'active');
    assert.equal(await page.evaluate('agent.status.counts.keystrokes'), 1);
  });

  test('Escape answers, and the next warning comes again', async () => {
    await openWarned();
    await page.focus('#notes');
    for (const _ of [1, 2]) {
      await showsState(page, 'warning');
      await page.keyboard.press('Escape');
      await isGone(page);
      await eachShows([page], 'active');
    }
  });

  test('Tab goes to the other button, and Enter there signs out; by key back in, too', async () => {
    await openWarned({ signIn: '/page.js?in' });
    await page.focus('#notes');
    await showsState(page, 'warning');
    await page.keyboard.press('Tab');
    assert.equal(await focusedPart(page), 'sign-out');
    await eachShows([page], 'active', 2_000);
    assert.equal(await page.evaluate('isOpen()'), true, 'who goes on in it keeps it');
    if (engine === 'chromium') {
      // Beyond the last button is the browser, not the page: that Tab answers, as any other key.
      await page.keyboard.press('Tab');
      await isGone(page);
      await page.waitForFunction("document.activeElement.id === 'notes'");
      await showsState(page, 'warning');
      await page.keyboard.press('Tab');
      assert.equal(await focusedPart(page), 'sign-out');
    }
    await page.keyboard.press('Enter');
    await showsState(page, 'ended');
    assert.equal((await partsOf(page)).text, 'You signed out, here or in another tab.');
    assert.equal(await focusedPart(page), 'title');
    await page.keyboard.press('Tab');
    assert.equal(await focusedPart(page), 'sign-in');
    await page.keyboard.press('Enter');
    await page.waitForFunction("location.search === '?in'");
  });
});

describe('by pointer', { skip: withoutMouse }, () => {
  /** @param {string} name */
  const middleOf = (name) =>
    page.evaluate(`(() => {
      const { left, top, width, height } = part('${name}').getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    })()`);

  test('a click on the button answers, and clicks nothing beneath it', async () => {
    await openWarned();
    await page.evaluate(`Object.assign(document.getElementById('save').style,
      { position: 'fixed', inset: '0', width: '100vw', height: '100vh' })`);
    await showsState(page, 'warning');
    const [x, y] = await middleOf('stay');
    await page.mouse.click(x, y);
    await isGone(page);
    assert.equal(await page.evaluate('saved'), 0);
    await eachShows([page], 'active');
  });

  test('a click beside the dialog answers; one on "Sign out now" signs out', async () => {
    await openWarned();
    await showsState(page, 'warning');
    await page.mouse.click(5, 5);
    await isGone(page);
    await eachShows([page], 'active');
    await showsState(page, 'warning');
    const [x, y] = await middleOf('sign-out');
    await page.mouse.click(x, y);
    await showsState(page, 'ended');
    assert.equal(await page.evaluate('agent.status.endedBecause'), 'signed-out');
  });
});

test('scripted events answer nothing; a script may do no more than the app itself', async () => {
  await openFake();
  await become(page, 'warning', { remainingMs: 30_000 });
  await showsState(page, 'warning');
  await page.evaluate(`for (const [type, Kind] of [['keydown', KeyboardEvent], ['pointerdown', PointerEvent]]) {
    part('stay').dispatchEvent(new Kind(type, { bubbles: true, composed: true, key: 'Enter' }));
  }
  part('stay').click();
  part('dialog').dispatchEvent(new Event('cancel', { cancelable: true }));`);
  assert.deepEqual(await page.evaluate('[agent.said, isOpen()]'), [[], true]);
  await page.keyboard.press('x');
  await page.waitForFunction("agent.said.includes('stay')");
});

test('at the end everything is covered in the same breath, and what comes later too', async () => {
  await openFake();
  const covered = await page.evaluate(`(() => {
    document.getElementById('app-dialog').showModal();
    document.getElementById('app-popover').showPopover?.();
    agent.become('ended', { endedBecause: 'revoked' });
    return [isBare(), document.title];
  })()`);
  assert.deepEqual(covered, [true, new URL(authority.base).host]);
  await showsState(page, 'ended');
  await page.evaluate(`document.title = 'Ada Sample, again';
    document.body.insertAdjacentElement('beforeend', document.createElement('p')).textContent = 'Late';
    const late = document.body.appendChild(document.createElement('dialog'));
    late.textContent = 'Late';
    late.showModal();`);
  await page.waitForFunction("document.title === 'You are signed out'");
  assert.equal(await page.evaluate('isBare()'), true);
  await page.waitForFunction("document.querySelector('dialog:last-of-type').open && stage()");
  // A dialog of the app that opened last would hold the keys, though nobody sees it.
  await page.waitForFunction(
    'document.elementFromPoint(innerWidth / 2, innerHeight / 2) === stage()',
    { timeout: 3_000 },
  );
});

test('an agent that was taken away takes dialog and cover along', async () => {
  await openFake();
  await become(page, 'ended', { endedBecause: 'idle' });
  await showsState(page, 'ended');
  await page.evaluate('warning.agent = undefined');
  assert.deepEqual(await page.evaluate('[isOpen(), isBare(), !stage()]'), [false, false, true]);
  await page.evaluate('agent.become("warning")');
  assert.equal(await page.evaluate('Boolean(stage())'), false, 'nothing is hooked any more');
});

const unrestored = unless({
  firefox: 'Its driver waits for a load that a restored page has not: see firefox.test.mjs.',
  webkit: 'Under its driver a page that is gone back to is loaded anew.',
});
test('a page from the back/forward cache is covered until it is known', {
  skip: unrestored,
}, async () => {
  await openWarned();
  const before = page.url();
  await page.evaluate(`addEventListener('pageshow', ({ persisted }) => {
    window.restored = persisted && [isBare(), agent.status.phase];
  })`);
  await page.goto(`${authority.base}/page.js`);
  await page.goBack();
  assert.equal(page.url(), before);
  assert.deepEqual(await page.evaluate('restored'), [true, 'checking']);
  await page.waitForFunction("agent.status.phase !== 'checking'");
  assert.equal(await page.evaluate('isBare()'), false);
});
