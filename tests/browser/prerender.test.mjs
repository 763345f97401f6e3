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

test('it neither joins nor asks, and does both once it is seen', async () => {
  const url = `${authority.base}/?token=${await authority.token()}`;
  const one = await chromium.open(url);
  await eachShows([one], 'active');
  const next = await chromium.open(authority.base);
  // The authority's policy for contents allows no inline rules.
  await next.setBypassCSP(true);
  await next.reload();
  // Its script runs as far as the agent lets it.
  const begun = new Promise((done) =>
    chromium.browser.on('targetcreated', (target) => target.url() === url && done(target)),
  );
  await next.evaluate(prerender, url);
  await Promise.race([begun, pause(5_000)]);
  await pause(2_000);
  const { questions } = await authority.counts();
  assert.equal((await statusOf(one)).contexts, 1, 'it has not joined');

  await next.evaluate((url) => setTimeout(() => location.assign(url)), url);
  // The driver takes the page over from the one that it had, and whoever asks in that moment gets no answer.
  const look = () =>
    next.evaluate(() => {
      if (!Object(window).ready || !location.search) return undefined;
      const [navigation] = performance.getEntriesByType('navigation');
      const loaded = performance
        .getEntriesByType('resource')
        .find(({ name }) => /wasm$/.test(name));
      return [Number(Object(navigation).activationStart), loaded?.startTime ?? 0];
    });
  let seen;
  for (let tries = 0; tries < 50 && !seen; tries += 1) {
    await pause(100);
    seen = await look().catch(() => undefined);
  }
  const [activated = 0, loaded = 0] = seen ?? [];
  assert.ok(activated > 0, 'the page that is seen was prerendered');
  assert.ok(loaded >= activated, 'not even the module was loaded before');
  await eachShows([next], 'active', 5_000);
  await pause(500);
  assert.equal((await statusOf(one)).contexts, 2, 'it has joined');
  assert.equal((await authority.counts()).questions, questions, 'and was told all by the other');
});
