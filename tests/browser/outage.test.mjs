/**
 * The authority can't be reached, in every way that a network has for it, while somebody works:
 * nobody is warned or ended, one context at a time tries with growing pauses, and when it is back
 * it learns the newest activity (docs/architecture.md, rule 8). All cases share one browser.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, recorded, startAgents, startChromium, type } from './lib/chromium.mjs';
import { startProxy, watchRequests } from './lib/proxy.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {import('./lib/proxy.mjs').Trouble} Trouble */

const OUTAGE_MS = 13_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

class Case {
  /** @type {Page[]} */
  tabs = [];
  requests = watchRequests([]);
  idleMs = Number.NaN;
  /** @type {Awaited<ReturnType<typeof startProxy>> | undefined} */
  proxy;

  /** @param {Trouble} trouble */
  constructor(trouble) {
    this.trouble = trouble;
  }

  async open() {
    this.proxy = await startProxy(authority.base);
    // Groups of one origin and different tokens don't hear each other.
    this.tabs = await chromium.openWindow(3, this.proxy.base);
    await startAgents(this.tabs, await authority.token(this.trouble));
  }

  async play() {
    const tab = /** @type {Page} */ (this.tabs.at(-1));
    await type(tab, 1_500, 500);
    await this.proxy?.fail(this.trouble);
    this.requests = watchRequests(this.tabs);
    await type(tab, OUTAGE_MS, 500);
    this.tried = this.requests.at.length;
    await this.proxy?.recover();
    // The longest pause after four failures is 16 s.
    const until = performance.now() + 17_000;
    while (!(this.idleMs <= 4_000) && performance.now() < until) {
      await type(tab, 500, 500);
      const sessions = await authority.sessions();
      this.idleMs = sessions.find(({ user }) => user === this.trouble)?.idle_ms ?? Number.NaN;
    }
  }
}

const cases = /** @type {Trouble[]} */ (['refused', 'half-open', 'slow-body', 'later']).map(
  (trouble) => new Case(trouble),
);

before(async () => {
  authority = await startAuthority({ idle: '40s', warn: '5s', keepAlive: '2s' });
  chromium = await startChromium();
  for (const each of cases) await each.open();
  await Promise.all(cases.map((each) => each.play()));
  // What a tab says of the end of its fault arrives with the next word of the others.
  await pause(500);
});
after(async () => {
  await chromium?.close();
  await Promise.all(cases.map(({ proxy }) => proxy?.stop()));
  await authority?.stop();
});

for (const each of cases) {
  describe(`an authority that is ${each.trouble}`, () => {
    test('warns and ends nobody who works', async () => {
      const phases = (await recorded(each.tabs, 'phase')).flat().map(({ what }) => what);
      assert.deepEqual([...new Set(phases)], ['active']);
    });

    test('is tried by one context at a time, with growing pauses', async (t) => {
      const { at, mostAtOnce } = each.requests;
      t.diagnostic(`${each.tried} requests in ${OUTAGE_MS} ms, at most ${mostAtOnce} at once`);
      assert.equal(mostAtOnce, 1);
      // 1 to 2, 2 to 4 and 4 to 8 s after each failure; the typist alone would send 7.
      assert.ok(each.tried && each.tried >= 2 && each.tried <= 5, `${each.tried} requests`);
      if (each.trouble === 'later') {
        const pauses = at.slice(1, each.tried).map((moment, before) => moment - Number(at[before]));
        for (const ms of pauses) assert.ok(ms >= 3_950, `it said 4 s, and was asked after ${ms}`);
      }
    });

    test('is reported, once by each that tried', async () => {
      const faults = await recorded(each.tabs, 'fault');
      for (const said of faults) {
        assert.ok(said.length <= 1, `${said.length} times`);
        for (const { what } of said) assert.equal(what, 'authority-unreachable');
      }
      assert.ok(faults.flat().length > 0, 'nobody said it');
    });

    test('learns of the newest activity when it is back', (t) => {
      t.diagnostic(`idle ${each.idleMs} ms at the authority`);
      assert.ok(each.idleMs <= 4_000, `idle ${each.idleMs} ms while somebody typed`);
    });
  });
}
