/** The screen is locked: what the policy wants then. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause, statusOf } from '../browser/lib/chromium.mjs';
import { signIn, startApp } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;
/** @type {import('../browser/lib/webdriver.mjs').WebDriverPage} */
let window;

/** @param {string} on_lock */
async function policy(on_lock) {
  await authority.policy('organization', { on_lock });
  await window.waitForFunction(`agent.status.policy.onLock === '${on_lock}'`);
}

describe('the screen is locked', () => {
  before(async () => {
    authority = await startAuthority({ idle: '60s', warn: '4s', keepAlive: '1s', www: demo });
    app = await startApp(authority.base);
    [window] = /** @type {[typeof window]} */ (await app.haveWindows(1));
    await signIn(app);
  });
  after(async () => {
    await app?.stop();
    await authority?.stop();
  });

  test('nothing happens where the policy wants nothing', async () => {
    await app.desktop.ask('lock');
    await pause(1_000);
    const { phase, remainingMs } = await statusOf(window);
    assert.equal(phase, 'active');
    assert.ok(Number(remainingMs) > 50_000, `${remainingMs}`);
  });

  test('it warns at once where the policy warns, and a key takes that back', async () => {
    await policy('warn');
    await app.desktop.ask('lock');
    await window.waitForFunction("agent.status.phase === 'warning'", { timeout: 2_000 });
    const { remainingMs } = await statusOf(window);
    const left = Number(remainingMs);
    assert.ok(left > 2_000 && left <= 4_000, `${remainingMs}`);
    await window.keyboard.press('Shift');
    await window.waitForFunction("agent.status.phase === 'active'", { timeout: 2_000 });
    assert.ok(Number((await statusOf(window)).remainingMs) > 50_000);
  });

  test('it ends at once where the policy ends, as logind says by its hint', async () => {
    await policy('end');
    await app.desktop.ask('hint');
    await window.waitForFunction("agent.status.phase === 'ended'", { timeout: 2_000 });
    assert.equal(await window.evaluate('agent.status.endedBecause'), 'idle');
    assert.deepEqual(await authority.sessions(), [], 'the authority was told');
  });
});
