/**
 * Input within the page: frames of its own origin, shadow roots, and clicks into frames of another
 * origin, where the app asks for them (docs/contract.md, section 1, `count` and `frames`).
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, statusOf } from './lib/chromium.mjs';
import { onSite } from './lib/embed.mjs';
import { startBrowser, withoutMouse } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page} */
let tab;

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '5s', keepAlive: '1s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(() => tab?.close());

/** @param {object} options */
async function open(options) {
  const query = `token=${await authority.token()}&options=${JSON.stringify(options)}`;
  tab = await browser.open(`${authority.base}/?${query}`);
  // What is pressed sooner waits for the first answer.
  await eachShows([tab], 'active');
}

/** Adds a frame to the page and waits until it has loaded. @param {string} src */
async function embed(src, into = 'document.body') {
  await tab.evaluate(`new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.src = '${src}';
    frame.onload = done;
    (${into}).append(frame);
  })`);
  await pause(300);
  return /** @type {import('puppeteer-core').Frame} */ ((await tab.frames()).at(-1));
}

const counted = async () => {
  const { counts } = await statusOf(tab);
  return [counts.keystrokes, counts.clicks];
};

test('input in a frame of the same origin counts, and in one within it', async () => {
  await open({ frames: 'same-origin' });
  const frame = await embed('/host.html');
  await frame.focus('#notes');
  await tab.keyboard.press('a');
  assert.deepEqual(await counted(), [1, 0]);
  await frame.evaluate(`new Promise((done) => embed('/host.html').onload = done)`);
  const [inner] = await frame.childFrames();
  await inner?.waitForFunction('window.ready');
  await inner?.focus('#notes');
  await tab.keyboard.press('b');
  assert.deepEqual(await counted(), [2, 0]);
});

test('a press of the pointer there counts as well', { skip: withoutMouse }, async () => {
  await open({ frames: 'same-origin' });
  const frame = await embed('/host.html');
  await (await frame.$('#notes'))?.click();
  assert.deepEqual(await counted(), [0, 1]);
});

test('also after the frame has gone to another page', async () => {
  await open({ frames: 'same-origin' });
  const frame = await embed('/host.html');
  await frame.goto(`${authority.base}/host.html?again`);
  await frame.focus('#notes');
  await tab.keyboard.press('a');
  assert.deepEqual(await counted(), [1, 0]);
});

test('what a script does there counts for nothing, nor does anything unless it is asked for', async () => {
  await open({ frames: 'same-origin' });
  const frame = await embed('/host.html');
  await frame.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }))");
  assert.deepEqual(await counted(), [0, 0]);
  await tab.close();
  await open({});
  const other = await embed('/host.html');
  await other.focus('#notes');
  await tab.keyboard.press('a');
  assert.deepEqual(await counted(), [0, 0]);
});

test('only the kinds that count', { skip: withoutMouse }, async () => {
  await open({ frames: 'same-origin', count: { clicks: false } });
  const frame = await embed('/host.html');
  await (await frame.$('#notes'))?.click();
  await tab.keyboard.press('a');
  assert.deepEqual(await counted(), [1, 0]);
});

test('after close() nothing in a frame is heard', async () => {
  await open({ frames: 'same-origin' });
  const frame = await embed('/host.html');
  await frame.focus('#notes');
  await tab.keyboard.press('a');
  await tab.evaluate('agent.close()');
  await tab.keyboard.press('b');
  assert.deepEqual(await counted(), [1, 0]);
});

test('input in shadow roots counts as any other, open or closed', async () => {
  await open({});
  for (const mode of ['open', 'closed']) {
    await tab.evaluate(`{
      const host = document.createElement('div');
      const input = document.createElement('input');
      host.attachShadow({ mode: '${mode}' }).append(input);
      document.body.append(host);
      input.focus();
    }`);
    await tab.keyboard.press('a');
  }
  assert.deepEqual(await counted(), [2, 0]);
});

const intoOther = 'a click into a frame of another origin counts as one, if the app asks for it';
test(intoOther, { skip: withoutMouse }, async () => {
  const other = onSite(authority.base, 'other');
  for (const frameFocus of [true, false]) {
    await open({ count: { frameFocus } });
    const frame = await embed(`${other}/host.html`);
    await frame.waitForFunction('window.ready');
    await tab.focus('#notes');
    await (await frame.$('#notes'))?.click();
    await pause(300);
    assert.deepEqual(await counted(), [0, frameFocus ? 1 : 0]);
    // What is typed there nobody hears.
    await tab.keyboard.press('a');
    await pause(300);
    assert.deepEqual(await counted(), [0, frameFocus ? 1 : 0]);
    if (frameFocus) await tab.close();
  }
});

test('a script that moves the focus into such a frame is nobody', async () => {
  const other = onSite(authority.base, 'other');
  await open({ count: { frameFocus: true } });
  await embed(`${other}/host.html`);
  await tab.bringToFront();
  // What the driver runs counts as a gesture for some seconds: the script waits for longer.
  await tab.evaluate("setTimeout(() => document.querySelector('iframe').focus(), 6_000)");
  await tab.waitForFunction("document.activeElement.tagName === 'IFRAME'", { polling: 500 });
  await pause(300);
  assert.deepEqual(await counted(), [0, 0]);
});
