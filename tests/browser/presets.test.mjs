/** Presets against the servers that they are for, the real ones, with windows of a few seconds. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startDjango, startExpress, startRedis } from '../../bench/lib/servers.mjs';
import { passedOn, startFront } from '../servers/front.mjs';
import { startProvider } from '../servers/refresh-provider.mjs';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, startChromium, statusOf, type } from './lib/chromium.mjs';
import { openTabs, startEach, TIMES, workThenIdle } from './lib/presets.mjs';

const TABS = 10;

/** @typedef {{ stop(): unknown }} Stops */
/** @typedef {Awaited<ReturnType<typeof startFront>>} Front */
/** @typedef {Awaited<ReturnType<typeof startProvider>>} Provider */

/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** What is stopped at the end, the last first. @type {Stops[]} */
const started = [];
/** The window of each test. @type {Map<string, Awaited<ReturnType<typeof openTabs>>>} */
const windows = new Map();
/** @type {Map<string, Front>} */
const fronts = new Map();
/** @type {Map<string, Provider>} */
const providers = new Map();

/** @template {Stops} T @param {Promise<T> | T} server @returns {Promise<T>} */
async function up(server) {
  started.push(await server);
  return server;
}

/** An app before that server. @param {string} name @param {string} base */
const app = async (name, base) => fronts.set(name, await up(startFront(name, passedOn(base))));

before(async () => {
  const redis = await up(startRedis());
  const [express, django] = await Promise.all([
    up(startExpress(redis.url, 6)),
    startDjango(redis.url, 6),
  ]);
  authority = await up(startAuthority({ idle: '6s', warn: '1s', keepAlive: '1s' }));
  await app('express', express.base);
  if (django) await app('django', (await up(django)).base);
  await app('genesys', authority.base);
  await app('elsewhere', authority.base);
  providers.set('oidc', await up(startProvider({ name: 'oidc', ttl: 8 })));
  providers.set('lost', await up(startProvider({ name: 'lost', ttl: 60 })));
  providers.set('dpop', await up(startProvider({ name: 'dpop', ttl: 60, dpop: true })));
  browser = await startChromium();
  // All windows first: no test waits for tabs in its middle.
  for (const [name, { page }] of [...fronts, ...providers]) {
    const count = name === 'elsewhere' || name === 'dpop' ? 1 : TABS;
    windows.set(name, await openTabs(browser, count, page));
  }
});
after(async () => {
  await browser?.close();
  for (const server of started.reverse()) await server.stop();
});

/** @template T @param {Map<string, T>} all @param {string} name */
const of = (all, name) => /** @type {T} */ (all.get(name));

/**
 * Sessions in a cookie: ten tabs, of which one polls.
 * @param {import('node:test').TestContext} t
 * @param {string} name
 * @param {object} more options of the preset
 */
async function cookies(t, name, more) {
  const front = of(fronts, name);
  const { tabs, front: seen } = of(windows, name);
  const cookie = await seen.evaluate("fetch('/sign-in').then(() => undefined)").then(async () => {
    const { cookies } = await (await seen.createCDPSession()).send('Network.getCookies');
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  });
  const dead = async () => (await fetch(`${front.direct}/touch`, { headers: { cookie } })).status;
  assert.equal(await dead(), 200);
  const options = JSON.stringify({ touch: '/touch', end: '/sign-out', ...more, ...TIMES });
  await startEach(tabs, `startWith('slidingCookie', ${options})`);
  // Each of them keeps the session alive, as far as the server can tell.
  await seen.evaluate("poll('/touch?poll', { credentials: 'include' })");
  const touches = () => front.count('GET /touch') - front.count('GET /touch?poll');
  await workThenIdle(t, { tabs, front: seen, touches });
  await pause(300);
  assert.equal(front.count('POST /sign-out'), 1, 'one of them ends it there');
  assert.equal(await dead(), 401, 'the server has ended it too, whatever polls');
  const polls = front.count('GET /touch?poll');
  assert.ok(polls >= 10, `${polls} polls`);
  return { front, seen, tabs };
}

describe('the servers', { concurrency: true }, () => {
  test('express-session, rolling, with connect-redis', async (t) => {
    const { front, seen } = await cookies(t, 'express', {});
    // The same without a way to end it: the agent still does, and the server is kept alive by the poll.
    await seen.goto(front.page);
    await seen.evaluate("fetch('/sign-in').then(() => poll('/touch?poll'))");
    const options = JSON.stringify({ touch: '/touch', ...TIMES, idleTimeoutMs: 3000 });
    await startEach([seen], `startWith('slidingCookie', ${options}, { token: 'another' })`);
    await eachShows([seen], 'ended', 6000);
    await pause(1200);
    assert.equal(await seen.evaluate('window.polls.at(-1)'), 200);
  });

  test('Django with SESSION_SAVE_EVERY_REQUEST', async (t) => {
    if (!fronts.has('django')) return t.skip('There is no Python 3 with venv and pip for Django.');
    const { front, seen } = await cookies(t, 'django', { ask: '/ask' });
    assert.ok(front.count('GET /ask') >= 2, 'it is asked before the warning and before the end');
    // What ended there is seen before anybody is warned, and a question extends nothing.
    await seen.goto(front.page);
    await seen.evaluate("fetch('/sign-in').then(() => undefined)");
    const asked = JSON.stringify({ touch: '/touch', ask: '/ask', ...TIMES });
    await startEach([seen], `startWith('slidingCookie', ${asked}, { token: 'another' })`);
    await seen.evaluate("fetch('/sign-out').then(() => undefined)");
    await eachShows([seen], 'ended', 8000);
    const phases = (await recorded([seen], 'phase')).flat().map(({ what }) => what);
    assert.ok(!phases.includes('warning'), phases.join());
    assert.equal((await statusOf(seen)).endedBecause, 'revoked');
  });

  test('Genesys Cloud, as the authority shows it', async (t) => {
    const front = of(fronts, 'genesys');
    const { tabs, front: seen } = of(windows, 'genesys');
    const token = await authority.token('genesys');
    const options = `{ api: location.origin, token: '${token}' }`;
    // The page asks for no times but its interval: the timeout is the organization's.
    await startEach(tabs, `startWith('genesysCloud', ${options}, { keepAliveMs: 1500 })`);
    assert.equal((await statusOf(seen)).policy.idleTimeoutMs, 6000);
    // Any call is activity there.
    const headers = { Authorization: `Bearer ${token}` };
    await seen.evaluate(`poll('/api/v2/tokens/me?poll', ${JSON.stringify({ headers })})`);
    const touches = () => front.seen.filter(({ what }) => what === 'GET /api/v2/tokens/me').length;
    await workThenIdle(t, { tabs, front: seen, touches });
    await pause(300);
    assert.equal(front.count('DELETE /api/v2/tokens/me'), 1);
    const dead = await fetch(`${authority.base}/api/v2/tokens/me`, { headers });
    assert.equal(dead.status, 401);
    assert.ok(front.count('GET /api/v2/tokens/me?preserveIdleTTL=true') >= 2);
    assert.ok(front.count('GET /api/v2/tokens/timeout') <= TABS, 'read once by a page');
  });

  test('Genesys Cloud with background calls excluded: who works elsewhere keeps this page', async (t) => {
    const { front: seen } = of(windows, 'elsewhere');
    const token = await authority.token('elsewhere');
    const options = `{ api: location.origin, token: '${token}', trustIdle: true }`;
    await startEach([seen], `startWith('genesysCloud', ${options})`);
    await seen.focus('#notes');
    await type(seen, 1000, 250);
    await pause(3000);
    const headers = { Authorization: `Bearer ${token}` };
    await fetch(`${authority.base}/api/v2/tokens/me`, { headers });
    const touched = performance.timeOrigin + performance.now();
    await eachShows([seen], 'ended', 12_000);
    const [[ended]] = /** @type {any} */ (await recorded([seen], 'ended'));
    const after = ended.at - touched;
    t.diagnostic(`out ${after.toFixed(0)} ms after what was done elsewhere`);
    // The Date of a response counts whole seconds.
    assert.ok(after > 5_800 && after < 7_500, `${after} ms`);
    assert.equal(ended.what, 'idle');
  });

  test('oidc-provider with refresh tokens that rotate', async (t) => {
    const provider = of(providers, 'oidc');
    const { tabs, front } = of(windows, 'oidc');
    await front.evaluate(`localStorage.setItem('refresh', '${await provider.signIn()}')`);
    const script = `startWith('oidcRefresh', {
      tokenEndpoint: '/token', introspectionEndpoint: '/token/introspection',
      revocationEndpoint: '/token/revocation', clientId: 'app', ...tokens, ...${JSON.stringify(TIMES)} })`;
    await startEach(tabs, script);
    // It slides nothing: the app's own calls are made with the access token.
    await front.evaluate(
      "poll('/token/introspection?poll', { method: 'POST', body: new URLSearchParams({ client_id: 'app', token: tokens.refreshToken() }) })",
    );
    await workThenIdle(t, { tabs, front, touches: () => provider.used.length });
    assert.equal(new Set(provider.used).size, provider.used.length, 'none is used twice');
    const held = new Set(await Promise.all(tabs.map((tab) => tab.evaluate('window.accessToken'))));
    assert.equal(held.size, 1, 'each tab has the newest token');
    await pause(300);
    const newest = String(await front.evaluate('tokens.refreshToken()'));
    assert.equal(await provider.takes(newest), false, 'the provider has ended it too');
    assert.equal(provider.count('POST /token/revocation'), 1);
    assert.equal(provider.revoked(), 1, 'no family was revoked but by that');
  });

  test('oidc-provider: all tabs refresh at once, requests and answers are lost', async () => {
    const provider = of(providers, 'lost');
    const { tabs, front } = of(windows, 'lost');
    const signIn = async () => {
      const token = await provider.signIn();
      await front.evaluate(`localStorage.setItem('refresh', '${token}')`);
      return token;
    };
    const first = await signIn();
    const make = (
      /** @type {string} */ more,
    ) => `preset = presets.oidcRefresh({ tokenEndpoint: '/token',
      clientId: 'app', ...tokens, idleTimeoutMs: 300_000, ${more} }), 0`;
    await Promise.all(tabs.map((tab) => tab.evaluate(make(''))));
    const refresh = (/** @type {import('puppeteer-core').Page} */ tab) =>
      tab.evaluate('preset.refresh()').then((answer) => /** @type {any} */ (answer).state);
    const states = await Promise.all(tabs.map(refresh));
    assert.deepEqual([...new Set(states)], ['alive']);
    assert.deepEqual(provider.used, [first], 'one of them did it for all');

    // The provider used it up, and nobody heard of the next: it is not sent again.
    provider.troubles.push('lost answer');
    assert.equal(await refresh(front), 'unreachable');
    const other = /** @type {import('puppeteer-core').Page} */ (tabs[0]);
    assert.equal(await refresh(other), 'unreachable', 'nor by another tab');
    assert.equal(provider.used.length, 2);
    assert.equal(provider.revoked(), 0);

    // With a provider that can be asked, a request that never arrived is made once more, and a token that
    // was used up is known to be.
    await signIn();
    for (const tab of [front, other]) {
      await tab.evaluate(make("introspectionEndpoint: '/token/introspection'"));
    }
    provider.troubles.push('lost request');
    assert.equal(await refresh(front), 'unreachable');
    assert.equal(await refresh(other), 'alive');
    assert.equal(provider.used.length, 3);
    provider.troubles.push('lost answer');
    assert.equal(await refresh(front), 'unreachable');
    assert.equal(await refresh(other), 'gone');
    assert.deepEqual([provider.used.length, provider.revoked()], [4, 0]);

    // One that was ended elsewhere is refused, and that is the end.
    const last = await signIn();
    const body = new URLSearchParams({ client_id: 'app', token: last });
    await fetch(`${provider.direct}/token/revocation`, { method: 'POST', body });
    assert.equal(await refresh(other), 'gone');
  });

  test('oidc-provider with DPoP: the app signs, and once more with the nonce it was given', async () => {
    const provider = of(providers, 'dpop');
    const { front } = of(windows, 'dpop');
    await front.evaluate(`localStorage.setItem('refresh', '${await provider.signIn()}')`);
    const options = JSON.stringify({ tokenEndpoint: '/token', clientId: 'app', ...TIMES });
    await front.evaluate(`signing().then((fetch) =>
      startWith('oidcRefresh', { ...${options}, ...tokens, fetch })).then(() => 0)`);
    await eachShows([front], 'active');
    await front.focus('#notes');
    await type(front, 4_000, 250);
    const signed = /** @type {number[]} */ (await front.evaluate('window.signed'));
    assert.equal(signed[0], 400, 'it asks for its nonce');
    assert.ok(signed.slice(1).every((status) => status === 200) && signed.length >= 3, `${signed}`);
    assert.equal(provider.revoked(), 0);
    assert.deepEqual((await recorded([front], 'fault')).flat(), []);
    assert.equal((await statusOf(front)).phase, 'active');
  });
});
