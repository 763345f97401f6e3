/** What goes into a ticket: all that explains the deadline, and nothing that is nobody's business. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { bundle, check } from './fuzz/bundle.mjs';

const page = { href: 'https://desk.example/patients/ada.sample?ticket=s3cr3t#top' };
Object.assign(globalThis, { location: page });
Object.defineProperty(globalThis, 'navigator', {
  value: { userAgent: 'Test/1.0' },
  configurable: true,
});

const { Network, Recorder, Labels, report, mask, maskMore, rhythm, VERSION, why, words } =
  await bundle(`
  export { Network, rhythm } from './js/inspector/network.ts';
  export { Recorder } from './js/inspector/recorder.ts';
  export { Labels } from './js/inspector/snapshot.ts';
  export { report, VERSION } from './js/inspector/report.ts';
  export { mask, maskMore } from './js/inspector/mask.ts';
  export { why } from './js/inspector/why.ts';
  export * as words from './js/inspector/words.ts';
`);

/** The seconds are whole, so that no text depends on when it is made. */
const NOW = new Date(2026, 10, 26, 14, 2, 12).getTime();
const ID = '3f9a000000000001';
const none = { keystrokes: 0, clicks: 0, heartbeats: 0, notes: 0, system: 0 };

/** @param {Record<string, any>} [changes] */
function status(changes = {}) {
  const { policy, ...rest } = changes;
  return {
    phase: 'active',
    idleMs: 4_000,
    remainingMs: 56_000,
    counts: { ...none, keystrokes: 12 },
    refused: { untrusted: 0, origin: 0, rate: 0, malformed: 0 },
    contexts: 1,
    holds: [],
    policy: {
      version: 7,
      idleTimeoutMs: 60_000,
      warnBeforeMs: 20_000,
      keepAliveMs: 5_000,
      mode: 'enforce',
      counts: { keystrokes: true, clicks: true, heartbeats: true },
      maxHoldMs: 3_600_000,
      ...policy,
    },
    keepAlive: { sent: 2, acknowledged: 2, failed: 0, lastStatus: 200 },
    ...rest,
  };
}

/** @param {Record<string, any>} [changes] @param {number} [at] @param {object[]} [contexts] */
function snapshot(changes, at = NOW, contexts = [context()]) {
  const labels = new Labels();
  labels.take(contexts);
  return { at, status: status(changes), contexts, label: labels.of };
}

/** @param {object} [changes] */
const context = (changes) => ({
  id: ID,
  own: true,
  visible: true,
  streaming: true,
  counts: { ...none, keystrokes: 12 },
  sent: 2,
  sentAgoMs: 3_000,
  activeAgoMs: 4_000,
  ...changes,
});

/** @param {...any} snapshots the newest last @returns {any} */
function recorded(...snapshots) {
  const recorder = new Recorder();
  for (const each of snapshots) recorder.take(each);
  return { recorder, now: snapshots.at(-1), network: new Network(), wishes: {} };
}

test('the report names time, versions, phase, deadline and why, counts, tabs and events', () => {
  const before = snapshot({}, NOW - 5_000, [context({ counts: none, activeAgoMs: null })]);
  const text = report({ ...recorded(before, snapshot()), wishes: { idleTimeoutMs: 1_800_000 } });
  for (const said of [
    /^Stillhere report\n {2}Made {7}Thu Nov 26 2026 14:02:12 GMT[+-]\d{4}\n {2}Stillhere {2}\d/,
    /\n {2}Browser {4}Test\/1\.0\n {2}Page {7}https:\/\/desk\.example\/patients\/\*\n/,
    /\n {2}It ends at 14:03:08: 60 seconds \(the policy's idle timeout\) after the newest activity, a key press in this tab, at 14:02:08\./,
    /\n {2}A key or click in this tab moves that\. The warning is due at 14:02:48\.\n/,
    /\n {2}Idle timeout +60 seconds +30 minutes\n/,
    /\n {2}Policy version +7\n/,
    /\n {2}3f9a \(this\) {2}3f9a000000000001 {2}in view +12 +0 +0 +0 +0 +4 s ago +2 +yes\n/,
    /\n {2}2 sent, 2 acknowledged, 0 failed, last answer 200\n/,
    /\n {2}14:02:12 {2}12 keystrokes in tab 3f9a\n/,
  ]) {
    assert.match(text, said);
  }
});

test('why: each phase and each end has its sentence', () => {
  /** @param {Record<string, any>} changes */
  const because = (changes) => {
    const { recorder, now } = recorded(snapshot(changes));
    const { because, next } = why(now, recorder);
    return `${because} ${next}`;
  };
  assert.match(
    because({ phase: 'warning', idleMs: 50_000, remainingMs: 10_000 }),
    /^It ends at 14:02:22.*outside of these tabs.*at 14:01:22\. A key or click in this tab moves that\.$/,
  );
  const scheduled = { remainingMs: 30_000, policy: { logoutAt: NOW + 30_000 } };
  assert.match(
    because(scheduled),
    /^It ends at 14:02:42 by the policy's schedule.*would end it at 14:03:08/,
  );
  const later = { policy: { logoutAt: NOW + 90_000 } };
  assert.match(because(later), /idle timeout/, 'a schedule that comes later is no reason');
  const call = { id: 'ab', reason: 'call', expiresInMs: 90_000 };
  assert.match(
    because({ phase: 'held', remainingMs: null, holds: [call] }),
    /a hold is open.*in 1:30, at 14:03:42/,
  );
  assert.match(
    because({ phase: 'held', remainingMs: null, holds: [call, call] }),
    /2 holds are open/,
  );
  assert.match(because({ phase: 'held', remainingMs: null }), /open elsewhere/);
  assert.match(
    because({ phase: 'checking', remainingMs: 0 }),
    /its time is over, but it asks before it ends/,
  );
  assert.match(because({ phase: 'checking' }), /Input counts once they have answered/);
  assert.match(because({ policy: { mode: 'observe' } }), /^It would end at/);
  assert.match(
    because({ policy: { counts: { keystrokes: false, clicks: true, heartbeats: true } } }),
    /A click in this tab moves/,
  );
  const system = { keystrokes: true, clicks: true, heartbeats: true, system: true };
  assert.match(
    because({ policy: { counts: system } }),
    /Input in any program, or a key or click in/,
  );
  const locked = { idleMs: 10_000, remainingMs: 15_000, policy: { onLock: 'warn' } };
  assert.match(because(locked), /at 14:02:27: the screen was locked, and nobody has come back/);
  assert.match(because(locked), /A key or click in this tab takes that back\./);
  const shift = { ...locked, policy: { onLock: 'warn', logoutAt: NOW + 15_000 } };
  assert.match(because(shift), /by the policy's schedule/);
  const after = { ...locked, policy: { onLock: 'warn', logoutAt: NOW + 30_000 } };
  assert.match(because(after), /the screen was locked/);
  const out = { phase: 'ended', endedBecause: 'idle', remainingMs: 0, policy: { onLock: 'end' } };
  assert.match(because(out), /allows 60 seconds without, and less once the screen is locked/);
  const ends = {
    idle: /because nobody was active\. The policy allows 60 seconds without/,
    schedule: /because the scheduled time had come/,
    revoked: /because the authority ended the token.*not the idle time/,
    'signed-out': /because somebody signed out/,
    'authority-unreachable': /because the authority could not be reached at the deadline/,
    'token-missing': /because the app had no token any more/,
  };
  for (const [endedBecause, said] of Object.entries(ends)) {
    assert.match(because({ phase: 'ended', endedBecause, remainingMs: 0 }), said);
  }
});

test('the same deadline is told as the same, however the clocks are read', () => {
  const recorder = new Recorder();
  const said = [-1_002, 0, 3, 998].map((ms) => {
    // A look takes some milliseconds between its readings.
    const idleMs = 5_000 + ms + (ms === 3 ? 5 : 0);
    const tabs = [context({ activeAgoMs: idleMs })];
    const now = snapshot({ idleMs, remainingMs: 60_000 - idleMs }, NOW + ms, tabs);
    recorder.take(now);
    return why(now, recorder).because;
  });
  assert.deepEqual(new Set(said).size, 1, said.join('\n'));
});

test('a dry run says who would have been logged out, when and why', () => {
  const all = recorded(snapshot({ policy: { mode: 'observe' } }));
  assert.match(report(all), /Dry run: what would have ended\n {2}nothing\n/);
  all.recorder.wouldEnd(NOW - 60_000, { because: 'idle', idleMs: 60_000 });
  all.recorder.wouldEnd(NOW, { because: 'schedule', idleMs: 5 });
  const text = report(all);
  assert.match(
    text,
    /\n {2}Would have been logged out at 14:01:12, because nobody was active for 60 seconds\.\n {2}Would have been logged out at 14:02:12, because the scheduled time had come\.\n/,
  );
  assert.doesNotMatch(report(recorded(snapshot())), /Dry run/);
});

test('what a dry run let pass before it was opened is counted, and an end that is told twice is one', () => {
  const observed = { ends: 3, because: 'idle', idleMs: 60_000, agoMs: 30_000 };
  const all = recorded(
    snapshot({ policy: { mode: 'observe' }, observed }),
    snapshot({ observed }, NOW),
  );
  all.recorder.wouldEnd(NOW, observed);
  assert.equal(all.recorder.observed.length, 1);
  assert.match(
    report(all),
    /\n {2}2 more before the inspector looked\.\n {2}Would have been logged out at 14:01:42, because nobody/,
  );
  all.recorder.wouldEnd(NOW, { because: 'nonsense', idleMs: 1 });
  assert.equal(all.recorder.observed.length, 1);
});

const secret = fc.string({ minLength: 16, maxLength: 60, unit: fc.constantFrom(...'abcXYZ019-_') });
const name = fc
  .tuple(fc.constantFrom('Ada', 'Grace', 'Mara'), fc.constantFrom('Lovelace', 'Hopper'))
  .map((two) => two.join(' '));

test('no token, query, fragment, reason of a hold or name of a user is ever in it', async () => {
  const property = fc.property(
    fc.record({
      secret,
      name,
      part: fc.constantFrom('users', 'patients', 'accounts', 'by-name', 'user'),
      port: fc.nat(60_000),
    }),
    fc.array(fc.webUrl({ withQueryParameters: true, withFragments: true }), { maxLength: 4 }),
    ({ secret, name, part, port }, others) => {
      fc.pre(/\d/.test(secret));
      const [first] = name.toLowerCase().split(' ');
      page.href = `https://desk.example/${secret}?q=${secret}#${secret}`;
      const holds = [{ id: 'ab12', reason: `${name} ${secret}`, expiresInMs: 5 }];
      const all = recorded(snapshot({ phase: 'held', remainingMs: null, holds }));
      all.network.idleTimeoutMs = 60_000;
      const addresses = [
        `https://u${port}:${secret}@api.example/v1/session?token=${secret}`,
        `https://api.example/${part}/${first}/notes?name=${encodeURIComponent(name)}`,
        `https://api.example/${part}/${encodeURIComponent(name)}#${secret}`,
        `https://api.example/keys/${secret}`,
        `https://api.example/${secret}/x`,
        ...others,
      ];
      // As the timeline and the watcher hand them over.
      for (const address of addresses) note(all.network, address);
      all.wishes = {
        token: secret,
        authority: `https://api.example/?k=${secret}`,
        group: name,
        hosts: [`https://${secret}`],
      };
      const text = report(all);
      for (const word of [secret, name, `/${first}/`, encodeURIComponent(name), '?', '#', '@']) {
        assert.ok(!text.includes(word), `${word} in\n${text}`);
      }
    },
  );
  await check('the report', property);
});

/** @param {any} network @param {string} address */
function note(network, address) {
  const masked = mask(address);
  if (masked !== undefined) {
    network.calls.set(masked, {
      address: masked,
      role: undefined,
      done: 3,
      watched: 1,
      carried: { token: 1, authorization: 0, neither: 0 },
      doneStarts: [0, 100, 200, 300, 400],
      watchedStarts: [],
    });
  }
}

test('an address is shown as far as it is a route', () => {
  const shown = {
    'https://a.example/api/v2/presence?user=1': 'https://a.example/api/v2/presence',
    'https://a.example/users/42/notes': 'https://a.example/users/*/notes',
    'https://a.example/3fa85f64-5717-4562-b3fc-2c963f66afa6/x': 'https://a.example/*/x',
    'https://ada:pw@a.example/x#y': 'https://a.example/x',
    'https://a.example/ada%40example.com': 'https://a.example/*',
    'https://a.example/abcdefghijklmnop': 'https://a.example/*',
    'https://a.example/healthz/': 'https://a.example/healthz/',
    'https://a.example/index.html': 'https://a.example/index.html',
  };
  for (const [address, masked] of Object.entries(shown)) assert.equal(mask(address), masked);
  for (const other of ['blob:https://a.example/1', 'data:,x', 'nonsense', 'tauri://localhost/x']) {
    assert.equal(mask(other), undefined);
  }
  assert.equal(
    maskMore('https://a.example/api/v2/users/ada/notes'),
    'https://a.example/api/v2/users/*/notes',
  );
});

test('what a timer calls is told from what people cause', () => {
  /** @param {number} every @param {number} [jitter] */
  const timer = (every, jitter = 0) =>
    Array.from({ length: 8 }, (_, at) => at * every + (at % 2 ? jitter : 0));
  assert.equal(rhythm(timer(1000)), 1000);
  assert.ok(Math.abs(rhythm(timer(1000, 90)) - 1000) < 200, 'a timer that is late now and then');
  assert.ok(rhythm([0, 1000, 2000, 3900, 4000, 5000, 6000, 7000, 8000]), 'one beat missed');
  assert.equal(rhythm([0, 1000, 2000, 3000]), undefined, 'too few');
  assert.equal(rhythm([0, 200, 2900, 3000, 9000, 9100, 20_000]), undefined, 'people');
  assert.equal(rhythm([0, 1, 2, 3, 4, 5, 6]), undefined, 'a burst');
  assert.equal(rhythm([]), undefined);
});

test('a poll is what would keep a session alive, and no call of the agent itself', () => {
  const network = new Network();
  network.idleTimeoutMs = 60_000;
  network.authority = 'https://idle.example/';
  /** @param {string} path @param {number} every */
  const poll = (path, every) => {
    note(network, `https://idle.example${path}`);
    const call = network.calls.get(`https://idle.example${path}`);
    call.role = path.match(/^\/v1\/(keepalive|session)$/)?.[1];
    call.doneStarts = [0, 1, 2, 3, 4, 5].map((at) => at * every);
    return network.pollOf(call);
  };
  assert.equal(poll('/presence', 5_000), 5_000);
  assert.equal(poll('/hourly', 61_000), undefined, 'slower than the idle timeout');
  assert.equal(poll('/v1/session', 1_000), 1_000, 'more often than the agent ever asks');
  assert.equal(poll('/v1/session', 20_000), undefined);
  assert.equal(poll('/v1/keepalive', 5_000), undefined);
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.equal(VERSION, version);
  assert.match(
    readFileSync(new URL('../js/authority.ts', import.meta.url), 'utf8'),
    new RegExp(`stillhere-js/${version}'`),
  );
});

test('times are said as people read them', () => {
  assert.deepEqual([0, 999, 47_000, 725_000, 3_723_000].map(words.countdown), [
    '0:00',
    '0:01',
    '0:47',
    '12:05',
    '1:02:03',
  ]);
  assert.deepEqual([400, 9_000, 30_400, 180_000, 7_200_000].map(words.short), [
    '0.4 s',
    '9 s',
    '30 s',
    '3 min',
    '2 h',
  ]);
  assert.deepEqual([1_000, 60_000, 150_000, 28_800_000].map(words.span), [
    '1 second',
    '60 seconds',
    '2 minutes 30 seconds',
    '8 hours',
  ]);
  assert.equal(words.clock(NOW, NOW), '14:02:12');
  assert.equal(words.clock(NOW - 86_400_000, NOW), 'Nov 25 14:02:12');
});
