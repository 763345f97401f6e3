/**
 * Presets against stand-ins (tests/servers/stand-ins.mjs), where no real server can be run here: they do what
 * the vendors' documents say. And the authority, whose calls an app signs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { passedOn, startFront } from '../servers/front.mjs';
import { halfWindow, keycloak, okta } from '../servers/stand-ins.mjs';
import { startAuthority } from './lib/authority.mjs';
import {
  eachEnded,
  eachShows,
  pause,
  recorded,
  startChromium,
  statusOf,
  type,
} from './lib/chromium.mjs';
import { openTabs, startEach, TIMES, workThenIdle } from './lib/presets.mjs';

const TABS = 10;
const HALF_WINDOW_MS = 8000;
const halfWindowOptions = JSON.stringify({
  touch: '/touch',
  end: '/sign-out',
  idleTimeoutMs: HALF_WINDOW_MS,
  warnBeforeMs: 1000,
  dev: true,
  slidesFrom: 0.5,
});

/** @typedef {ReturnType<typeof okta> & { front: Awaited<ReturnType<typeof startFront>> }} World */

/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Map<string, World>} */
const worlds = new Map();
/** @type {Map<string, Awaited<ReturnType<typeof openTabs>>>} */
const windows = new Map();
/** How often the authority was asked without a nonce. */
let unsigned = 0;

/** Asks for a nonce before anything passes, as an API under RFC 9449 does. @param {string} target */
function withNonce(target) {
  const pass = passedOn(target)();
  return () => (/** @type {any} */ request, /** @type {any} */ response) => {
    const proof = /** @type {string | undefined} */ (request.headers.dpop)?.split('.')[1] ?? '';
    const { nonce } = JSON.parse(Buffer.from(proof, 'base64url').toString() || '{}');
    if (nonce === 'the newest') return pass(request, response);
    unsigned += 1;
    const headers = {
      'WWW-Authenticate': 'DPoP error="use_dpop_nonce"',
      'DPoP-Nonce': 'the newest',
    };
    return response.writeHead(401, headers).end();
  };
}

before(async () => {
  [browser, authority] = await Promise.all([
    startChromium(),
    startAuthority({ idle: '6s', warn: '1s', keepAlive: '1s' }),
  ]);
  const wanted = /** @type {[string, ReturnType<typeof okta>, number][]} */ ([
    ['okta', okta(6000), TABS],
    ['keycloak', keycloak(6000), TABS],
    ['half', halfWindow(HALF_WINDOW_MS), 2],
    ['working', halfWindow(HALF_WINDOW_MS), 1],
    ['signing', { serve: withNonce(authority.base) }, 1],
  ]);
  for (const [name, stand, count] of wanted) {
    const front = await startFront(name, stand.serve);
    worlds.set(name, { ...stand, front });
    windows.set(name, await openTabs(browser, count, front.page));
  }
});
after(async () => {
  await browser?.close();
  for (const { front } of worlds.values()) front.stop();
  await authority?.stop();
});

/** @param {string} name */
function open(name) {
  const { cookie, front } = /** @type {World} */ (worlds.get(name));
  const window = /** @type {Awaited<ReturnType<typeof openTabs>>} */ (windows.get(name));
  return { cookie, server: front, ...window };
}

describe('the stand-ins', { concurrency: true }, () => {
  test('Okta: a refresh slides, a question does not', async (t) => {
    const { cookie, server, tabs, front } = open('okta');
    await front.evaluate("fetch('/sign-in').then(() => undefined)");
    const options = `{ url: location.origin, ...${JSON.stringify(TIMES)} }`;
    await startEach(tabs, `startWith('okta', ${options})`);
    await front.evaluate("poll('/api/v1/sessions/me')");
    const touches = () => server.count('POST /api/v1/sessions/me/lifecycle/refresh');
    await workThenIdle(t, { tabs, front, touches });
    await pause(300);
    assert.ok(!cookie.alive(), 'it has ended there too');
    assert.ok(server.count('DELETE') <= 1);
  });

  test('Keycloak: the refresh grant slides, calls of the app do not', async (t) => {
    const { cookie, server, tabs, front } = open('keycloak');
    await front.evaluate("localStorage.setItem('refresh', 'r0'), fetch('/sign-in').then(() => 0)");
    const options = `{ url: location.origin, realm: 'clinic', clientId: 'app', ...tokens,
      ...${JSON.stringify(TIMES)} }`;
    await startEach(tabs, `startWith('keycloak', ${options})`);
    await front.evaluate("poll('/api')");
    const touches = () => server.count('POST /realms/clinic/protocol/openid-connect/token');
    await workThenIdle(t, { tabs, front, touches });
    await pause(300);
    assert.ok(!cookie.alive(), 'it has ended there too');
    assert.equal(server.count('POST /realms/clinic/protocol/openid-connect/logout'), 1);
  });

  test('a server that slides in the second half of its window: who was active in the first stays', async (t) => {
    const { cookie, server, tabs, front } = open('half');
    const other = /** @type {import('puppeteer-core').Page} */ (tabs[0]);
    await front.evaluate("fetch('/sign-in').then(() => undefined)");
    await startEach(tabs, `startWith('slidingCookie', ${halfWindowOptions})`);
    // In the first half, and in a tab that is closed then: the other must touch it again.
    await front.focus('#notes');
    await type(front, 2_500, 500);
    // Half a second after the last key.
    const typed = performance.now();
    await front.close();
    await other.bringToFront();
    await other.focus('#notes');
    await pause(typed + HALF_WINDOW_MS - 1_200 - performance.now());
    assert.ok(
      cookie.alive(),
      'a window after the last key it lives, though that was in its first half',
    );
    const touches = server.count('GET /touch');
    t.diagnostic(`${touches} touches until then`);
    assert.ok(touches >= 2 && touches <= 6, `${touches} touches`);
    await other.keyboard.press('a');
    await pause(500);
    assert.equal((await statusOf(other)).phase, 'active', 'who comes back in time goes on');
    assert.ok(cookie.alive());
  });

  test('such a server: who works all the time is never out, with a few touches in a window', async (t) => {
    const { cookie, server, front } = open('working');
    await front.evaluate("fetch('/sign-in').then(() => undefined)");
    await startEach([front], `startWith('slidingCookie', ${halfWindowOptions})`);
    await front.focus('#notes');
    await type(front, 10_000, 300);
    assert.ok(cookie.alive());
    assert.deepEqual((await recorded([front], 'ended')).flat(), []);
    const sent = server.count('GET /touch');
    t.diagnostic(`${sent} touches in 10 s of work`);
    assert.ok(sent >= 3 && sent <= 6, `${sent} touches`);
    await eachEnded([front], HALF_WINDOW_MS + 3000);
    assert.equal((await statusOf(front)).endedBecause, 'idle');
    await pause(300);
    assert.ok(!cookie.alive());
    assert.equal(server.count('POST /sign-out'), 1);
  });

  test('an authority whose calls the app signs: asked for a nonce, each is made once more', async () => {
    const { front } = open('signing');
    const token = await authority.token('signing');
    const options = `{ url: location.origin, token: '${token}' }`;
    await front.evaluate(`signing().then((fetch) =>
      startWith('authority', { ...${options}, fetch }, { token: '${token}' })).then(() => 0)`);
    await eachShows([front], 'active');
    await front.focus('#notes');
    await type(front, 2_500, 250);
    assert.ok(unsigned >= 1 && unsigned <= 2, `${unsigned} were asked for the nonce`);
    const signed = /** @type {number[]} */ (await front.evaluate('window.signed'));
    assert.ok(signed.filter((status) => status === 200).length >= 3, `${signed}`);
    assert.deepEqual((await recorded([front], 'fault')).flat(), []);
    await front.evaluate('agent.end()');
    await pause(300);
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${authority.base}/v1/session`, { headers })).status, 401);
  });
});
