/**
 * Pages that want to keep a session alive and may not, or want to do harm: nothing of it counts, the
 * app stays responsive and its memory flat (docs/contract.md, section 2).
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { engine, startBrowser, unless } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {import('puppeteer-core').Frame} Frame */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page} */
let page;
/** @type {Page[]} */
const opened = [];
/** @type {Frame} */
let app;

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '5s', keepAlive: '1s' });
  // A page without an origin may not load one from the own machine otherwise.
  const lan = '--disable-features=LocalNetworkAccessChecks';
  browser = await startBrowser({ flags: ['--js-flags=--expose-gc', lan] });
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** @param {string} url */
async function open(url) {
  const each = await browser.open(url);
  opened.push(each);
  return each;
}

/** @param {string} name */
const at = (name) => onSite(authority.base, name);

const HEARTBEAT = "{ type: 'heartbeat', data: { keystrokes: 1 } }";

/** A page of that site, with an app in a frame that lists crm.localhost. @param {string} site */
async function around(site) {
  const url = new URL(`${authority.base}/`);
  url.searchParams.set('token', await authority.token());
  url.searchParams.set('host', at('crm'));
  page = await open(`${at(site)}/host.html?frame=${encodeURIComponent(url.href)}`);
  await findApp();
}

/** The app in a frame of the page, once it has started; from then on its long tasks are noted. */
async function findApp(condition = 'window.agent') {
  app = await frameIn(page, { address: 'host=', condition });
  if (!measures) return;
  await app.evaluate(`window.long = []; new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) long.push(duration);
  }).observe({ type: 'longtask' });`);
}

/** Only Chromium says how long its tasks are and how large its heap is. */
const measures = engine === 'chromium';

const longest = async () =>
  measures ? Math.max(0, .../** @type {number[]} */ (await app.evaluate('long'))) : 0;

const status = () => /** @type {Promise<any>} */ (app.evaluate('agent.status'));

/** Nothing counted; refused for that reason alone. @param {string} reason */
async function nothingCounts(reason, atLeast = 1) {
  await app.waitForFunction(`agent.status.refused.${reason} >= ${atLeast}`);
  const { counts, refused } = await status();
  assert.deepEqual(counts, { keystrokes: 0, clicks: 0, heartbeats: 0, notes: 0, system: 0 });
  for (const [name, count] of Object.entries(refused)) {
    assert.ok(name === reason || count === 0, `${name}: ${count}`);
  }
  const said = /** @type {any[]} */ (
    await app.evaluate("record.filter(({ name }) => name === 'refused')")
  );
  assert.deepEqual(
    said.map(({ what }) => what),
    [reason],
    'reported once',
  );
}

test('another origin', async () => {
  await around('evil');
  await page.evaluate(`frame.contentWindow.postMessage(${HEARTBEAT}, '*');
    frame.contentWindow.postMessage({ type: 'hello' }, '*')`);
  await nothingCounts('origin', 2);
  await pause(1_500);
  const heard = /** @type {any[]} */ (await page.evaluate('heard'));
  assert.deepEqual(heard, [], 'it is told nothing');
});

test('an origin that only looks like one on the list', async () => {
  await around('crm.evil');
  await page.evaluate(`frame.contentWindow.postMessage(${HEARTBEAT}, '*')`);
  await nothingCounts('origin');
});

test('a page whose origin is "null"', async () => {
  const url = new URL(`${authority.base}/`);
  url.searchParams.set('token', await authority.token());
  url.searchParams.set('host', at('crm'));
  page = await open(`${at('crm')}/host.html`);
  await page.goto(`data:text/html,${encodeURIComponent(`<iframe src="${url.href}"></iframe>`)}`);
  assert.equal(await page.evaluate('origin'), 'null');
  await findApp();
  await page.evaluate(`frames[0].postMessage(${HEARTBEAT}, '*')`);
  await nothingCounts('origin');
});

test('a frame beside it, of an origin on the list', async () => {
  await around('crm');
  await page.evaluate((url) => Object(window).embed(url), `${at('crm')}/host.html`);
  const sibling = await frameIn(page, {
    address: '/host.html',
    condition: 'window !== top && ready',
  });
  await sibling.evaluate(`parent.frames[0].postMessage(${HEARTBEAT}, '*')`);
  await nothingCounts('origin');
});

const alone = unless({ webkit: 'WebDriver does not say which window was opened.' });
test('a window that opened it, of an origin on the list', { skip: alone }, async () => {
  const url = new URL(`${authority.base}/`);
  url.searchParams.set('token', await authority.token());
  url.searchParams.set('host', at('crm'));
  page = await open(`${at('crm')}/host.html`);
  const shown = new Promise((done) => page.once('popup', done));
  await page.evaluate((href) => {
    Object(window).popup = window.open(href);
  }, url.href);
  const popup = /** @type {Page} */ (await shown);
  opened.push(popup);
  await popup.waitForFunction('window.agent');
  app = popup.mainFrame();
  await page.evaluate(`popup.postMessage(${HEARTBEAT}, '*')`);
  await nothingCounts('origin');
});

const made = unless({ firefox: 'Its MessageEvent takes no window of another site for a source.' });
test('a script that makes up an event', { skip: made }, async () => {
  await around('crm');
  await app.evaluate(`dispatchEvent(new MessageEvent('message',
    { origin: '${at('crm')}', source: parent, data: ${HEARTBEAT} }))`);
  await nothingCounts('untrusted');
});

test('messages of a host on the list that are no heartbeats', async () => {
  await around('crm');
  const bad = [
    "{ type: 'heartbeat', data: { keystrokes: -1 } }",
    "{ type: 'heartbeat', data: { keystrokes: 1.5 } }",
    "{ type: 'heartbeat', data: { clicks: 'many' } }",
    "{ type: 'heartbeat', data: { source: 'x'.repeat(65) } }",
    "{ type: 'heartbeat', data: [] }",
    "{ type: 'heartbeat', data: null }",
    // Claims of another time.
    "{ type: 'heartbeat', at: Date.now() + 3600000 }",
    "{ type: 'heartbeat', data: { age_ms: 0 } }",
    "{ type: 'heartbeat', data: { time: 0 } }",
    // Keys that would change what all objects are.
    `JSON.parse('{"type":"heartbeat","__proto__":{"polluted":1}}')`,
    `'{"type":"heartbeat","data":{"__proto__":{"polluted":1}}}'`,
    `'{"type":"heartbeat","constructor":{"prototype":{"polluted":1}}}'`,
    // Cut off, and too long.
    `'{"type":"heartbeat"'`,
    `'{"type":"heartbeat","data":{"source":"' + 'x'.repeat(2000) + '"}}'`,
    "{ type: 'hello', since: 1 }",
  ];
  for (const message of bad)
    await page.evaluate(`frame.contentWindow.postMessage(${message}, '*')`);
  await nothingCounts('malformed', bad.length);
  assert.equal((await status()).refused.malformed, bad.length);
  assert.equal(await app.evaluate('({}).polluted === undefined'), true);
});

test('what a host says to the app itself is none of our business', async () => {
  await around('crm');
  for (const message of [
    "'heartbeat'",
    '7',
    'null',
    "{ type: 'navigate' }",
    '[1]',
    '\'{"a":1}\'',
  ]) {
    await page.evaluate(`frame.contentWindow.postMessage(${message}, '*')`);
  }
  await page.evaluate(`frame.contentWindow.postMessage({ type: 'heartbeat', at: 1 }, '*')`);
  await nothingCounts('malformed');
  assert.equal((await status()).refused.malformed, 1);
});

/** Bytes that the app's page holds, after a collection. */
const heap = async () =>
  measures ? Number(await app.evaluate('gc(), performance.memory.usedJSHeapSize')) : 0;

for (const [who, site] of /** @type {const} */ ([
  ['a stranger', 'evil'],
  ['a host on the list', 'crm'],
])) {
  test(`ten thousand messages a second, for three seconds, by ${who}`, async (t) => {
    await around(site);
    const before = await heap();
    await page.evaluate(`new Promise((done) => {
      let sent = 0;
      const begin = performance.now();
      const timer = setInterval(() => {
        while (sent < Math.min(30000, (performance.now() - begin) * 10)) {
          frame.contentWindow.postMessage(${HEARTBEAT}, '*');
          sent += 1;
        }
        if (sent >= 30000) { clearInterval(timer); done(); }
      }, 5);
    })`);
    await app.waitForFunction(
      `agent.status.refused.${site === 'evil' ? 'origin' : 'rate'} > 20000`,
    );
    await pause(500);
    const { counts, refused } = await status();
    const took = await longest();
    const grown = (await heap()) - before;
    t.diagnostic(`longest task ${took} ms, heap ${grown} bytes larger`);
    assert.ok(took <= 50, `a task of ${took} ms`);
    assert.ok(grown < 1_000_000, `${grown} bytes`);
    if (site === 'evil') {
      assert.equal(counts.heartbeats, 0);
      assert.equal(refused.origin, 30_000);
    } else {
      // At most one in 200 ms counts: the session is alive anyway, and is not told more often.
      assert.ok(counts.heartbeats <= 20, `${counts.heartbeats}`);
      assert.equal(refused.rate + counts.heartbeats, 30_000);
    }
  });

  test(`a message of 50 MB by ${who}`, async (t) => {
    const send = `const large = 'x'.repeat(50e6);
      frame.contentWindow.postMessage('{"type":"heartbeat","data":{"source":"' + large + '"}}', '*');
      frame.contentWindow.postMessage({ type: 'heartbeat', data: { source: large } }, '*');`;
    // What the browser itself takes to hand it to a page that listens, and does nothing.
    const bare = `${at(site)}/host.html?frame=${encodeURIComponent(`${authority.base}/?host=`)}`;
    page = await open(bare);
    await findApp('window.ready');
    await app.evaluate("window.got = 0; addEventListener('message', () => { got += 1; })");
    await page.evaluate(send);
    await app.waitForFunction('got === 2');
    await pause(500);
    // Tasks of less than 50 ms are not reported.
    const floor = Math.max(50, await longest());
    await around(site);
    const before = await heap();
    await page.evaluate(send);
    await nothingCounts(site === 'evil' ? 'origin' : 'malformed', 2);
    await pause(500);
    const took = await longest();
    const grown = (await heap()) - before;
    t.diagnostic(`longest task ${took} ms, ${floor} ms for a bare listener; heap ${grown} larger`);
    assert.ok(took <= 2 * floor + 50, `a task of ${took} ms, ${floor} ms without an agent`);
    assert.ok(grown < 1_000_000, `${grown} bytes`);
  });
}
