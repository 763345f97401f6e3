/** docs/decisions/preflights.md: between origins a browser asks before it sends, and keeps the answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { pause, startAgents, startChromium } from './lib/chromium.mjs';

test('a page of another origin asks once for each address, however many keep-alives it sends', async () => {
  const authority = await startAuthority({ idle: '60s', warn: '20s', keepAlive: '1s' });
  const chromium = await startChromium();
  try {
    const tab = await chromium.open(authority.base.replace('localhost', 'app.localhost'));
    const cdp = await tab.createCDPSession();
    await cdp.send('Network.enable');
    /** @type {string[]} */
    const asked = [];
    cdp.on('Network.requestWillBeSent', ({ request }) => {
      if (request.method === 'OPTIONS') asked.push(new URL(request.url).pathname);
    });
    await startAgents([tab], await authority.token(), authority.base);
    for (let key = 0; key < 4; key += 1) {
      await tab.keyboard.press('a');
      await pause(1_200);
    }
    const { keepAlives } = await authority.counts();
    assert.ok(keepAlives >= 3, `${keepAlives} keep-alives`);
    assert.deepEqual(asked.sort(), ['/v1/events', '/v1/keepalive', '/v1/session']);
  } finally {
    await chromium.close();
    await authority.stop();
  }
});
