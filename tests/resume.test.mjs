/** What a kept record says to whom, and when it is gone. Bad options throw before anything is hooked. */
import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { keepWork } from '../dist/resume.js';
import { bundle } from './fuzz/bundle.mjs';

Object.assign(globalThis, { location: { origin: 'https://app.example' } });
const { keysOf, seal, parse, leftMs, word, find, forgetExpired } = await bundle(`
  export { keysOf, seal, parse, leftMs, word } from './js/resume/record.ts';
  export { find } from './js/resume/back.ts';
  export { forgetExpired } from './js/resume/store.ts';
`);

const KEPT = {
  at: '/case/7?tab=2#notes',
  fields: { 'text:/note#1': 'a text, ünsent' },
  scroll: {},
};
const HOUR_MS = 3_600_000;

/** A record of that user, as it stands in storage. @param {string} user @param {string} [secret] @param {number} [until] */
async function recordOf(user, secret, until = Date.now() + HOUR_MS) {
  const keys = await (await keysOf(user, secret))(word());
  return `e${await seal(keys, JSON.stringify(KEPT), until)}`;
}

/** What somebody finds in it. @param {string} record @param {string} user @param {string} [secret] */
async function foundBy(record, user, secret) {
  const sealed = parse(record);
  const found = await find(record, sealed, sealed ? leftMs(sealed) : 0, await keysOf(user, secret));
  return found.kept ?? found;
}

describe('a record', () => {
  test('opens for its user', async () => {
    assert.deepEqual(await foundBy(await recordOf('u-1'), 'u-1'), KEPT);
    const secret = 'of this user alone';
    assert.deepEqual(await foundBy(await recordOf('u-1', secret), 'u-1', secret), KEPT);
  });

  test('opens for nobody else: another id, another secret or none, another origin', async () => {
    assert.equal(await foundBy(await recordOf('u-1'), 'u-2'), 'another-user');
    const record = await recordOf('u-1', 'of this user alone');
    assert.equal(await foundBy(record, 'u-1'), 'another-user');
    assert.equal(await foundBy(record, 'u-1', 'of another user'), 'another-user');
    assert.equal(await foundBy(await recordOf('u-1","x'), 'u-1', 'x'), 'another-user');
    const here = globalThis.location;
    Object.assign(globalThis, { location: { origin: 'https://evil.example' } });
    assert.equal(await foundBy(record, 'u-1', 'of this user alone'), 'another-user');
    Object.assign(globalThis, { location: here });
  });

  test('is damaged when anything in it was changed', async () => {
    const record = await recordOf('u-1');
    const [head, until, salt, check, text] = record.split('.');
    const changes = [
      record.replace(/....(..)$/, 'AAAA$1'),
      [head, `${Number(until) + 1}`, salt, check, text].join('.'),
      [head, until, '!', check, text].join('.'),
      ['e2', until, salt, check, text].join('.'),
      [head, until, salt, check].join('.'),
      'nonsense',
    ];
    for (const changed of changes) assert.equal(await foundBy(changed, 'u-1'), 'damaged', changed);
  });

  test('names neither its user nor its text, and no two are alike', async () => {
    const [one, two] = [await recordOf('u-4711-of-this-company'), await recordOf('u-4711')];
    for (const record of [one, two]) {
      const all =
        record +
        record
          .split('.')
          .map((part) => Buffer.from(part, 'base64'))
          .join();
      assert.ok(!/4711|unsent|nsent|case/.test(all));
    }
    const parts = [one, await recordOf('u-4711-of-this-company')].map((each) => each.split('.'));
    for (const at of [2, 3, 4]) assert.notEqual(parts[0]?.[at], parts[1]?.[at]);
  });

  test('is over when its time is, or when a clock that was set back would keep it for ever', async () => {
    const now = Date.now();
    assert.equal(await foundBy(await recordOf('u-1', undefined, now - 1), 'u-1'), 'expired');
    const late = await recordOf('u-1', undefined, now + 25 * HOUR_MS);
    assert.equal(await foundBy(late, 'u-1'), 'expired');
  });
});

describe('forgetExpired()', () => {
  const items = new Map();
  beforeEach(() => {
    items.clear();
    Object.assign(globalThis, {
      window: { frameElement: null },
      sessionStorage: {
        getItem: (/** @type {string} */ name) => items.get(name) ?? null,
        removeItem: (/** @type {string} */ name) => items.delete(name),
      },
    });
  });

  test('deletes what is over, and what is none', async () => {
    for (const record of [await recordOf('u-1', undefined, Date.now() - 1), 'nonsense']) {
      items.set('stillhere/resume', record);
      forgetExpired();
      assert.equal(items.size, 0);
    }
  });

  test('deletes it at its time as long as the page is there', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
    items.set('stillhere/resume', await recordOf('u-1', undefined, Date.now() + 60_000));
    forgetExpired();
    mock.timers.tick(59_999);
    assert.equal(items.size, 1);
    mock.timers.tick(1);
    assert.equal(items.size, 0);
    mock.timers.reset();
  });
});

describe('a bad option', () => {
  let hooked = 0;
  const agent = /** @type {any} */ ({
    status: { phase: 'active' },
    addEventListener: () => {
      hooked += 1;
    },
  });
  /** @type {[unknown, unknown, string, string | undefined][]} */
  const cases = [
    [undefined, { user: 'u-1' }, 'bad-option', 'agent'],
    [{}, { user: 'u-1' }, 'bad-option', 'agent'],
    [agent, undefined, 'bad-option', 'options'],
    [agent, 'u-1', 'bad-option', 'options'],
    [agent, {}, 'bad-option', 'user'],
    [agent, { user: '' }, 'bad-option', 'user'],
    [agent, { user: 4711 }, 'bad-option', 'user'],
    [agent, { user: 'u-1', secret: 'too short' }, 'bad-option', 'secret'],
    [agent, { user: 'u-1', secret: null }, 'bad-option', 'secret'],
    [agent, { user: 'u-1', forMs: 59_999 }, 'bad-option', 'forMs'],
    [agent, { user: 'u-1', forMs: 86_400_001 }, 'bad-option', 'forMs'],
    [agent, { user: 'u-1', forMs: 60_000.5 }, 'bad-option', 'forMs'],
    [agent, { user: 'u-1', forMs: '60000' }, 'bad-option', 'forMs'],
    [agent, { user: 'u-1', go: '/home' }, 'bad-option', 'go'],
    [agent, { user: 'u-1', onReturn: true }, 'bad-option', 'onReturn'],
    [agent, { user: 'u-1', forHours: 1 }, 'unknown-option', 'forHours'],
    [agent, { user: 'u-1', constructor: 1 }, 'unknown-option', 'constructor'],
  ];
  for (const [given, options, code, option] of cases) {
    test(`${JSON.stringify(options)} says ${code} of ${option}`, async () => {
      await assert.rejects(keepWork(/** @type {any} */ (given), /** @type {any} */ (options)), {
        name: 'StillhereError',
        code,
        option,
      });
      assert.equal(hooked, 0);
    });
  }
});
