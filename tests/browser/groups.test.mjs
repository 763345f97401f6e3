/** Apps in which each tab has a token of its own: one group (docs/architecture.md, "Groups with many tokens"). */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, statusOf, type } from './lib/chromium.mjs';
import { startBrowser } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let tabs = [];

before(async () => {
  authority = await startAuthority({ idle: '10s', warn: '4s', keepAlive: '2s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(async () => {
  await Promise.allSettled(tabs.map((tab) => tab.close()));
  tabs = [];
});

/** A tab for each user, whose tokens are one group. @param {string[]} users @param {string} [group] */
async function openEach(users, group = crypto.randomUUID()) {
  const options = encodeURIComponent(JSON.stringify({ group }));
  for (const user of users) {
    const token = await authority.token(user);
    tabs.push(await browser.open(`${authority.base}/?token=${token}&options=${options}`));
  }
  await eachShows(tabs, 'active');
  const front = /** @type {Page} */ (tabs.at(-1));
  await front.bringToFront();
  await front.focus('#notes');
  return front;
}

/** How long each of these users was idle, as the authority knows. @param {string[]} users */
async function idle(users) {
  const all = await authority.sessions();
  return users.map((name) => all.find(({ user }) => user === name)?.idle_ms ?? Infinity);
}

test('typing in one tab keeps every token alive, each with one keep-alive an interval', async (t) => {
  const users = ['g1', 'g2', 'g3'];
  const front = await openEach(users);
  await front.keyboard.press('a');
  await pause(2_500);
  const before = await Promise.all(tabs.map(statusOf));
  await type(front, 16_000, 250);
  const after = await Promise.all(tabs.map(statusOf));
  const sent = after.map(({ keepAlive }, at) => keepAlive.sent - (before[at]?.keepAlive.sent ?? 0));
  t.diagnostic(`${sent.join(', ')} keep-alives in 16 s`);
  for (const count of sent) assert.ok(count >= 6 && count <= 9, `${sent} keep-alives`);
  for (const ms of await idle(users)) assert.ok(ms < 6_000, `idle for ${ms} ms`);
  for (const { counts, contexts } of after) {
    assert.equal(contexts, 3);
    assert.ok(counts.keystrokes > 40, 'what was typed counts for all');
  }
  const phases = (await recorded(tabs, 'phase')).flat().map(({ what }) => what);
  assert.ok(!phases.includes('warning'), phases.join());
  await eachShows(tabs, 'ended', 15_000);
  const moments = (await recorded(tabs, 'ended')).map(([entry]) => entry?.at ?? 0);
  const spread = Math.max(...moments) - Math.min(...moments);
  t.diagnostic(`ended within ${spread.toFixed(1)} ms`);
  assert.ok(spread <= 500, `ended within ${spread} ms: nobody waited for a timer`);
});

test('a token that is revoked takes no other with it; who signs out takes all', async () => {
  await openEach(['h1', 'h2', 'h3']);
  await authority.revoke('h1');
  await eachShows(tabs.slice(0, 1), 'ended', 2_000);
  await pause(1_000);
  const phases = await Promise.all(tabs.map(async (tab) => (await statusOf(tab)).phase));
  assert.deepEqual(phases, ['ended', 'active', 'active']);
  await tabs[1]?.evaluate('window.agent.end()');
  await eachShows(tabs, 'ended', 2_000);
  const why = (await recorded(tabs, 'ended')).map((entries) =>
    entries.map(({ what }) => what).join(),
  );
  assert.deepEqual(why, ['revoked', 'signed-out', 'signed-out']);
  assert.deepEqual(await idle(['h1', 'h2', 'h3']), [Infinity, Infinity, Infinity], 'none is left');
});

test('setToken moves a tab within its group: nothing is lost, nobody is logged out', async () => {
  const front = await openEach(['i1', 'i2']);
  await front.keyboard.press('a');
  await pause(1_500);
  const next = await authority.token('i3');
  await tabs[0]?.evaluate(`agent.setToken(${JSON.stringify(next)})`);
  await type(front, 6_000, 500);
  for (const tab of tabs) {
    const { contexts, phase, counts } = await statusOf(tab);
    assert.deepEqual({ contexts, phase }, { contexts: 2, phase: 'active' });
    assert.ok(counts.keystrokes >= 10, `${counts.keystrokes} keystrokes`);
  }
  const [own, moved] = await idle(['i2', 'i3']);
  assert.ok(Number(own) < 5_000 && Number(moved) < 5_000, `${own} and ${moved} ms`);
});

test('two users in one browser never mix', async () => {
  const front = await openEach(['j1'], 'one');
  const other = await authority.token('j2');
  tabs.push(await browser.open(`${authority.base}/?token=${other}`));
  await eachShows(tabs, 'active');
  await front.bringToFront();
  await type(front, 12_000, 500);
  const [mine, theirs] = await Promise.all(tabs.map(statusOf));
  assert.deepEqual([mine?.phase, mine?.contexts], ['active', 1]);
  assert.deepEqual([theirs?.phase, theirs?.counts.keystrokes], ['ended', 0]);
});
