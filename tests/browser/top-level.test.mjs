/**
 * A frame in another site's page that joins the channel and the locks of the app's own tab, where the
 * browser offers that and the user agrees (docs/embedding.md, "Places that don't hear each other").
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, statusOf, type } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { engine, startBrowser, unless } from './lib/engine.mjs';

const IDLE_MS = 8_000;

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {import('puppeteer-core').Frame} Frame */
/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

before(async () => {
  authority = await startAuthority({ idle: '8s', warn: '3s', keepAlive: '1s' });
  // Debian's Chromium blocks third-party cookies unless told not to, and nobody can answer its prompt
  // here. Storage is partitioned with either setting.
  const profile = { cookie_controls_mode: 0, block_third_party_cookies: false };
  browser = await startBrowser({ preferences: { profile } });
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** The app in its own tab, and in a frame of another site's page. @param {string} token */
async function beside(token) {
  const src = encodeURIComponent(`${authority.base}/?token=${token}`);
  const tab = await browser.open(`${authority.base}/?token=${token}`);
  const page = await browser.open(
    `${onSite(authority.base, 'crm')}/host.html?frame=${src}`,
    'window',
  );
  const condition = "window.agent?.status.phase === 'active'";
  return { tab, page, frame: await frameIn(page, { condition }) };
}

/** The user refuses: what the browser's own prompt would say. @param {Page} page */
async function refuse(page) {
  const sites = [new URL(page.url()).origin, authority.base];
  // What it sets lasts for as long as the session does.
  const session = await browser.browser.target().createCDPSession();
  // Which of them asks and which is asked in the protocol's words differs by version.
  for (const [origin, embeddedOrigin] of [sites, [...sites].reverse()]) {
    await session.send('Browser.setPermission', {
      permission: { name: 'storage-access' },
      setting: 'denied',
      origin,
      embeddedOrigin,
    });
  }
  return () => session.detach();
}

/** Joins on a click, as the browser demands. @param {Page} page @param {Frame} frame */
async function join(page, frame) {
  await frame.evaluate(() => {
    const click = () => Object.assign(window, { joining: Object(window).agent.joinTopLevel() });
    document.addEventListener('click', click, { once: true });
  });
  const box = await (await page.$('iframe'))?.boundingBox();
  await page.mouse.click((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
  return /** @type {Promise<boolean>} */ (frame.evaluate('joining'));
}

/** When it ended, in milliseconds since the epoch. @param {Page | Frame} place */
const endedAt = async (place) =>
  Number(await place.evaluate("record.find(({ name }) => name === 'ended').at"));

const cookies = 'It gives access to cookies alone, and no channel.';
const skip = unless({ firefox: cookies, webkit: cookies });

const joined = 'a frame that may joins its own tab: one group, one keep-alive, one end';
test(joined, { skip }, async (t) => {
  const { tab, page, frame } = await beside(await authority.token());
  assert.equal((await statusOf(tab)).contexts, 1);
  assert.equal(await join(page, frame), true);
  for (const place of [tab, frame]) {
    await place.waitForFunction('agent.status.contexts === 2', { timeout: 2_000 });
  }
  await frame.focus('#notes');
  await page.keyboard.press('a');
  await pause(1_500);
  const before = await authority.counts();
  await type(page, 2 * IDLE_MS, 250);
  const { keepAlives, questions } = await authority.counts();
  const sent = keepAlives - before.keepAlives;
  t.diagnostic(`${sent} keep-alives in ${2 * IDLE_MS} ms`);
  assert.ok(sent >= 14 && sent <= 17, `${sent} keep-alives: one an interval`);
  assert.equal(questions - before.questions, 0, 'they hear each other: nobody has to ask');
  const { phase, counts } = await statusOf(tab);
  assert.equal(phase, 'active');
  assert.ok(counts.keystrokes >= 60, `${counts.keystrokes} of the frame's keys`);
  await eachShows([tab], 'ended', IDLE_MS + 5_000);
  await frame.waitForFunction("agent.status.phase === 'ended'", { timeout: 1_000 });
  const apart = Math.abs((await endedAt(tab)) - (await endedAt(frame)));
  assert.ok(apart <= 50, `${apart} ms apart`);
});

test('a frame that is refused stays as it was', { skip }, async () => {
  const { tab, page, frame } = await beside(await authority.token());
  const forget = await refuse(page);
  const phases = async () => (await recorded([/** @type {any} */ (frame)], 'phase')).flat();
  const before = await phases();
  assert.equal(await join(page, frame), false);
  const status = /** @type {any} */ (await frame.evaluate('agent.status'));
  assert.equal(status.contexts, 1);
  assert.equal(status.phase, 'active');
  assert.deepEqual(await phases(), before, 'it never left');
  await frame.focus('#notes');
  await page.keyboard.press('a');
  assert.equal(await frame.evaluate('agent.status.counts.keystrokes'), 1);
  assert.equal((await statusOf(tab)).contexts, 1);
  await forget();
});

const unasked = unless({ firefox: 'It asks its user, and nobody can answer for them here.' });
const over = 'without a click the browser refuses, and so does an agent that is over';
test(over, { skip: unasked }, async () => {
  const { page, frame } = await beside(await authority.token());
  const forget = engine === 'chromium' ? await refuse(page) : undefined;
  assert.equal(await frame.evaluate('agent.joinTopLevel()'), false);
  await forget?.();
  await frame.evaluate("agent.end('signed-out')");
  const code = 'agent.joinTopLevel().then(String, ({ code }) => code)';
  assert.equal(await frame.evaluate(code), 'ended');
  await frame.evaluate('agent.close()');
  assert.equal(await frame.evaluate(code), 'closed');
});
