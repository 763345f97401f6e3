/**
 * One token in places that don't hear each other: a frame in another site's page and the app's own tab
 * have a storage partition each. They meet at the authority (docs/architecture.md, "The one idea").
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, recorded, startChromium, statusOf, type } from './lib/chromium.mjs';

const IDLE_MS = 8_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

before(async () => {
  authority = await startAuthority({ idle: '8s', warn: '3s', keepAlive: '1s' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await authority?.stop();
});

test('work in the frame keeps the tab, which asks once per window; then both end', async (t) => {
  const token = await authority.token();
  const crm = authority.base.replace('localhost', 'crm.localhost');
  const src = encodeURIComponent(`${authority.base}/?token=${token}`);
  const tab = await chromium.open(`${authority.base}/?token=${token}`);
  const page = await chromium.open(`${crm}/host.html?frame=${src}`, 'window');
  let frame = page.frames().at(-1);
  for (let tries = 0; tries < 200 && !frame?.url().includes('token='); tries += 1) {
    await pause(50);
    frame = page.frames().at(-1);
  }
  await frame?.waitForFunction('window.agent');
  assert.ok(frame);
  assert.equal((await statusOf(tab)).contexts, 1, 'they do not hear each other');
  await frame.focus('#notes');
  await page.keyboard.press('a');
  const before = await authority.counts();
  await type(page, 3 * IDLE_MS, 500);
  const asked = (await authority.counts()).questions - before.questions;
  t.diagnostic(`${asked} questions in three idle timeouts`);
  const phases = (await recorded([tab], 'phase')).flat().map(({ what }) => what);
  assert.ok(!phases.includes('warning') && !phases.includes('ended'), phases.join());
  assert.equal((await statusOf(tab)).counts.keystrokes, 0, 'nothing was pressed here');
  // One at the start of each warning time, 5 s after what it last knew.
  assert.ok(asked >= 3 && asked <= 6, `${asked} questions`);
  await eachShows([tab], 'ended', IDLE_MS + 5_000);
  await frame.waitForFunction("agent.status.phase === 'ended'", { timeout: 2_000 });
});
