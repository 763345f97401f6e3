/** A page that is prerendered is no context before somebody sees it (HTML, prerendering). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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
 * Runs in the page.
 * @returns when it was seen and when its module was asked for, in milliseconds; undefined while it is
 *   another page
 */
function times() {
  if (!Object(window).ready || !location.search) return undefined;
  const [navigation] = performance.getEntriesByType('navigation');
  const loaded = performance.getEntriesByType('resource').find(({ name }) => /wasm$/.test(name));
  return { seen: Number(Object(navigation).activationStart), loaded: loaded?.startTime ?? 0 };
}

/**
 * A page in which the browser has begun to prerender the address, or none where it did not: rules are
 * hints, which a browser that is busy passes over.
 * @param {string} url
 */
async function rendersBefore(url) {
  const page = await chromium.open(authority.base);
  // The authority's policy for contents allows no inline rules.
  await page.setBypassCSP(true);
  await page.reload();
  // The driver itself tells of no page that nobody sees.
  const cdp = await chromium.browser.target().createCDPSession();
  await cdp.send('Target.setDiscoverTargets', { discover: true });
  // From now on: those that are there already, of a try before, were told of by then.
  const begun = new Promise((done) =>
    cdp.on('Target.targetCreated', ({ targetInfo: { subtype } }) => {
      if (subtype === 'prerender') done(true);
    }),
  );
  await page.evaluate(prerender, url);
  const rendered = await Promise.race([begun, pause(5_000)]);
  await cdp.detach();
  if (rendered) return page;
  await page.close();
}

test('it neither joins nor asks, and does both once it is seen', async () => {
  const url = `${authority.base}/?token=${await authority.token()}`;
  const one = await chromium.open(url);
  await eachShows([one], 'active');
  let next;
  for (let tries = 0; tries < 3 && !next; tries += 1) next = await rendersBefore(url);
  assert.ok(next, 'the browser prerenders');
  // Its script runs as far as the agent lets it.
  await pause(2_000);
  const { questions } = await authority.counts();
  assert.equal((await statusOf(one)).contexts, 1, 'it has not joined');

  await next.evaluate((url) => setTimeout(() => location.assign(url)), url);
  // The driver takes the page over from the one that it had, and whoever asks in that moment gets no answer.
  let page;
  for (let tries = 0; tries < 50 && !page; tries += 1) {
    await pause(100);
    page = await next.evaluate(times).catch(() => undefined);
  }
  assert.ok(page && page.seen > 0, 'the page that is seen was prerendered');
  assert.ok(page.loaded >= page.seen, 'not even the module was loaded before');
  await eachShows([next], 'active', 5_000);
  await pause(500);
  assert.equal((await statusOf(one)).contexts, 2, 'it has joined');
  assert.equal((await authority.counts()).questions, questions, 'and was told all by the other');
});
