/** A page that is prerendered is no context before somebody sees it (HTML, prerendering). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as timer } from 'node:timers/promises';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, startChromium, statusOf } from './lib/chromium.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

before(async () => {
  authority = await startAuthority({ idle: '30s', warn: '5s', keepAlive: '2s' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await authority?.stop();
});

/** Runs in the page. @param {string} url */
function prerender(url) {
  const rules = document.createElement('script');
  rules.type = 'speculationrules';
  rules.textContent = JSON.stringify({ prerender: [{ urls: [url], eagerness: 'immediate' }] });
  document.head.append(rules);
}

/**
 * Runs in the page, as text.
 * @returns whether its script has begun, whether it is still not seen, when it was seen and when its module
 *   was asked for, in milliseconds; 0 for what has not happened
 */
const LOOK = `(() => {
  const [navigation] = performance.getEntriesByType('navigation');
  const loaded = performance.getEntriesByType('resource').find(({ name }) => /wasm$/.test(name));
  return {
    begun: !!window.start,
    before: document.prerendering,
    seen: navigation.activationStart,
    loaded: loaded?.startTime ?? 0,
    phase: window.agent?.status.phase,
  };
})()`;

/** What is waited for, or nothing in the end; the timer keeps no process alive.
 * @template T @param {number} ms @param {Promise<T>} what */
const within = (ms, what) => Promise.race([what, timer(ms, undefined, { ref: false })]);

/** @typedef {{ begun: boolean, before: boolean, seen: number, loaded: number, phase?: string }} Look */

/**
 * A session of our own with a page: the driver tells of none that nobody sees, and takes the one that is seen
 * over from the page before within 100 ms, or not at all.
 * @param {import('puppeteer-core').CDPSession} cdp with the browser
 * @param {string} targetId
 */
async function sessionWith(cdp, targetId) {
  const attached = await cdp.send('Target.attachToTarget', { targetId, flatten: true });
  const session = cdp.connection()?.session(attached.sessionId);
  assert.ok(session);
  /** @returns {Promise<Look>} */
  const look = async () => {
    const options = { expression: LOOK, returnByValue: true };
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', options);
    assert.equal(exceptionDetails, undefined, exceptionDetails?.text);
    return result.value;
  };
  return {
    look,
    /** Looks until it is so, or for 10 s. @param {(look: Look) => unknown} so @param {string} what */
    async until(so, what) {
      const end = performance.now() + 10_000;
      for (;;) {
        const now = await look();
        if (so(now)) return now;
        assert.ok(performance.now() < end, `${what}: ${JSON.stringify(now)}`);
        await pause(50);
      }
    },
  };
}

/**
 * What the browser has begun to prerender, and how to go there; or nothing where it did not: rules are hints,
 * which a browser that is busy passes over.
 * @param {string} url
 */
async function rendersBefore(url) {
  const page = await chromium.open(authority.base);
  // The authority's policy for contents allows no inline rules.
  await page.setBypassCSP(true);
  await page.reload();
  const cdp = await chromium.browser.target().createCDPSession();
  await cdp.send('Target.setDiscoverTargets', { discover: true });
  /** From now on: those that are there already, of a try before, were told of by then. @type {Promise<string>} */
  const begun = new Promise((done) =>
    cdp.on('Target.targetCreated', ({ targetInfo: { subtype, targetId } }) => {
      if (subtype === 'prerender') done(targetId);
    }),
  );
  await page.evaluate(prerender, url);
  const targetId = await within(5_000, begun);
  if (targetId) {
    const driven = await page.createCDPSession();
    const { targetInfo: shown } = await driven.send('Target.getTargetInfo');
    return {
      unseen: await sessionWith(cdp, targetId),
      /** Goes there, as a click on a link does. */
      async go() {
        const seen = new Promise((done) =>
          cdp.on('Target.targetDestroyed', (gone) => gone.targetId === targetId && done(true)),
        );
        await page.evaluate((url) => setTimeout(() => location.assign(url)), url);
        assert.ok(await within(10_000, seen), 'what was prerendered is shown');
        return sessionWith(cdp, shown.targetId);
      },
    };
  }
  await cdp.detach();
  await page.close();
}

test('it neither joins nor asks before it is seen, and joins then', async () => {
  const url = `${authority.base}/?token=${await authority.token()}`;
  const one = await chromium.open(url);
  await eachShows([one], 'active');
  const { questions } = await authority.counts();
  let rendered;
  for (let tries = 0; tries < 3 && !rendered; tries += 1) rendered = await rendersBefore(url);
  assert.ok(rendered, 'the browser prerenders');
  const { unseen, go } = rendered;
  assert.ok((await unseen.until(({ begun }) => begun, 'its script runs')).before, 'nobody sees it');
  // As far as the agent lets it.
  await pause(1_000);
  assert.equal((await authority.counts()).questions, questions, 'it has not asked');
  assert.equal((await statusOf(one)).contexts, 1, 'it has not joined');
  assert.equal((await unseen.look()).loaded, 0, 'not even the module was loaded');

  const page = await go();
  const { seen, loaded } = await page.until(({ phase }) => phase === 'active', 'it starts');
  assert.ok(seen > 0 && loaded >= seen, `seen at ${seen} ms, its module asked for at ${loaded} ms`);
  await one.waitForFunction('agent.status.contexts === 2', { timeout: 5_000, polling: 50 });
});
