/**
 * A tab that is frozen, hung or crashed, at whatever moment, delays nobody: keep-alives go on and
 * the end comes on time for the others. A frozen one is ended before it shows or counts anything.
 * All cases share one browser and one idle timeout.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import {
  eachEnded,
  eachShows,
  pause,
  recorded,
  startAgents,
  startChromium,
  statusOf,
  type,
} from './lib/chromium.mjs';
import { freeze, thaw } from './lib/sleep.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const IDLE = 14_000;
const now = () => performance.timeOrigin + performance.now();

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

/** Three tabs of one token, the last of which is seen. */
class Group {
  /** @type {Page[]} */
  tabs = [];
  /** @type {Page[]} those to which nothing happens */
  others = [];
  lastKey = 0;
  /** @type {number | undefined} how long ago the authority's newest activity was, while typing */
  idleMs;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  async open() {
    const base = authority.base.replace('localhost', `${this.name}.localhost`);
    this.tabs = await chromium.openWindow(3, base);
    this.others = this.tabs;
  }

  /** @param {number} at @returns {Page} */
  tab(at) {
    return /** @type {Page} */ (this.tabs.at(at));
  }

  /** Something happens to a tab; from then on it is none of the others. @param {Page} tab */
  lose(tab) {
    this.others = this.others.filter((each) => each !== tab);
  }

  /** @param {Page} tab */
  async crash(tab) {
    this.lose(tab);
    const cdp = await tab.createCDPSession();
    // Nobody is left to answer.
    cdp.send('Page.crash').catch(() => {});
  }

  /** @param {Page} tab @param {number} forMs */
  async type(tab, forMs) {
    // Later than half way only where it has to wait for the bound of a request.
    const early = this.name === 'hung-sending' ? forMs : forMs / 2;
    await type(tab, early, 500);
    const sessions = await authority.sessions();
    this.idleMs = sessions.find(({ user }) => user === this.name)?.idle_ms;
    await type(tab, forMs - early, 500);
    await tab.keyboard.press('z');
    this.lastKey = now();
  }
}

const names = /** @type {const} */ ([
  ...['frozen', 'frozen-sending', 'hung-sending'],
  ...['crashed-idle', 'crashed-typing', 'crashed-reading', 'crashed-asking'],
]);
/** @type {Map<string, Group>} */
const groups = new Map(names.map((name) => [name, new Group(name)]));
/** @param {string} name */
const the = (name) => /** @type {Group} */ (groups.get(name));

/**
 * Holds a tab's next request to that path and gives what lets it go on.
 * @param {Page} tab
 * @param {string} path
 */
async function hold(tab, path) {
  const cdp = await tab.createCDPSession();
  const held = /** @type {Promise<import('puppeteer-core').Protocol.Fetch.RequestPausedEvent>} */ (
    new Promise((done) => cdp.once('Fetch.requestPaused', done))
  );
  await cdp.send('Fetch.enable', { patterns: [{ urlPattern: `*${path}` }] });
  return { held, release: () => cdp.send('Fetch.disable') };
}

/** A key in the hidden first tab, whose keep-alive never arrives. @param {Group} group */
async function sendInVain(group) {
  const { held } = await hold(group.tab(0), '/v1/keepalive');
  await group.tab(0).keyboard.press('k');
  await held;
  group.lose(group.tab(0));
}

/** What happens to each group while its last tab is used for 7 s. */
const stories = {
  async frozen() {
    const group = the('frozen');
    await group.tab(0).evaluate(watchFrames);
    await freeze(group.tab(0));
    group.lose(group.tab(0));
    await group.type(group.tab(-1), 7_000);
  },
  async frozenSending() {
    const group = the('frozen-sending');
    await sendInVain(group);
    await freeze(group.tab(0));
    await group.type(group.tab(-1), 7_000);
  },
  async hungSending() {
    const group = the('hung-sending');
    await sendInVain(group);
    const cdp = await group.tab(0).createCDPSession();
    await cdp.send('Debugger.enable');
    // A page that hangs says nothing to anybody: it keeps the lock, and its `freeze` never came.
    group
      .tab(0)
      .evaluate('debugger')
      .catch(() => {});
    await group.type(group.tab(-1), 8_000);
    return () => cdp.send('Debugger.resume');
  },
  async crashedIdle() {
    const group = the('crashed-idle');
    await group.tab(-1).keyboard.press('a');
    await group.crash(group.tab(0));
    await group.type(group.tab(-1), 7_000);
  },
  async crashedTyping() {
    const group = the('crashed-typing');
    await group.type(group.tab(-1), 3_000);
    await pause(1_200);
    await group.crash(group.tab(-1));
  },
  async crashedReading() {
    const group = the('crashed-reading');
    await group.tab(-1).keyboard.press('a');
    await group.tab(-1).waitForFunction('agent.contexts().find(({ own }) => own).streaming');
    await group.crash(group.tab(-1));
    await group.tab(0).bringToFront();
    await group.type(group.tab(0), 7_000);
    await group.tab(0).evaluate(noteReaders);
  },
  async crashedAsking() {
    const group = the('crashed-asking');
    await group.tab(-1).keyboard.press('a');
    group.lastKey = now();
    const holds = await Promise.all(
      group.tabs.map(async (tab) => ({ tab, ...(await hold(tab, '/v1/session')) })),
    );
    const asks = await Promise.race(holds.map(({ held, tab }) => held.then(() => tab)));
    await group.crash(asks);
    const left = holds.filter(({ tab }) => tab !== asks);
    await Promise.all(left.map(({ release }) => release()));
  },
};
/** @type {void | (() => Promise<unknown>)} */
let unhang;

before(async () => {
  authority = await startAuthority({ idle: '14s', warn: '4s', keepAlive: '2s' });
  chromium = await startChromium();
  for (const group of groups.values()) await group.open();
  for (const { name, tabs } of groups.values())
    await startAgents(tabs, await authority.token(name));
  const [, , hung] = await Promise.all(Object.values(stories).map((story) => story()));
  unhang = hung;
  for (const { others } of groups.values()) await eachEnded(others);
});
after(async () => {
  await chromium?.close();
  await authority?.stop();
});

/** Runs in the page: who reads the event stream, as far as it knows. */
function noteReaders() {
  const { agent } = /** @type {{ agent: import('stillhere').Agent }} */ (Object(window));
  const readers = agent.contexts().filter(({ streaming }) => streaming);
  Object.assign(window, { readers: readers.map(({ own }) => (own ? 'own' : 'other')) });
}

/** Runs in the page: what was the last word when the first frame after a freeze is drawn. */
function watchFrames() {
  const frames = /** @type {string[]} */ ([]);
  Object.assign(window, { frames });
  const { record } = /** @type {{ record: { name: string, what: string }[] }} */ (Object(window));
  const frame = () => {
    frames.push(record.filter(({ name }) => name === 'phase').at(-1)?.what ?? 'none');
  };
  document.addEventListener('resume', () => requestAnimationFrame(frame));
}

describe('the others go on and end on time', () => {
  for (const name of names) {
    test(name, async (t) => {
      const { others, lastKey, idleMs } = the(name);
      const ends = (await recorded(others, 'ended')).map(([end]) => (end?.at ?? 0) - lastKey);
      t.diagnostic(`ended ${ends.map(Math.round).join(', ')} ms after the last key`);
      // Timers of hidden tabs run once a second, and where nobody else is left two may follow.
      const unseen = name === 'crashed-typing' || name === 'crashed-asking';
      const latest = IDLE + (unseen ? 2_500 : 1_000);
      for (const ms of ends) assert.ok(ms >= IDLE - 500 && ms <= latest, `${ms} ms`);
      for (const each of await recorded(others, 'phase')) {
        // They ask at the deadline, and while they do they are checking.
        const phases = each.map(({ what }) => what).filter((what) => what !== 'checking');
        assert.deepEqual(phases, ['active', 'warning', 'ended']);
      }
      if (name === 'crashed-asking') return;
      // The bound of a request and another try, at worst; the interval otherwise.
      const bound = name === 'hung-sending' ? 7_500 : 3_500;
      t.diagnostic(`idle ${idleMs} ms at the authority while somebody typed`);
      assert.ok(idleMs !== undefined && idleMs <= bound, `idle ${idleMs} ms while somebody typed`);
    });
  }

  test('another tab reads the event stream after its reader crashed', async () => {
    // Taken while somebody typed: the seen tab reads, and the crashed one is said to no more.
    assert.deepEqual(await the('crashed-reading').tab(0).evaluate('readers'), ['own']);
    const readers = 'agent.contexts().filter(({ streaming }) => streaming).length';
    const { others } = the('crashed-reading');
    assert.deepEqual(await Promise.all(others.map((tab) => tab.evaluate(readers))), [0, 0]);
  });
});

describe('one that was frozen in the end', () => {
  test('is ended in its first frame, and counts nothing', async () => {
    const tab = the('frozen').tab(0);
    await thaw(tab);
    await tab.bringToFront();
    await tab.keyboard.press('a');
    await tab.waitForFunction('frames.length');
    assert.deepEqual(await tab.evaluate('frames'), ['ended']);
    assert.equal((await statusOf(tab)).counts.keystrokes, 15);
    assert.equal(await tab.evaluate("record.some(({ name }) => name === 'fault')"), false);
  });

  test('with a request under way is ended as well', async () => {
    const tab = the('frozen-sending').tab(0);
    await thaw(tab);
    await eachShows([tab], 'ended', 2_000);
  });

  test('and one that hung', async () => {
    await unhang?.();
    await eachShows([the('hung-sending').tab(0)], 'ended', 2_000);
  });
});
