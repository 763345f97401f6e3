/** Whatever a page hands over gives options within their ranges or one StillhereError. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bundle, check } from './bundle.mjs';

Object.assign(globalThis, { location: { href: 'https://app.example/' } });
const { checkOptions, checkToken, checkHold, StillhereError } = await bundle(
  `export * from './js/options.ts'; export * from './js/error.ts';`,
);

const CODES = ['bad-option', 'unknown-option', 'token-missing'];
const HOUR_MS = 3_600_000;

/** What a getter or a proxy of the page throws, which is the page's own to catch. */
class Own extends Error {}
const fail = () => {
  throw new Own();
};

const odd = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withTypedArray: true }),
  fc.constantFrom(Number.NaN, -0, Infinity, 1e300, 2 ** 53, Symbol('x'), Symbol.iterator, fail),
  fc.constantFrom({ toString: fail, valueOf: fail }, new Proxy({}, { get: fail, ownKeys: fail })),
  fc.constant(new Proxy(() => {}, { get: fail })),
);
/** @param {fc.Arbitrary<unknown>} right */
const nearly = (right) => fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: odd });
const duration = nearly(fc.integer({ min: 1000, max: 8 * HOUR_MS }));
const right = fc.record(
  {
    token: nearly(
      fc.oneof(
        fc.string({ minLength: 1 }),
        fc.constant(() => 'a-token'),
      ),
    ),
    authority: nearly(
      fc.oneof(fc.webUrl(), fc.constantFrom('', '/api', { send() {}, ask() {} }, 'ftp://x', '//')),
    ),
    group: nearly(fc.string()),
    count: nearly(
      fc.record(
        { keystrokes: nearly(fc.boolean()), scroll: nearly(fc.boolean()), clicks: fc.boolean() },
        { requiredKeys: [] },
      ),
    ),
    idleTimeoutMs: duration,
    warnBeforeMs: duration,
    keepAliveMs: duration,
    observeOnly: nearly(fc.boolean()),
  },
  { requiredKeys: ['token', 'authority'], noNullPrototype: false },
);

/** The options with one more that nobody knows, or one that throws when it is read. */
const options = fc
  .tuple(right, fc.integer({ min: 0, max: 9 }), fc.string(), odd)
  .map(([given, way, name, value]) => {
    if (way === 0) return { ...given, [name]: value };
    if (way === 1) return Object.defineProperty(given, 'group', { get: fail });
    if (way === 2) return new Proxy(given, { ownKeys: fail });
    return way === 3 ? value : given;
  });

/** @param {() => unknown} call @returns {any} what it gives; `undefined` where it refuses */
function refuses(call) {
  try {
    return call();
  } catch (error) {
    if (error instanceof Own) return undefined;
    assert.ok(error instanceof StillhereError, `${Object(error).stack}`);
    const { code, option, message } = /** @type {any} */ (error);
    assert.ok(CODES.includes(code));
    assert.ok(typeof option === 'string' && typeof message === 'string');
    assert.ok(message.length > 0);
    return undefined;
  }
}

/** @param {any} checked */
function inRange({ token, authority, group, listening, wish }) {
  assert.ok((typeof token === 'string' && token) || typeof token === 'function');
  assert.ok(authority instanceof URL || typeof authority.send === 'function');
  assert.ok(group === undefined || (typeof group === 'string' && group !== ''));
  assert.ok(Number.isInteger(listening) && listening >= 0 && listening < 16);
  assert.equal(wish.length, 4);
  assert.ok(wish[3] === 0 || wish[3] === 1);
  for (const ms of wish.slice(0, 3)) {
    assert.ok(ms === 0 || (Number.isInteger(ms) && ms > 0 && ms <= 8 * HOUR_MS), `${ms}`);
  }
}

test('options are within their ranges, or refused by name', async () => {
  let taken = 0;
  const property = fc.property(options, (given) => {
    const checked = refuses(() => checkOptions(given));
    if (checked) {
      taken += 1;
      inRange(checked);
      const { count = {} } = /** @type {{ count?: unknown }} */ (given);
      assert.ok(typeof given === 'object' && typeof count === 'object');
    }
  });
  await check('options', property);
  assert.ok(taken > 100, `only ${taken} were taken: the test says little`);
});

test('a token is a string or a function, or refused', async () => {
  const property = fc.property(odd, (given) => {
    const token = refuses(() => checkToken(given));
    assert.ok(token === undefined || typeof token === 'string' || typeof token === 'function');
  });
  await check('token', property);
});

test('a hold has a reason and a time to live within its range, or is refused', async () => {
  const given = nearly(fc.record({ ttlMs: nearly(fc.integer({ min: 0, max: 2e9 })) }));
  const property = fc.property(nearly(fc.string()), given, (reason, options) => {
    const ttl = refuses(() => checkHold(reason, options));
    const fits = ttl === 0 || (Number.isInteger(ttl) && ttl >= 1000 && ttl <= 24 * HOUR_MS);
    assert.ok(ttl === undefined || fits);
  });
  await check('hold', property);
});
