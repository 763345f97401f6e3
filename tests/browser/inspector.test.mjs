/** The inspector, opened in an app of its own look: what it says is what is. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, statusOf } from './lib/chromium.mjs';
import { startBrowser } from './lib/engine.mjs';
import { deadlineOf, inspect, rowsOf, shows, textOf } from './lib/inspector.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let tabs = [];

before(async () => {
  authority = await startAuthority({ idle: '120s', warn: '20s', keepAlive: '5s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(async () => {
  for (const tab of tabs) assert.deepEqual(await tab.evaluate('window.violations ?? []'), []);
  await Promise.allSettled(tabs.map((tab) => tab.close()));
  tabs = [];
});

/** @param {string} user @param {number} [count] */
async function openTabs(user, count = 1) {
  const token = await authority.token(user);
  tabs = await browser.openAll(count, `${authority.base}/?token=${token}`);
  return { token, tab: /** @type {Page} */ (tabs.at(-1)) };
}

test('opened, it counts nothing, sends nothing and takes no focus; closed, it lets go of all', async () => {
  const { tab } = await openTabs('quiet');
  await tab.focus('#notes');
  const before = { ...(await authority.counts()), ...(await statusOf(tab)).counts };
  const deadline = await deadlineOf(tab);
  await tab.evaluate('window.original = fetch');
  await inspect(tab, '{ watchNetwork: true }');
  await tab.waitForFunction('fetch !== original');
  await tab.waitForFunction('agent.contexts()[0].streaming');
  await pause(500);
  const opened = (await authority.counts()).requests;
  await pause(2_200);
  const now = { ...(await authority.counts()), ...(await statusOf(tab)).counts };
  assert.equal(now.requests - opened, 1, 'only that of this test itself');
  assert.deepEqual({ ...now, requests: 0 }, { ...before, requests: 0 });
  assert.ok(Math.abs((await deadlineOf(tab)) - deadline) < 100);
  assert.equal(await tab.evaluate('document.activeElement.id'), 'notes');
  const closed = await tab.evaluate(`(() => {
    const room = () => getComputedStyle(document.documentElement).padding;
    const open = room();
    inspector.close();
    return { native: fetch === original && !document.adoptedStyleSheets.length,
      there: document.querySelector('stillhere-inspector') !== null, moved: open !== room() };
  })()`);
  assert.deepEqual(closed, { native: true, there: false, moved: true });
  const { log } = /** @type {any} */ (
    await tab.evaluate(`(async () => {
      const log = inspector.report().split('What happened')[1];
      agent.note();
      await new Promise((done) => setTimeout(done, 1300));
      return { log: inspector.shadowRoot.querySelector('.log').children.length, text: log };
    })()`)
  );
  assert.equal(
    log,
    Number(await tab.evaluate("inspector.shadowRoot.querySelector('.log').children.length")),
  );
});

test('counts and refusals are those of the status, and it says which activity the deadline is from', async () => {
  const { tab } = await openTabs('count');
  await inspect(tab);
  await tab.focus('#notes');
  for (const key of ['a', 'a', 'a']) await tab.keyboard.press(/** @type {'a'} */ (key));
  await tab.evaluate(() => {
    for (let times = 0; times < 2; times += 1) {
      dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }));
    }
  });
  await shows(tab, '.because', /after the newest activity, a key press in this tab, at/);
  await shows(tab, '.refused', /made by a script, not by a person: 2$/);
  const [row] = await rowsOf(tab, '.tabs');
  const { counts, refused } = await statusOf(tab);
  assert.deepEqual(row?.slice(1, 4), ['3', '0', '0']);
  assert.deepEqual(
    { keys: counts.keystrokes, refused: refused.untrusted },
    { keys: 3, refused: 2 },
  );
  const report = `${await tab.evaluate('inspector.report()')}`;
  assert.match(report, /\n {2}2 {2}Input made by a script/);
  assert.match(report, /\n {2}Phase +active\n/);
  assert.match(report, /\n {2}All +3 +0 +0 +0 +0\n/);
});

test('the deadline is told for activity elsewhere, a hold, the warning and the end', async () => {
  const times = { idle_timeout_ms: 8_000, warn_before_ms: 4_000, keepalive_ms: 1_000 };
  await authority.policy('users/story', times);
  const { tab } = await openTabs('story', 2);
  await inspect(tab);
  await shows(tab, '.because', /8 seconds \(the policy's idle timeout\) after the newest activity/);
  await tab.evaluate("window.call = agent.hold('call with Ada')");
  await shows(tab, '.ring-title', /^Held open$/);
  assert.match(await textOf(tab, '.because'), /no deadline: a hold is open/);
  assert.match(await textOf(tab, '.lines'), /^call with Ada: lapses in [\d:]+ unless/);
  assert.doesNotMatch(
    `${await tab.evaluate('inspector.report()')}`,
    /Ada/,
    'nor is its reason told',
  );
  await tab.evaluate('call.release()');
  await tabs[0]?.evaluate("agent.note('saved')");
  await shows(tab, '.because', /an activity that the app vouched for in tab [0-9a-f]{4}, at/);
  const at = await textOf(tab, '.because');
  await eachShows([tab], 'warning');
  await shows(tab, '.ring-title', /^Still here\?$/);
  assert.equal(await textOf(tab, '.because'), at, 'the deadline is the same one');
  await eachShows([tab], 'ended');
  await shows(tab, '.ring-title', /^Logged out$/);
  assert.match(await textOf(tab, '.because'), /^It ended at [\d:]+, because nobody was active\.$/);
  assert.match(
    await textOf(tab, '.ring .fine'),
    /allows 8 seconds without\. The newest activity was an activity that the app vouched for/,
  );
  const report = `${await tab.evaluate('inspector.report()')}`;
  for (const said of [/Phase +ended/, /because nobody was active/, /warning in both tabs/]) {
    assert.match(report, said);
  }
});

test('a schedule that comes first is what the deadline is from', async () => {
  const token = await authority.token('shift');
  const endsAt = new Date(Date.now() + 8_000);
  const shift = { ends_at: endsAt.toISOString() };
  await authority.policy('users/shift', { warn_before_ms: 4_000, shift });
  tabs = await browser.openAll(1, `${authority.base}/?token=${token}`);
  const [tab] = /** @type {[Page]} */ (/** @type {unknown} */ (tabs));
  await inspect(tab);
  await shows(tab, '.because', /by the policy's schedule, however active anybody is/);
  await tab.keyboard.press('a');
  // What a page reckons from an answer is a moment off, so the second may be the next.
  const close = [-1000, 0, 1000].map((ms) =>
    new Date(endsAt.getTime() + ms).toLocaleTimeString('en-GB'),
  );
  const because = await textOf(tab, '.because');
  assert.ok(
    close.some((time) => because.includes(time)),
    `${because}, and not ${close}`,
  );
  await eachShows([tab], 'ended');
  await shows(tab, '.because', /because the scheduled time had come/);
});

test('a page that polls with the token is told of, and the deadline does not move', async () => {
  const { tab, token } = await openTabs('poll');
  await inspect(
    tab,
    `{ agentOptions: { token: '${token}', authority: location.origin }, watchNetwork: true }`,
  );
  const before = await deadlineOf(tab);
  await tab.evaluate(`window.poll = setInterval(() => {
    fetch('/v1/session?sinceid=secret', { headers: { Authorization: 'Bearer ${token}' } });
  }, 400)`);
  await shows(
    tab,
    '.calls',
    /A poll, every 0\.[3-9] s: would keep a session alive where servers count/,
  );
  const after = await deadlineOf(tab);
  await tab.evaluate('clearInterval(poll)');
  assert.ok(Math.abs(after - before) < 150, `moved by ${after - before} ms`);
  assert.match(
    await textOf(tab, '.log'),
    /\/v1\/session is polled every 0\.[3-9] s: that does not count/,
  );
  const row = (await rowsOf(tab, '.calls')).find(([name]) => name?.startsWith('/v1/session'));
  assert.match(`${row?.[0]}`, /this token in (all|\d+) of \d+$/);
  const report = `${await tab.evaluate('inspector.report()')}`;
  assert.match(report, /\d+ x {2}http:\/\/localhost:\d+\/v1\/session +every 0\.[3-9] s/);
  for (const secret of [token, 'sinceid', 'secret']) assert.ok(!report.includes(secret), secret);
});

test('a poll is seen without the watcher, as far as the browser lists it', async () => {
  const { tab } = await openTabs('list');
  // Before it is opened: what the browser still has of that is read.
  await tab.evaluate(`(async () => {
    for (let times = 0; times < 8; times += 1) {
      await (await fetch('/healthz?times=' + times)).text();
      await new Promise((done) => setTimeout(done, 400));
    }
  })()`);
  await inspect(tab);
  await shows(tab, '.calls', /\/healthz.*A poll, every 0\.[3-9] s/);
  const row = (await rowsOf(tab, '.calls')).find(([name]) => name?.startsWith('/healthz'));
  assert.equal(row?.[1], '8');
});

test('a wrong call says what is wrong, and opens nothing', async () => {
  const { tab } = await openTabs('wrong');
  const said = await tab.evaluate(`(async () => {
    const { openInspector } = await import(location.origin + '/dist/inspector.js');
    const calls = [
      () => openInspector(),
      () => openInspector({ status: {}, contexts() {} }),
      () => openInspector(agent, null),
      () => openInspector(agent, { token: 'x' }),
      () => openInspector(agent, { watchNetwork: 'yes' }),
      () => openInspector(agent, { nameOf: 'Ada' }),
      () => openInspector(agent, { agentOptions: 'x' }),
    ];
    const errors = calls.map((call) => {
      try { call(); } catch (error) { return [error instanceof StillhereError, error.code, error.option].join(); }
    });
    return [...errors, document.querySelectorAll('stillhere-inspector').length];
  })()`);
  assert.deepEqual(said, [
    'true,bad-option,agent',
    'true,bad-option,agent',
    'true,bad-option,options',
    'true,unknown-option,token',
    'true,bad-option,watchNetwork',
    'true,bad-option,nameOf',
    'true,bad-option,agentOptions',
    0,
  ]);
});
