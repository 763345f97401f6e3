/** Two windows of the desktop app, two browser tabs and an embedded frame hold one token. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause, startChromium, statusOf } from '../browser/lib/chromium.mjs';
import { frameIn, onSite } from '../browser/lib/embed.mjs';
import { signIn, startApp } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';

const KEEP_ALIVE_MS = 2_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;
/** All five, by where they are. @type {Record<string, any>} */
let contexts;
/** Those that share a browser's storage. @type {string[][]} */
const PARTITIONS = [['window', 'another window'], ['tab', 'another tab'], ['frame']];

/** @template T @param {(context: any) => Promise<T>} ask @returns {Promise<[string, T][]>} */
const each = (ask) =>
  Promise.all(Object.entries(contexts).map(async ([name, context]) => [name, await ask(context)]));

/** When each believes that the session ends, in milliseconds from now. */
async function deadlines() {
  const began = Date.now();
  const all = await each(async (context) => {
    const { remainingMs, phase } = await statusOf(context);
    return { end: Date.now() - began + Number(remainingMs), phase };
  });
  return all.map(([name, { end, phase }]) => ({ name, end, phase }));
}

/** @param {{ end: number }[]} all */
const spread = (all) => {
  const ends = all.map(({ end }) => end);
  return Math.max(...ends) - Math.min(...ends);
};

/** Types in that one, a key each 300 ms. @param {string} name @param {number} ms */
async function typeIn(name, ms) {
  const began = performance.now();
  while (performance.now() - began < ms) {
    await contexts[name].keys.press('a');
    await pause(300);
  }
}

describe('one token', () => {
  before(async () => {
    authority = await startAuthority({ idle: '20s', warn: '5s', keepAlive: '2s', www: demo });
    app = await startApp(authority.base);
    await app.haveWindows(1);
    const token = await signIn(app);
    await app.desktop.ask('choose New window');
    const windows = await app.haveWindows(2);
    chromium = await startChromium();
    // The same sign-in in the browser, as its sign-in page would have left it.
    const kept = JSON.stringify({ token, user: 'Ada' });
    const tabs = [];
    for (let count = 0; count < 2; count += 1) {
      const tab = await chromium.browser.newPage();
      await tab.evaluateOnNewDocument((value) => {
        localStorage.setItem('stillhere-demo.sign-in', value);
      }, kept);
      await tab.goto(`${authority.base}/`);
      tabs.push(tab);
    }
    const host = await chromium.browser.newPage();
    await host.evaluateOnNewDocument((value) => {
      localStorage.setItem('stillhere-demo.sign-in', value);
    }, kept);
    await host.goto(`${onSite(authority.base, 'crm')}/`);
    const frame = await frameIn(host, { address: authority.base, condition: 'window.agent' });
    const at = (/** @type {any} */ page, /** @type {any} */ keys = page.keyboard) =>
      Object.assign(Object.create(page), {
        evaluate: page.evaluate.bind(page),
        // A hidden page paints nothing, which is when it would be looked at otherwise.
        waitForFunction: (/** @type {string} */ condition, /** @type {object} */ options) =>
          page.waitForFunction(condition, { polling: 50, ...options }),
        keys,
      });
    const inFrame = {
      press: async (/** @type {string} */ key) => {
        await frame.focus('#note');
        await host.keyboard.press(/** @type {any} */ (key));
      },
    };
    contexts = {
      window: at(windows[0]),
      'another window': at(windows[1]),
      tab: at(tabs[0]),
      'another tab': at(tabs[1]),
      frame: at(frame, inFrame),
    };
    await each((context) => context.waitForFunction("window.agent?.status.phase === 'active'"));
  });
  after(async () => {
    await chromium?.close();
    await app?.stop();
    await authority?.stop();
  });

  for (const name of ['another window', 'tab', 'frame']) {
    test(`typing in the ${name} keeps all five, with one keep-alive an interval`, async () => {
      const before = await authority.counts();
      const began = performance.now();
      await typeIn(name, 12_000);
      const intervals = (performance.now() - began) / KEEP_ALIVE_MS;
      const all = await deadlines();
      for (const { name: where, phase } of all) assert.equal(phase, 'active', where);
      const now = await authority.counts();
      const sent = now.keepAlives - before.keepAlives;
      assert.ok(sent <= intervals + 2, `${sent} keep-alives in ${intervals} intervals`);
      assert.ok(sent >= intervals - 2, `${sent} keep-alives in ${intervals} intervals`);
      // Within a partition they share what they know.
      const within = PARTITIONS.map((names) =>
        spread(all.filter((one) => names.includes(one.name))),
      );
      assert.ok(Math.max(...within) < 1_000, JSON.stringify(all));
      // The interval is what the others may be behind until they are told; then nothing is asked.
      await pause(2_500);
      const settled = await deadlines();
      assert.ok(spread(settled) < 1_000, JSON.stringify(settled));
      const asked = now.questions - before.questions;
      assert.equal(asked, 0, `${asked} questions: nobody polls`);
    });
  }

  test('nobody is there: all five end within a second', async () => {
    /** @type {Record<string, number>} */
    const ended = Object.fromEntries(
      await each(async (context) => {
        await context.waitForFunction("agent.status.phase === 'ended'", { timeout: 40_000 });
        return performance.now();
      }),
    );
    const moments = Object.values(ended);
    const apart = Math.max(...moments) - Math.min(...moments);
    assert.ok(apart < 1_000, JSON.stringify(ended));
    for (const [name, because] of await each((context) =>
      context.evaluate('agent.status.endedBecause'),
    )) {
      assert.equal(because, 'idle', name);
    }
  });
});
