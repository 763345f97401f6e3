/** Signing in through the browser, and where the token is kept. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause } from '../browser/lib/chromium.mjs';
import { processesBelow } from '../browser/lib/sleep.mjs';
import { inBrowser, signIn, startApp, until } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';
import { startServices } from './lib/services.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
before(async () => {
  authority = await startAuthority({ idle: '60s', warn: '10s', keepAlive: '2s', www: demo });
});
after(() => authority?.stop());

/** Every file below, but sockets. @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(at);
    return entry.isFile() ? [at] : [];
  });
}

/** Files that hold the token as it is. @param {string} home @param {string} token */
const filesWith = (home, token) =>
  filesBelow(home).filter((file) => readFileSync(file).includes(token));

describe('signing in', () => {
  /** @type {Awaited<ReturnType<typeof startServices>>} */
  let desktop;
  /** @type {Awaited<ReturnType<typeof startApp>>} */
  let app;
  /** @type {string} */
  let token;
  before(async () => {
    desktop = await startServices();
    app = await startApp(authority.base, { services: desktop });
  });
  after(async () => {
    await app?.stop();
    await desktop?.stop();
  });

  test('a link that answers no question of the app signs nobody in', async () => {
    const [window] = await app.haveWindows(1);
    await window?.waitForFunction('window.stillhereDesktop');
    await window?.evaluate('stillhereDesktop.signIn()');
    const address = await until(() => desktop.opened()[0]);
    const { link } = await inBrowser(address);
    await app.again(link.replace(/state=[^&]+/, 'state=another'));
    const said = await until(() => desktop.seen.find((each) => each.notification));
    assert.match(said.notification.body, /answers no sign-in/);
    assert.equal(await window?.evaluate('stillhereDesktop.token()'), null);
  });

  test('the browser comes back with a code, and the one app that runs has the token', async () => {
    token = await signIn(app);
    const [window, ...others] = await app.windows();
    assert.equal(others.length, 0, 'the second start ended, and opened no window');
    assert.deepEqual(await window?.evaluate('stillhereDesktop.token()'), { token, user: 'Ada' });
    assert.equal(await window?.evaluate('agent.status.phase'), 'active');
  });

  test('no file holds the token, and no storage of the page', async () => {
    const [window] = await app.windows();
    const kept = await window?.evaluate('JSON.stringify([localStorage, sessionStorage])');
    assert.ok(!kept.includes(token), kept);
    assert.deepEqual(filesWith(desktop.home, token), []);
    assert.equal((await desktop.ask('secrets')).secrets, 1, 'the keychain does');
  });

  test('whoever quits is signed in when the app starts again', async () => {
    await desktop.ask('choose Quit');
    await until(() => !app.process());
    await app.stop();
    app = await startApp(authority.base, { services: desktop });
    const [window] = await app.haveWindows(1);
    await window?.waitForFunction("window.agent?.status.phase === 'active'");
    assert.deepEqual(await window?.evaluate('stillhereDesktop.token()'), { token, user: 'Ada' });
  });

  test('whoever signs out is out everywhere, and the keychain forgets', async () => {
    await desktop.ask('choose Sign out');
    const [window] = await app.windows();
    await window?.waitForFunction("agent.status.phase === 'ended'");
    assert.equal(await window?.evaluate('agent.status.endedBecause'), 'signed-out');
    const answer = await fetch(`${authority.base}/v1/session`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 401);
    await until(async () => JSON.stringify(await desktop.ask('tray')).includes('You signed out'));
    await until(async () => (await desktop.ask('secrets')).secrets === 0);
    await desktop.ask('choose Quit');
    await until(() => !app.process());
    await app.stop();
    app = await startApp(authority.base, { services: desktop });
    const [next] = await app.haveWindows(1);
    await next?.waitForFunction('window.stillhereDesktop');
    assert.equal(await next?.evaluate('stillhereDesktop.token()'), null);
  });

  test('whoever quits right after signing out is out all the same', async () => {
    token = await signIn(app);
    // The authority is slow just then.
    const [slow] = processesBelow(process.pid, 'stillhere-authority');
    process.kill(slow ?? 0, 'SIGSTOP');
    try {
      await desktop.ask('choose Sign out');
      await desktop.ask('choose Quit');
      await pause(500);
    } finally {
      process.kill(slow ?? 0, 'SIGCONT');
    }
    await until(() => !app.process());
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${authority.base}/v1/session`, { headers });
    assert.equal(answer.status, 401);
    assert.equal((await desktop.ask('secrets')).secrets, 0, 'and the keychain holds nothing');
  });
});

describe('without a keychain', () => {
  test('a sign-in lasts until the app quits, and that is said', async () => {
    const app = await startApp(authority.base, { keychain: false });
    try {
      const [window] = await app.haveWindows(1);
      await window?.waitForFunction('window.stillhereDesktop');
      const token = await signIn(app);
      assert.equal(await window?.evaluate('agent.status.phase'), 'active');
      const said = await until(() => app.desktop.seen.find((each) => each.notification));
      assert.equal(said.notification.summary, 'Signed in until you quit');
      assert.deepEqual(filesWith(app.desktop.home, token), []);
    } finally {
      await app.stop();
    }
  });
});
