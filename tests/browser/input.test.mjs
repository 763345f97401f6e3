/** What counts, what does not, and what is never seen (docs/architecture.md, rules 6 and 7). */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, posted, recorded } from './lib/chromium.mjs';
import { startBrowser, unless, withoutMouse } from './lib/engine.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page} */
let tab;

/** @type {import('puppeteer-core').KeyInput[]} */
const KEYS = ['a', 'Shift', 'Enter', 'ArrowLeft'];

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '5s', keepAlive: '2s' });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});
afterEach(() => tab?.close());

async function openTab(user = 'ada') {
  const token = await authority.token(user);
  [tab] = /** @type {[Page]} */ (
    /** @type {unknown} */ (await browser.openAll(1, `${authority.base}/?token=${token}`))
  );
  await tab.focus('#notes');
  return token;
}

/** @returns {Promise<import('stillhere').Status>} */
const status = async () => /** @type {any} */ (await tab.evaluate('window.agent.status'));

test('trusted keys count, each once', async () => {
  await openTab();
  for (const key of KEYS) await tab.keyboard.press(key);
  const { counts, refused } = await status();
  assert.deepEqual(counts, { keystrokes: 4, clicks: 0, heartbeats: 0, notes: 0, system: 0 });
  assert.deepEqual(refused, { untrusted: 0, origin: 0, rate: 0, malformed: 0 });
});

test('trusted pointer presses count, each once', { skip: withoutMouse }, async () => {
  await openTab();
  await tab.mouse.click(20, 20);
  await tab.mouse.click(30, 30, { button: 'right' });
  const { counts, refused } = await status();
  assert.deepEqual(counts, { keystrokes: 0, clicks: 2, heartbeats: 0, notes: 0, system: 0 });
  assert.deepEqual(refused, { untrusted: 0, origin: 0, rate: 0, malformed: 0 });
});

test('scripted events count for nothing and are reported as refused', async () => {
  await openTab();
  const before = (await authority.counts()).keepAlives;
  await tab.evaluate(() => {
    for (let at = 0; at < 5; at += 1) {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
    }
    window.dispatchEvent(new PointerEvent('pointerdown'));
    document.querySelector('textarea')?.click();
  });
  await pause(2_500);
  const { counts, refused } = await status();
  assert.deepEqual(counts, { keystrokes: 0, clicks: 0, heartbeats: 0, notes: 0, system: 0 });
  assert.equal(refused.untrusted, 6);
  const reported = (await recorded([tab], 'refused'))[0] ?? [];
  assert.deepEqual(
    reported.map(({ what }) => what),
    ['untrusted'],
    'reported once',
  );
  assert.equal((await authority.counts()).keepAlives, before);
});

const held = unless({
  firefox: 'WebDriver BiDi holds no key down.',
  webkit: 'WebDriver holds no key down.',
});
test('the repeats of a held key and pointer moves count for nothing', { skip: held }, async () => {
  await openTab();
  const cdp = await tab.createCDPSession();
  const key = { key: 'a', code: 'KeyA', text: 'a', windowsVirtualKeyCode: 65 };
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key });
  for (let at = 0; at < 20; at += 1) {
    await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', autoRepeat: true, ...key });
  }
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  await tab.mouse.move(10, 10);
  await tab.mouse.move(200, 200, { steps: 30 });
  const { counts, refused } = await status();
  assert.deepEqual(counts, { keystrokes: 1, clicks: 0, heartbeats: 0, notes: 0, system: 0 });
  assert.equal(refused.untrusted, 0, 'they are real, they just say nothing');
});

const asked = 'note() counts; scroll and pointer moves count where the page asks for it';
test(asked, { skip: withoutMouse }, async () => {
  const token = await authority.token();
  tab = await browser.open(`${authority.base}/`);
  await tab.evaluate(
    (given) =>
      Object(window).start({
        token: given,
        authority: location.origin,
        count: { keystrokes: false, pointerMove: true, scroll: true },
      }),
    token,
  );
  await tab.waitForFunction("window.agent.status.phase === 'active'");
  await tab.evaluate('window.agent.note("call")');
  await tab.focus('#notes');
  await tab.keyboard.press('a');
  await tab.mouse.move(50, 50);
  await pause(100);
  const { counts } = await status();
  assert.equal(counts.keystrokes, 0);
  assert.ok(counts.notes >= 2, `${counts.notes} notes`);
});

test('a hold keeps the session and is seen in the status', async () => {
  await openTab('holder');
  await tab.evaluate('window.hold = window.agent.hold("call", { ttlMs: 60_000 })');
  const held = await status();
  assert.equal(held.phase, 'held');
  assert.equal(held.remainingMs, null);
  assert.deepEqual(
    held.holds.map(({ reason }) => reason),
    ['call'],
  );
  await pause(3_000);
  const session = (await authority.sessions()).find(({ user }) => user === 'holder');
  assert.equal(session?.state, 'held');
  await tab.evaluate('window.hold.release()');
  assert.equal((await status()).phase, 'active');
});

const unseen = unless({
  firefox: 'WebDriver BiDi shows no headers of a request before it is sent.',
  webkit: 'WebDriver shows no requests.',
});
test('the token and what was typed are nowhere but in its header', { skip: unseen }, async () => {
  const seen = /** @type {string[]} */ ([]);
  const page = await browser.browser.newPage();
  tab = page;
  page.on('console', (message) => seen.push(message.text()));
  page.on('request', (request) => {
    const { authorization: _, ...headers } = request.headers();
    seen.push(request.url(), JSON.stringify(headers), request.postData() ?? '');
  });
  await page.evaluateOnNewDocument(() => {
    const posts = /** @type {unknown[]} */ ([]);
    Object.assign(window, { posts });
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (message) {
      posts.push([this.name, Array.from(message), new TextDecoder().decode(message)]);
      return postMessage.call(this, message);
    };
  });
  const token = await authority.token();
  await page.goto(`${authority.base}/`);
  await page.evaluate(
    (given) => Object(window).start({ token: given, authority: location.origin }),
    token,
  );
  await page.waitForFunction("window.agent.status.phase === 'active'");
  await page.focus('#notes');
  await page.keyboard.type('zyxwvzyxwv');
  await pause(3_000);
  seen.push(
    .../** @type {string[]} */ (
      await page.evaluate(async () => [
        JSON.stringify(Object(window).posts),
        JSON.stringify(Object(window).agent.status),
        JSON.stringify(Object(window).agent.contexts()),
        JSON.stringify(Object(window).record),
        JSON.stringify({ ...localStorage }),
        JSON.stringify({ ...sessionStorage }),
        JSON.stringify(await navigator.locks.query()),
        JSON.stringify(await indexedDB.databases()),
        document.cookie,
      ])
    ),
  );
  const all = seen.join('\n');
  assert.match(all, /keepalive/, 'a keep-alive was among it');
  assert.match(all, /stillhere:[\w-]{22}/, 'the channel is named by the hash');
  assert.ok(!all.includes(token), 'the token');
  assert.ok(!all.includes(token.slice(-12)), 'a part of the token');
  assert.doesNotMatch(all, /zyxwv|KeyZ|"key"|keyCode/i, 'what was typed');
  assert.ok((await posted([page])) > 0, 'messages were among it');
});

test('an event that nobody listens to is not made, and is from when somebody does', async () => {
  tab = await browser.open(`${authority.base}/`);
  const made = await tab.evaluate(
    async (token) => {
      const made = /** @type {string[]} */ ([]);
      window.CustomEvent = new Proxy(CustomEvent, {
        construct(target, [name, init]) {
          made.push(name);
          return new target(name, init);
        },
      });
      const agent = await Object(window).createAgent({ token, authority: location.origin });
      await new Promise((done) => agent.addEventListener('phase', done, { once: true }));
      const told = () => new Promise((done) => setTimeout(done, 1_500));
      agent.note();
      await told();
      const unheard = [...made];
      let heard = 0;
      agent.addEventListener('activity', () => {
        heard += 1;
      });
      agent.note();
      await told();
      return { unheard, heard };
    },
    await authority.token(),
  );
  assert.deepEqual(made.unheard, ['phase']);
  assert.ok(made.heard > 0);
});
