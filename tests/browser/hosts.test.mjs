/**
 * Work in the page around the frame (docs/contract.md, section 2): heartbeats of an embedding host on
 * another site count, and the host is told of the session. Storage is partitioned as it is for people:
 * no flag switches that off.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, type } from './lib/chromium.mjs';
import { frameIn, onSite } from './lib/embed.mjs';
import { startBrowser } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const IDLE_MS = 6_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page[]} */
let pages = [];

before(async () => {
  authority = await startAuthority({ idle: '6s', warn: '2s', keepAlive: '1s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(async () => {
  for (const page of pages) await page.close();
  pages = [];
});

/** @param {string} name */
const at = (name) => onSite(authority.base, name);

/** @param {string} path @param {Record<string, string | string[]>} query */
function address(path, query) {
  const url = new URL(path);
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  return url.href;
}

/** @param {string} url */
async function open(url) {
  const page = await browser.open(url);
  pages.push(page);
  return page;
}

/** @param {{ evaluate(script: string): Promise<unknown> }} where @returns {Promise<any>} */
const status = (where) => where.evaluate('agent.status');

/**
 * An app in a frame of crm.localhost.
 * @param {{ attach?: boolean, user?: string, options?: string }} [given]
 */
async function embedded({ attach = true, user = 'ann', options = '{}' } = {}) {
  const token = await authority.token(user);
  const frame = address(`${authority.base}/`, { token, host: at('crm'), options });
  const page = await open(
    address(`${at('crm')}/host.html`, { frame, ...(attach && { attach: '' }) }),
  );
  const app = await frameIn(page);
  await page.focus('#notes');
  return { page, app, token };
}

describe('a host on the list', () => {
  test('keeps the session for three idle timeouts by typing in its own page', async () => {
    const { page, app } = await embedded();
    await type(page, 3 * IDLE_MS, 500);
    const { phase, counts, refused } = await status(app);
    assert.equal(phase, 'active');
    assert.equal(counts.keystrokes, 0, 'nothing was pressed in the frame');
    assert.ok(counts.heartbeats >= 15 && counts.heartbeats <= 20, `${counts.heartbeats} in 18 s`);
    assert.deepEqual(refused, { untrusted: 0, origin: 0, rate: 0, malformed: 0 });
    const session = (await authority.sessions()).find(({ user }) => user === 'ann');
    assert.ok(session && session.idle_ms < 2_500, `the authority knows: ${session?.idle_ms}`);
  });

  test('is told when its user is about to be logged out, and that it happened', async () => {
    const { page } = await embedded();
    await page.waitForFunction("host.status?.phase === 'active'");
    await page.keyboard.press('a');
    const left = Number(await page.evaluate('host.status.remainingMs'));
    assert.ok(left > 0 && left <= IDLE_MS, `${left} ms`);
    await page.waitForFunction("host.status.phase === 'ended'", { timeout: 15_000 });
    const said = /** @type {any[]} */ (await page.evaluate('record'));
    const phases = said.filter(({ name }) => name === 'phase').map(({ what }) => what);
    assert.ok(phases.includes('active') && phases.includes('warning'), phases.join());
    assert.equal(phases.at(-1), 'ended');
    assert.equal(said.filter(({ name }) => name === 'ended').length, 1);
    assert.equal(await page.evaluate('host.status.endedBecause'), 'idle');
    const heard = /** @type {any[]} */ (await page.evaluate('heard'));
    const mine = heard.filter(({ data }) => data?.type === 'stillhere');
    assert.ok(mine.every(({ origin }) => origin === authority.base));
  });

  test('without input sends nothing: an empty chair is logged out', async () => {
    const { app } = await embedded();
    await app.waitForFunction("agent.status.phase === 'ended'", { timeout: 15_000 });
    assert.equal((await status(app)).counts.heartbeats, 0);
  });

  test('sends as JSON, or through a port that it hands over, and is answered there', async () => {
    const { page, app } = await embedded({ attach: false });
    await page.evaluate(`frame.contentWindow.postMessage(
      JSON.stringify({ type: 'heartbeat', data: { source: 'phone', keystrokes: 2 } }), '*')`);
    await app.waitForFunction('agent.status.counts.heartbeats === 1');
    await page.evaluate(`window.answers = []; const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => answers.push(data);
      frame.contentWindow.postMessage({ type: 'hello' }, '*', [port2]);
      window.port = port1;`);
    await page.waitForFunction("answers.at(-1)?.data?.phase === 'active'");
    await page.evaluate("port.postMessage({ type: 'heartbeat' })");
    await app.waitForFunction('agent.status.counts.heartbeats === 2');
    await page.evaluate("port.postMessage({ type: 'heartbeat', data: { at: Date.now() } })");
    await app.waitForFunction('agent.status.refused.malformed === 1');
  });

  test('is told the state at most once a second, however often it speaks', async () => {
    const { page, app } = await embedded({ attach: false });
    const begin = performance.now();
    await page.evaluate(`new Promise((done) => {
      let left = 14;
      const timer = setInterval(() => {
        frame.contentWindow.postMessage({ type: 'heartbeat' }, '*');
        left -= 1;
        if (left === 0) { clearInterval(timer); done(); }
      }, 250);
    })`);
    await pause(1_500);
    const told = /** @type {any[]} */ (await page.evaluate('heard')).length;
    // WebKit lets a page's timers wait where nobody sees it.
    const seconds = (performance.now() - begin) / 1_000;
    assert.ok(told >= 3 && told <= Math.max(5, seconds), `told ${told} times in ${seconds} s`);
    assert.ok((await status(app)).counts.heartbeats >= 12, 'all of them counted');
  });

  test('may be switched off: its heartbeats count for nothing', async () => {
    const { page, app } = await embedded({ options: '{"count":{"heartbeats":false}}' });
    await type(page, 2_500, 500);
    assert.equal((await status(app)).counts.heartbeats, 0);
  });

  test('is told at once which option is bad, and nothing is hooked', async () => {
    const page = await open(`${at('crm')}/host.html`);
    const cases = [
      ['document.body', "{ origin: 'https://app.example' }", 'frame'],
      ['frame', 'undefined', 'origin'],
      ['frame', "{ origin: 'https://app.example/' }", 'origin'],
      ['frame', "{ origin: 'null' }", 'origin'],
      ['frame', "{ origin: 'https://app.example', source: 7 }", 'source'],
      ['frame', "{ origin: 'https://app.example', source: 'x'.repeat(65) }", 'source'],
      ['frame', "{ origin: 'https://app.example', relay: 'https://portal.example' }", 'relay'],
      ['frame', "{ origin: 'https://app.example', relay: ['portal.example'] }", 'relay'],
    ];
    await page.evaluate(`window.frame = document.createElement('iframe');
      window.hooked = 0;
      const { addEventListener } = EventTarget.prototype;
      EventTarget.prototype.addEventListener = function (...given) {
        hooked += 1;
        return addEventListener.apply(this, given);
      };`);
    for (const [frame, options, option] of cases) {
      const error = await page.evaluate(`(() => {
        try { attachHost(${frame}, ${options}); } catch (error) {
          return { name: error.name, code: error.code, option: error.option };
        }
      })()`);
      assert.deepEqual(error, { name: 'TypeError', code: 'bad-option', option }, options);
    }
    assert.equal(await page.evaluate('hooked'), 0);
  });

  test('that detaches says nothing more', async () => {
    const { page, app } = await embedded();
    await page.keyboard.press('a');
    await app.waitForFunction('agent.status.counts.heartbeats === 1');
    await page.evaluate('host.detach()');
    await type(page, 2_500, 500);
    assert.equal((await status(app)).counts.heartbeats, 1);
  });
});

describe('a host within a host', () => {
  /** @param {string[]} relay */
  async function nested(relay) {
    const token = await authority.token('nested');
    const frame = address(`${authority.base}/`, { token, host: at('crm') });
    const middle = address(`${at('crm')}/host.html`, { frame, attach: '', relay });
    const page = await open(address(`${at('portal')}/host.html`, { frame: middle, attach: '' }));
    const app = await frameIn(page);
    await page.focus('#notes');
    return { page, app };
  }

  test('passes heartbeats on when it is told to, and the state back', async () => {
    const { page, app } = await nested([at('portal')]);
    await page.waitForFunction("host.status?.phase === 'active'");
    await page.keyboard.press('a');
    await pause(2_500);
    const { counts } = await status(app);
    assert.equal(counts.heartbeats, 1, 'one for one key, and none later');
  });

  test('passes nothing on otherwise', async () => {
    const { page, app } = await nested([]);
    await type(page, 2_500, 500);
    assert.equal((await status(app)).counts.heartbeats, 0);
    assert.equal(await page.evaluate('host.status'), null);
  });
});
