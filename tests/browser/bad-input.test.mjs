/** Bad input of any kind gets one clear error or fault, and changes no fact. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, recorded } from './lib/chromium.mjs';
import { startBrowser } from './lib/engine.mjs';
import { startStub } from './lib/stub.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Awaited<ReturnType<typeof startStub>>} */
let stub;
/** @type {Page} */
let tab;

before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '5s', keepAlive: '2s' });
  browser = await startBrowser();
  stub = await startStub();
});
after(async () => {
  stub?.stop();
  await browser?.close();
  await authority?.stop();
});
afterEach(() => tab?.close());

const POLICY = {
  version: 1,
  idle_timeout_ms: 60_000,
  warn_before_ms: 5_000,
  keepalive_ms: 2_000,
  mode: 'enforce',
  counts: { keystrokes: true, clicks: true, heartbeats: true },
  max_hold_ms: 60_000,
};
const ALIVE = { state: 'alive', remaining_ms: 60_000, idle_ms: 0, policy: POLICY };

/** Starts an agent in a fresh tab and gives the error that it throws. @param {string} options */
async function failure(options) {
  tab = await browser.open(`${authority.base}/`);
  return /** @type {Promise<any>} */ (
    tab.evaluate(`start(${options}).then(() => null, (error) => ({
      name: error.name, code: error.code, option: error.option, message: error.message,
      own: error instanceof StillhereError,
    }))`)
  );
}

describe('a bad option throws one StillhereError before anything is hooked', () => {
  const good = `token: 'some-token-for-tests', authority: location.origin`;
  /** @type {[string, string, string][]} */
  const cases = [
    ['{}', 'token-missing', 'token'],
    [`{ token: '', authority: location.origin }`, 'token-missing', 'token'],
    [`{ token: () => null, authority: location.origin }`, 'token-missing', 'token'],
    [`{ token: 7, authority: location.origin }`, 'bad-option', 'token'],
    [`{ token: 'some-token-for-tests' }`, 'bad-option', 'authority'],
    [`{ token: 'some-token-for-tests', authority: 'ftp://x' }`, 'bad-option', 'authority'],
    [`{ token: 'some-token-for-tests', authority: { send() {} } }`, 'bad-option', 'authority'],
    [`{ ${good}, idleTimeoutMs: 0 }`, 'bad-option', 'idleTimeoutMs'],
    [`{ ${good}, idleTimeoutMs: 1e9 }`, 'bad-option', 'idleTimeoutMs'],
    [`{ ${good}, warnBeforeMs: 1.5 }`, 'bad-option', 'warnBeforeMs'],
    [`{ ${good}, keepAliveMs: '5s' }`, 'bad-option', 'keepAliveMs'],
    [`{ ${good}, group: '' }`, 'bad-option', 'group'],
    [`{ ${good}, count: { keystrokes: 'yes' } }`, 'bad-option', 'count.keystrokes'],
    [`{ ${good}, hosts: 'https://crm.example' }`, 'bad-option', 'hosts'],
    [`{ ${good}, hosts: ['https://crm.example/'] }`, 'bad-option', 'hosts'],
    [`{ ${good}, hosts: ['crm.example'] }`, 'bad-option', 'hosts'],
    [`{ ${good}, hosts: ['https://*.example'] }`, 'bad-option', 'hosts'],
    [`{ ${good}, hosts: ['null'] }`, 'bad-option', 'hosts'],
    [`{ ${good}, hosts: [7] }`, 'bad-option', 'hosts'],
    [`{ ${good}, frames: true }`, 'bad-option', 'frames'],
    [`{ ${good}, observeOnly: 'yes' }`, 'bad-option', 'observeOnly'],
    [`{ ${good}, observeOnly: null }`, 'bad-option', 'observeOnly'],
    [`{ ${good}, count: { heartbeats: 1 } }`, 'bad-option', 'count.heartbeats'],
    [`{ ${good}, count: { keys: true } }`, 'unknown-option', 'count.keys'],
    [`{ ${good}, idleTimeout: 5 }`, 'unknown-option', 'idleTimeout'],
    ['null', 'bad-option', 'options'],
  ];
  for (const [options, code, option] of cases) {
    test(options, async () => {
      const error = await failure(options);
      assert.ok(error, 'it throws');
      assert.deepEqual(
        { name: error.name, code: error.code, option: error.option, own: error.own },
        { name: 'StillhereError', code, option, own: true },
      );
      assert.ok(error.message.includes(option === 'options' ? 'options' : option.split('.')[0]));
      assert.equal(await tab.evaluate('window.posts.length'), 0, 'nothing was hooked');
    });
  }
});

test('an option that is undefined is one that is not given', async () => {
  const error = await failure(`{
    token: 'some-token-for-tests', authority: location.origin, group: undefined, hosts: undefined,
    frames: undefined, idleTimeoutMs: undefined, count: { clicks: undefined, heartbeats: undefined },
  }`);
  assert.equal(error, null);
});

/** A tab whose authority is the stub. @param {import('./lib/stub.mjs').Reply} reply */
async function openAgainst(reply) {
  stub.answer(reply);
  tab = await browser.open(`${authority.base}/`);
  const token = `stub-token-${crypto.randomUUID()}`;
  await tab.evaluate(
    (given, base) => Object(window).start({ token: given, authority: base }),
    token,
    stub.base,
  );
}

const faults = async () => ((await recorded([tab], 'fault'))[0] ?? []).map(({ what }) => what);
/** @returns {Promise<import('stillhere').Status>} */
const status = async () => /** @type {any} */ (await tab.evaluate('window.agent.status'));

describe('an authority that fails', () => {
  test('is not there at the start: one fault, and the agent goes on', async () => {
    tab = await browser.open(`${authority.base}/`);
    await tab.evaluate(
      `start({ token: 'token-of-nobody-at-all', authority: 'http://localhost:9' })`,
    );
    await tab.waitForFunction("window.agent.status.phase === 'active'");
    await pause(3_000);
    assert.deepEqual(await faults(), ['authority-unreachable']);
    assert.equal((await status()).endedBecause, undefined);
  });

  /** @type {[string, import('./lib/stub.mjs').Reply, string][]} */
  const broken = [
    ['answers 500', { status: 500, body: '{}' }, 'authority-unreachable'],
    [
      'answers 503 with Retry-After',
      { status: 503, headers: { 'Retry-After': '30' } },
      'authority-unreachable',
    ],
    ['answers what is no JSON', { body: '<html>Welcome' }, 'bad-answer'],
    ['answers an empty body', { body: '' }, 'bad-answer'],
    ['answers another shape', { body: '[1, 2]' }, 'bad-answer'],
    ['answers a negative time', { body: JSON.stringify({ ...ALIVE, idle_ms: -5 }) }, 'bad-answer'],
    [
      'answers an absurd time',
      { body: JSON.stringify({ ...ALIVE, idle_ms: 1e300 }) },
      'bad-answer',
    ],
    [
      'answers a time in words',
      { body: JSON.stringify({ ...ALIVE, idle_ms: 'soon' }) },
      'bad-answer',
    ],
    [
      'answers an absurd policy',
      { body: JSON.stringify({ ...ALIVE, policy: { ...POLICY, idle_timeout_ms: 1e12 } }) },
      'bad-answer',
    ],
    [
      'answers a rule that nobody knows',
      { body: JSON.stringify({ ...ALIVE, policy: { ...POLICY, on_lock: 'sometimes' } }) },
      'bad-answer',
    ],
    [
      'answers half a policy',
      { body: JSON.stringify({ ...ALIVE, policy: { version: 1 } }) },
      'bad-answer',
    ],
  ];
  for (const [name, reply, fault] of broken) {
    test(`${name}: one fault, no fact changed, nobody logged out`, async () => {
      await openAgainst(reply);
      await tab.waitForFunction("window.agent.status.phase === 'active'");
      await pause(1_200);
      assert.deepEqual(await faults(), [fault]);
      const { policy, endedBecause } = await status();
      assert.equal(policy.version, 0, 'its policy was not taken');
      assert.equal(endedBecause, undefined);
    });
  }

  test('with Retry-After is left alone until then', async () => {
    stub.asked.length = 0;
    await openAgainst({ status: 503, headers: { 'Retry-After': '30' } });
    await pause(4_000);
    const asked = stub.asked.filter((line) => !line.endsWith('/events'));
    assert.deepEqual(asked, ['GET /v1/session']);
  });

  test('answers 401: the session is over', async () => {
    await openAgainst({ status: 401, body: JSON.stringify({ because: 'revoked' }) });
    await tab.waitForFunction("window.agent.status.phase === 'ended'");
    assert.equal((await status()).endedBecause, 'revoked');
    assert.deepEqual(await faults(), []);
  });

  test('never answers: the request is given up after its limit', async () => {
    await openAgainst({ hang: true });
    await pause(1_000);
    assert.equal((await status()).phase, 'checking', 'nothing is known yet');
    await tab.waitForFunction("window.agent.status.phase === 'active'", { timeout: 8_000 });
    assert.deepEqual(await faults(), ['authority-unreachable']);
  });
});

describe('rubbish on the channel', () => {
  test('is dropped, counted and reported once for each kind', async () => {
    const token = await authority.token();
    [tab] = /** @type {[Page]} */ (
      /** @type {unknown} */ (await browser.openAll(1, `${authority.base}/?token=${token}`))
    );
    const before = await status();
    const name = await tab.evaluate(async (secret) => {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
      const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
      return `stillhere:${text.replaceAll('+', '-').replaceAll('/', '_').slice(0, 22)}`;
    }, token);
    const sent = await tab.evaluate((channel) => {
      const rubbish = [
        'hello',
        null,
        { phase: 'ended' },
        [1, 2, 3],
        new Uint8Array(),
        // Of the version that this agent writes.
        new Uint8Array([2]),
        new Uint8Array(300).fill(2),
        new Uint8Array(400_000).fill(2),
        new Uint8Array([2, ...Array(60).fill(255)]),
      ];
      const other = new BroadcastChannel(channel);
      for (const message of rubbish) other.postMessage(message);
      other.postMessage(new Uint8Array([99, 1, 2, 3]));
      other.postMessage(new Uint8Array([99, 1, 2, 3]));
      return rubbish.length;
    }, name);
    await tab.waitForFunction(`window.agent.status.refused.malformed === ${sent}`);
    await pause(200);
    assert.deepEqual((await faults()).sort(), ['bad-message', 'unknown-version']);
    const after = await status();
    assert.equal(after.phase, 'active');
    assert.deepEqual(after.counts, before.counts);
    assert.deepEqual(after.policy, before.policy);
    assert.equal(after.contexts, before.contexts);
  });
});
