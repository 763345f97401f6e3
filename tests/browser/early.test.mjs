/** What somebody does before the agent is up (stillhere/early, docs/quick-start.md). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { dist, root } from '../../scripts/lib/project.mjs';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, startChromium, statusOf } from './lib/chromium.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const line = readFileSync(path.join(dist, 'early.js'), 'utf8').trim();

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;
/** @type {Page} */
let tab;

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '5s', keepAlive: '2s' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await authority?.stop();
});
afterEach(async () => {
  if (!tab.isClosed()) await tab.close();
});

/**
 * Opens a page whose module waits until it is released.
 * @param {string} early what runs in its head
 * @param {string} [options] of the agent, as JSON
 */
async function openWaiting(early, options = '{}') {
  tab = await chromium.browser.newPage();
  await tab.evaluateOnNewDocument(early);
  await tab.setRequestInterception(true);
  /** @type {() => void} */
  let release = () => {};
  const released = new Promise((done) => {
    release = () => done(undefined);
  });
  tab.on('request', async (request) => {
    if (request.url().endsWith('/stillhere.wasm')) await released;
    await request.continue();
  });
  await tab.goto(authority.base);
  const token = await authority.token('ada');
  const start = `void start({ token: '${token}', authority: location.origin, ...${options} })`;
  await tab.waitForFunction('window.start');
  await tab.evaluate(start);
  await tab.focus('#notes');
  return { release, token };
}

/** @param {() => void} release */
async function up(release) {
  release();
  await tab.waitForFunction('window.agent');
  await eachShows([tab], 'active');
}

test('what was done before the module was there counts, once, at its own time', async () => {
  const { release } = await openWaiting(line);
  for (const key of /** @type {const} */ (['a', 'b', 'c'])) await tab.keyboard.press(key);
  await tab.mouse.click(20, 20);
  await tab.evaluate(() => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
  });
  await tab.keyboard.down('d');
  await tab.keyboard.down('d');
  await tab.keyboard.up('d');
  const pressed = performance.now();
  await pause(500);
  assert.equal(await tab.evaluate('window.agent'), undefined, 'the agent is not up yet');
  await tab.evaluate('window.kept = stillhereEarly');
  await up(release);
  const since = performance.now() - pressed;
  const { counts, idleMs, refused } = await statusOf(tab);
  assert.deepEqual(counts, { keystrokes: 4, clicks: 1, heartbeats: 0, notes: 0, system: 0 });
  assert.equal(refused.untrusted, 0);
  assert.ok(idleMs >= 500 && idleMs <= since + 100, `${idleMs} of ${since} ms`);
  await tab.keyboard.press('e');
  assert.equal((await statusOf(tab)).counts.keystrokes, 5, 'the agent alone counts now');
  assert.equal(await tab.evaluate('kept.keydown[0]'), 4, 'the line has stopped');
  assert.equal(await tab.evaluate('window.stillhereEarly'), null);
});

test('without the line those inputs are lost, and what is no input of the policy counts for nothing', async () => {
  const lost = await openWaiting('');
  await tab.keyboard.press('a');
  await up(lost.release);
  assert.equal((await statusOf(tab)).counts.keystrokes, 0);
  await tab.close();
  const { release } = await openWaiting(line, '{ count: { keystrokes: false } }');
  await tab.keyboard.press('a');
  await tab.mouse.click(20, 20);
  await up(release);
  const { counts } = await statusOf(tab);
  assert.deepEqual([counts.keystrokes, counts.clicks], [0, 1]);
});

test('the line and the import, or the line after the agent is up, count nothing twice', async () => {
  const { release } = await openWaiting(`${line}\n${line}`);
  await tab.keyboard.press('a');
  await up(release);
  assert.equal((await statusOf(tab)).counts.keystrokes, 1);
  await tab.evaluate(line);
  await tab.keyboard.press('b');
  assert.equal(await tab.evaluate('window.stillhereEarly'), null, 'nobody would take that over');
  assert.equal((await statusOf(tab)).counts.keystrokes, 2);
});

test('the authority hears of it with the first keep-alive', async () => {
  const { release, token } = await openWaiting(line);
  await tab.keyboard.press('a');
  await up(release);
  await tab.waitForFunction('agent.status.keepAlive.acknowledged > 0', { timeout: 10_000 });
  const answer = await fetch(`${authority.base}/v1/session`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { idle_ms } = /** @type {any} */ (await answer.json());
  assert.ok(idle_ms < 20_000, `${idle_ms} ms`);
  assert.equal((await statusOf(tab)).counts.keystrokes, 1);
});

test('what is not of that shape is left alone', async () => {
  for (const early of [
    'window.stillhereEarly = { stop: 1, keydown: [9, 1] }',
    'window.stillhereEarly = { stop: new AbortController(), keydown: [NaN, "x"] }',
    'window.stillhereEarly = null',
  ]) {
    const { release } = await openWaiting(early);
    await up(release);
    assert.equal((await statusOf(tab)).counts.keystrokes, 0, early);
    await tab.close();
  }
  const { release } = await openWaiting(
    'window.stillhereEarly = { stop: new AbortController(), keydown: [Infinity, 1] }',
  );
  await up(release);
  assert.equal((await statusOf(tab)).counts.keystrokes, 1000, 'a number that has an end');
});

test('the documents show the line as it is built, and its hash for a Content-Security-Policy', () => {
  const text = readFileSync(path.join(root, 'docs', 'quick-start.md'), 'utf8');
  assert.ok(text.includes(`<script>${line}</script>`), line);
  const hash = createHash('sha256').update(line).digest('base64');
  assert.ok(text.includes(`'sha256-${hash}'`), hash);
});
