/** The dry run: everything as in earnest, and nothing ends (docs/decisions/dry-run.md). */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachEnded, eachShows, pause, recorded, statusOf } from './lib/chromium.mjs';
import { startBrowser } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const IDLE_MS = 3_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let tabs = [];

before(async () => {
  authority = await startAuthority({ idle: '3s', warn: '1s', keepAlive: '1s' });
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

/** @param {string} query @param {object} [options] */
async function open(query, options = {}) {
  const wished = encodeURIComponent(JSON.stringify(options));
  const tab = await browser.open(`${authority.base}/?${query}&options=${wished}`);
  tabs.push(tab);
  return tab;
}

/** What each tab reported. */
const reports = async () =>
  (await recorded(tabs, 'observed')).map((entries) => entries.map(({ what }) => what));

/** Waits until each tab has reported so many ends. @param {number} ends */
async function eachReports(ends) {
  for (let left = 60; left > 0; left -= 1) {
    if ((await reports()).every((reported) => reported.length >= ends)) return;
    await pause(100);
  }
  assert.fail(`reported: ${JSON.stringify(await reports())}, and not ${ends} each`);
}

test('under a policy that observes nobody ends, and each tab reports it', async () => {
  await authority.policy('users/obs1', { mode: 'observe' });
  const token = await authority.token('obs1');
  await open(`token=${token}`);
  await open(`token=${token}`);
  await eachShows(tabs, 'active');
  const before = await authority.counts();
  await eachReports(2);
  const asked = (await authority.counts()).questions - before.questions;
  assert.deepEqual(await reports(), [
    ['idle', 'idle'],
    ['idle', 'idle'],
  ]);
  assert.ok(asked <= 4, `${asked} questions in two windows`);
  const [first, second] = await Promise.all(tabs.map(statusOf));
  for (const status of [first, second]) {
    const { phase, policy, observed, idleMs } = /** @type {any} */ (status);
    assert.equal(phase, 'active');
    assert.equal(policy.mode, 'observe');
    const { ends, because, agoMs } = observed;
    assert.deepEqual(
      { ends, because, idle: observed.idleMs },
      { ends: 2, because: 'idle', idle: 2 * IDLE_MS },
    );
    assert.ok(Math.abs(idleMs - agoMs - observed.idleMs) <= 2, `${idleMs}, ${agoMs} ms ago`);
  }
  const phases = (await recorded(tabs, 'phase')).map((all) => all.map(({ what }) => what));
  assert.ok(
    phases.every((all) => all.includes('warning') && !all.includes('ended')),
    `${phases}`,
  );
  // A newcomer knows of it and reports none of it. (One more may come while a busy machine opens the tab.)
  const late = await open(`token=${token}`);
  await eachShows([late], 'active');
  const reported = (await recorded([late], 'observed')).flat().length;
  const known = Number((await statusOf(late)).observed?.ends);
  assert.ok(known >= 2 && reported <= known - 2, `${known} known, ${reported} reported`);
  // The authority noted the absence once, and nobody told it of an end.
  const listed = await (await authority.admin('GET', '/v1/admin/ends')).json();
  const mine = listed.ends.filter((/** @type {any} */ end) => end.user === 'obs1');
  assert.deepEqual(
    mine.map((/** @type {any} */ end) => [end.because, end.observed]),
    [['idle', true]],
  );
  await authority.revoke('obs1');
  await eachEnded(tabs);
  const why = (await recorded(tabs, 'ended')).map((all) => all.map(({ what }) => what).join());
  assert.deepEqual(why, ['revoked', 'revoked', 'revoked'], 'what really ends is an end');
});

test('observeOnly with a server of its own: it reports, and goes on; one page without it ends all', async () => {
  const tab = await open('');
  await tab.evaluate(`
    window.asked = 0;
    const alive = async () => ({ state: 'alive', policy: {
      version: 1, idleTimeoutMs: ${IDLE_MS}, warnBeforeMs: 1000, keepAliveMs: 1000, mode: 'enforce',
      counts: { keystrokes: true, clicks: true, heartbeats: true }, maxHoldMs: 60000 } });
    window.server = { send: alive, ask: () => { window.asked += 1; return alive(); } };
    window.start({ token: 'a-token-of-its-own', authority: window.server, observeOnly: true });
  `);
  await eachReports(1);
  await tab.evaluate(`agent.note()`);
  const { phase, policy, observed, idleMs } = await statusOf(tab);
  assert.equal(phase, 'active');
  assert.equal(policy.mode, 'observe', 'what is in force');
  assert.ok(idleMs < 1_000, 'somebody is back');
  assert.equal(observed?.idleMs, IDLE_MS);
  assert.ok(
    Number(await tab.evaluate('window.asked')) <= 3,
    'at the start, the warning and the end',
  );
  const frozen = await tab.evaluate('Object.isFrozen(agent.status.observed)');
  assert.equal(frozen, true);
  // In the same page, for the same token.
  await tab.evaluate(`createAgent({ token: 'a-token-of-its-own', authority: window.server })`);
  await tab.evaluate('new Promise((heard) => agent.addEventListener("ended", heard))');
  assert.deepEqual(
    (await recorded(tabs, 'ended')).flat().map(({ what }) => what),
    ['idle'],
  );
});

test('with an authority that means it the end is real', async () => {
  const token = await authority.token('obs3');
  const first = await open(`token=${token}`, { observeOnly: true });
  await open(`token=${token}`, { observeOnly: true });
  await eachShows(tabs, 'active');
  assert.equal((await statusOf(first)).policy.mode, 'observe');
  await eachEnded(tabs);
  const why = (await recorded(tabs, 'ended')).map((all) => all.map(({ what }) => what).join());
  assert.deepEqual(why, ['idle', 'idle']);
});
