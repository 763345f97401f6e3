/** What presets make of their options, of a server's answers and of clocks, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import * as presets from '../dist/presets.js';
import { MINUTE, oidc, ok, report, server, signal } from './lib/presets.mjs';

// Node 20 has none; a page without locks and storage remembers by itself.
if (!globalThis.navigator) Object.assign(globalThis, { navigator: {} });

/** By how much time went on, and by how much somebody set the clock. */
let [passed, set] = [0, 0];
const clocks = { date: Date.now, mono: performance.now };
beforeEach(() => {
  [passed, set] = [0, 0];
  const [wall, mono] = [clocks.date(), clocks.mono.call(performance)];
  Date.now = () => wall + passed + set;
  performance.now = () => mono + passed;
});
afterEach(() => {
  Date.now = clocks.date;
  performance.now = clocks.mono;
});

const cookie = { touch: 'https://app.example/touch', idleTimeoutMs: 20 * MINUTE };
const { tokenEndpoint: _, ...realm } = { ...oidc, url: 'https://id.example', realm: 'clinic' };

/** @type {[string, () => unknown, string, string?][]} */
const wrong = [
  ['no options', () => presets.slidingCookie(/** @type {any} */ (undefined)), 'options'],
  ['an option that there is not', () => presets.okta(/** @type {any} */ ({ uri: 1 })), 'uri'],
  ['no touch', () => presets.slidingCookie(/** @type {any} */ ({ idleTimeoutMs: 1e6 })), 'touch'],
  ['an address of another kind', () => presets.slidingCookie({ ...cookie, end: 'ftp://a' }), 'end'],
  [
    'a method that is none',
    () => presets.slidingCookie({ ...cookie, touch: { url: cookie.touch, method: 'post it' } }),
    'touch.method',
  ],
  [
    'a part that is too late',
    () => presets.slidingCookie({ ...cookie, slidesFrom: 0.6 }),
    'slidesFrom',
  ],
  [
    '4 minutes',
    () => presets.slidingCookie({ ...cookie, idleTimeoutMs: 240_000 }),
    'idleTimeoutMs',
  ],
  [
    '9 hours',
    () => presets.slidingCookie({ ...cookie, idleTimeoutMs: 32_400_000 }),
    'idleTimeoutMs',
  ],
  [
    'a short warning',
    () => presets.slidingCookie({ ...cookie, warnBeforeMs: 19_999 }),
    'warnBeforeMs',
  ],
  [
    'no function',
    () => presets.slidingCookie({ ...cookie, isDead: /** @type {any} */ (401) }),
    'isDead',
  ],
  [
    'no hook',
    () => presets.okta({ url: 'https://a', idleTimeoutMs: 1e6, fetch: /** @type {any} */ (1) }),
    'fetch',
  ],
  [
    'region and api',
    () => presets.genesysCloud({ token: 't', region: 'a.b', api: 'https://a' }),
    'api',
  ],
  ['neither of them', () => presets.genesysCloud({ token: 't' }), 'api'],
  ['no client', () => presets.oidcRefresh({ ...oidc, clientId: '' }), 'clientId'],
  [
    'no callback',
    () => presets.oidcRefresh({ ...oidc, onTokens: /** @type {any} */ (null) }),
    'onTokens',
  ],
  ['no realm', () => presets.keycloak({ ...realm, realm: '' }), 'realm'],
  [
    'no token',
    () => presets.genesysCloud({ token: '', region: 'mypurecloud.ie' }),
    'token',
    'token-missing',
  ],
  ['no URL', () => presets.authority({ url: 'authority', token: 't' }), 'url'],
];
for (const [what, make, option, code] of wrong) {
  test(`${what}: an error that names the option`, () => {
    assert.throws(make, (/** @type {any} */ error) => {
      assert.equal(error.name, 'StillhereError');
      assert.equal(error.option, option);
      if (code) assert.equal(error.code, code);
      assert.match(error.message, new RegExp(option));
      return true;
    });
  });
}

test('a preset states its rules, and pages need none', async () => {
  const { policy } = /** @type {any} */ (await presets.slidingCookie(cookie).ask(signal));
  assert.deepEqual(policy, {
    version: 1,
    idleTimeoutMs: 20 * MINUTE,
    warnBeforeMs: MINUTE,
    keepAliveMs: 30_000,
    mode: 'enforce',
    counts: { keystrokes: true, clicks: true, heartbeats: true, system: false },
    maxHoldMs: 60 * MINUTE,
    onLock: 'nothing',
  });
  const rotating = /** @type {any} */ (await presets.oidcRefresh(oidc).ask(signal));
  assert.equal(rotating.policy.keepAliveMs, 5 * MINUTE, 'tokens are not rotated each half minute');
});

test('without a question of its own nobody is asked, whatever is known', async () => {
  const { fetch, asked } = server(ok);
  const answer = await presets.slidingCookie({ ...cookie, fetch }).ask(signal);
  assert.equal(answer.state, 'alive');
  assert.equal(asked.length, 0);
});

/** What it makes of one response to a touch. @param {Response} response */
async function touched(response) {
  const { fetch } = server(response);
  return /** @type {any} */ (
    await presets.slidingCookie({ ...cookie, fetch }).send(report, signal)
  );
}

test('401 is death and 403 is none; 429 and 503 say when to come again', async () => {
  const { state, because } = await touched(new Response('', { status: 401 }));
  assert.deepEqual({ state, because }, { state: 'gone', because: 'revoked' });
  assert.equal((await touched(new Response('', { status: 403 }))).state, 'invalid');
  const headers = { 'Retry-After': '7' };
  for (const status of [429, 503]) {
    const later = await touched(new Response('', { status, headers }));
    assert.deepEqual([later.state, later.retryAfterMs], ['unreachable', 7000]);
  }
});

test('who was out of touch for the whole window is out for being idle', async () => {
  const { fetch } = server(ok, new Response('', { status: 401 }));
  const preset = presets.slidingCookie({ ...cookie, ask: cookie.touch, fetch });
  await preset.send(report, signal);
  passed += 21 * MINUTE;
  assert.deepEqual(await preset.ask(signal), { state: 'gone', because: 'idle', status: 401 });
});

test('a touch is sent again with a fresh request where the server asks for its nonce, once', async () => {
  const headers = { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' };
  const asks = () => new Response('', { status: 401, headers });
  const once = server(asks, ok);
  const preset = presets.slidingCookie({ ...cookie, fetch: once.fetch });
  assert.equal((await preset.send(report, signal)).state, 'alive');
  assert.equal(once.asked.length, 2);
  assert.notEqual(once.asked[0], once.asked[1]);
  const ever = server(asks);
  await presets.slidingCookie({ ...cookie, fetch: ever.fetch }).send(report, signal);
  assert.equal(ever.asked.length, 2, 'not over and over');
});

test('in the first half of a window that slides late a touch counts for what is older', async () => {
  const { fetch, asked } = server(ok);
  const preset = presets.slidingCookie({ ...cookie, slidesFrom: 0.5, fetch });
  const send = async (/** @type {object} */ more) =>
    /** @type {any} */ (await preset.send({ ...report, ...more }, signal)).idleMs;
  assert.equal(await send({}), 10 * MINUTE, 'the window may have been slid half of it ago');
  passed += 2 * MINUTE;
  assert.equal(await send({}), 12 * MINUTE);
  assert.equal(asked.length, 1, 'one touch was enough for now');
  await send({ flush: true });
  assert.equal(asked.length, 2, 'what a page says that goes is sent');
  passed += 5 * MINUTE;
  await send({ ageMs: 5 * MINUTE });
  assert.equal(asked.length, 3, 'once in each half of the first half');
  passed += 4 * MINUTE;
  await send({ ageMs: 9 * MINUTE });
  assert.equal(asked.length, 3);
  passed += MINUTE;
  assert.equal(await send({ ageMs: 10 * MINUTE }), undefined, 'half a window old: it was taken in');
  assert.equal(asked.length, 4);
  passed += 5 * MINUTE;
  const holds = [{ id: '1', reason: 'call', ttlMs: MINUTE }];
  assert.equal(await send({ ageMs: 15 * MINUTE, holds }), 10 * MINUTE, 'a call is going on now');
});

/** An API whose clock is so much ahead. @param {number} aheadMs */
function genesys(aheadMs, { date = true, trustIdle = true } = {}) {
  let idlesAt = 0;
  const { fetch, what } = server(ok);
  const now = () => clocks.date() + passed + aheadMs;
  const slide = () => {
    idlesAt = now() + 10 * MINUTE;
  };
  const preset = presets.genesysCloud({
    region: 'mypurecloud.ie',
    token: 'a-token',
    trustIdle,
    fetch: async (request) => {
      await fetch(request);
      assert.equal(request.headers.get('Authorization'), 'Bearer a-token');
      if (request.url.endsWith('timeout')) {
        return Response.json({ idleTokenTimeoutSeconds: 600, enableIdleTokenTimeout: true });
      }
      if (!request.url.includes('preserveIdleTTL')) slide();
      /** @type {Record<string, string>} */
      const headers = date ? { Date: new Date(now()).toUTCString() } : {};
      return Response.json({ dateTokenIdles: new Date(idlesAt).toISOString() }, { headers });
    },
  });
  slide();
  return { preset, what, slide };
}
/** @param {import('stillhere').KeepAlive} preset */
const idle = async (preset) => /** @type {any} */ (await preset.ask(signal)).idleMs;
/** @param {number} value @param {number} wanted */
const about = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) <= 1100, `${value} ms instead of ${wanted} ms`);

test('Genesys Cloud: the timeout is read once, touches slide, questions do not', async () => {
  const { preset, what } = genesys(0);
  const { policy } = /** @type {any} */ (await preset.ask(signal));
  assert.equal(policy.idleTimeoutMs, 10 * MINUTE);
  assert.ok(policy.version > 1_700_000_000, 'a page that reads it later knows better');
  await preset.send(report, signal);
  await preset.end?.('idle', signal);
  const root = 'https://api.mypurecloud.ie/api/v2/tokens';
  assert.deepEqual(what(), [
    `GET ${root}/timeout`,
    `GET ${root}/me?preserveIdleTTL=true`,
    `GET ${root}/me`,
    `DELETE ${root}/me`,
  ]);
});

for (const aheadMs of [0, -3_600_000, 3_600_000]) {
  test(`dates of a clock that is ${aheadMs} ms ahead are read as durations`, async () => {
    const { preset, slide } = genesys(aheadMs);
    passed += 4 * MINUTE;
    about(await idle(preset), 4 * MINUTE);
    await preset.send({ ...report, ageMs: 20_000 }, signal);
    passed += MINUTE;
    assert.equal(
      Math.round(await idle(preset)),
      MINUTE + 20_000,
      'its own touch is no news of anybody',
    );
    slide();
    passed += MINUTE;
    about(await idle(preset), MINUTE);
  });
}

test('without a Date beside them dates say nothing before the first touch, and then what came since', async () => {
  const { preset, slide } = genesys(3_600_000, { date: false });
  assert.equal(await idle(preset), undefined);
  await preset.send({ ...report, ageMs: 20_000 }, signal);
  passed += 3 * MINUTE;
  set = 3_600_000;
  about(await idle(preset), 3 * MINUTE + 20_000);
  slide();
  passed += MINUTE;
  about(await idle(preset), MINUTE);
});

test('where background calls slide, what is left says nothing of people', async () => {
  const { preset, slide } = genesys(0, { trustIdle: false });
  await preset.send(report, signal);
  passed += 5 * MINUTE;
  slide();
  const answer = /** @type {any} */ (await preset.ask(signal));
  assert.deepEqual(
    [answer.state, answer.idleMs, answer.remainingMs],
    ['alive', undefined, undefined],
  );
});

test('with the timeout switched off, whatever it says, the rules only observe', async () => {
  const { fetch } = server(() =>
    Response.json({ idleTokenTimeoutSeconds: 0, enableIdleTokenTimeout: false }),
  );
  const preset = presets.genesysCloud({ api: 'https://api.example', token: 't', fetch });
  const { policy } = /** @type {any} */ (await preset.ask(signal));
  assert.deepEqual([policy.mode, policy.idleTimeoutMs], ['observe', 8 * 60 * MINUTE]);
});

test('what a page says that goes is sent in the same turn', () => {
  const { fetch, what, asked } = server(ok);
  const api = { api: 'https://api.example', token: 't', idleTimeoutMs: 20 * MINUTE, fetch };
  for (const preset of [presets.slidingCookie({ ...cookie, fetch }), presets.genesysCloud(api)]) {
    preset.send({ ...report, flush: true }, signal);
  }
  assert.equal(what().length, 2, 'before any promise runs');
  assert.ok(asked.every(({ keepalive }) => keepalive));
});

test('without a token nobody is asked', async () => {
  const { fetch, asked } = server(ok);
  const preset = presets.genesysCloud({ region: 'a.example', token: () => null, fetch });
  assert.deepEqual(await preset.ask(signal), { state: 'gone', because: 'token-missing' });
  const none = presets.oidcRefresh({ ...oidc, refreshToken: () => null, fetch });
  assert.deepEqual(await none.ask(signal), { state: 'gone', because: 'token-missing' });
  assert.equal(asked.length, 0);
});
