/** The tray icon, and the session while no window is open: the machine in the shell carries it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause } from '../browser/lib/chromium.mjs';
import { signIn, startApp, until } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;

/** @returns {Promise<{ title: string, tooltip: string, items: { text: string, enabled: boolean }[] }>} */
const tray = async () => (await app.desktop.ask('tray')).tray;
const line = async () => (await tray()).items[0]?.text ?? '';
/** What the authority says, without extending anything. @param {string} token */
const standing = async (token) => {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${authority.base}/v1/session`, { headers });
  return answer.json();
};

describe('the tray', () => {
  before(async () => {
    authority = await startAuthority({ idle: '12s', warn: '6s', keepAlive: '1s', www: demo });
    // Whoever drives the windows ends the app with the last of them.
    app = await startApp(authority.base, { automated: false });
    await until(() => app.desktop.seen.some((each) => each.icon));
    await until(() => app.pages().length === 1);
  });
  after(async () => {
    await app?.stop();
    await authority?.stop();
  });

  /** @type {string} */
  let token;

  test('it says until when somebody is signed in, and not how long that is', async () => {
    assert.equal(await line(), 'Not signed in');
    token = await signIn(app);
    const until = /^Ada: signed out at (\d\d:\d\d) if nobody is here$/;
    const first = await line();
    assert.match(first, until);
    const { title, tooltip } = await tray();
    const time = until.exec(first)?.[1];
    assert.deepEqual([title, tooltip], [`Stillhere ${time}`, first]);
    const { remaining_ms: left } = await standing(token);
    const at = new Date(Date.now() + left);
    const clock = (/** @type {Date} */ date) => date.toTimeString().slice(0, 5);
    assert.ok(
      [-1500, 0, 1500].some((by) => clock(new Date(Number(at) + by)) === time),
      time,
    );
  });

  test('with the last window closed the app stays, and so does the session', async () => {
    await app.closeWindow();
    await until(() => app.pages().length === 0);
    assert.ok(existsSync(`/proc/${app.process()}/exe`), 'it runs');
    assert.match(await line(), /^Ada: signed out at/);
    assert.equal((await standing(token)).state, 'alive');
  });

  test('it warns by a notification and a countdown, and "I am here" keeps the session', async () => {
    const warned = await until(() =>
      app.desktop.seen.find((each) => each.notification?.summary === 'Are you still here?'),
    );
    assert.match(warned.notification.body, /^You are signed out in 0:0[56]\./);
    const counted = new Set();
    await until(async () => counted.add((await tray()).title).size >= 3);
    assert.ok(
      [...counted].every((title) => /^Stillhere 0:0\d$/.test(title)),
      [...counted].join(),
    );
    assert.match(await line(), /^Ada: signed out in 0:0\d unless you are here$/);
    const stay = (await tray()).items.find(({ text }) => text === 'I am here');
    assert.equal(stay?.enabled, true);
    await app.desktop.ask('choose I am here');
    await until(async () => (await line()).startsWith('Ada: signed out at'));
    await until(async () => (await standing(token)).remaining_ms > 10_000);
  });

  test('nobody is there: it ends in time, with no window that could see it', async () => {
    const { remaining_ms: left } = await standing(token);
    const began = performance.now();
    await until(async () => (await line()) === 'Signed out: nobody was here');
    const late = performance.now() - began - left;
    assert.ok(late > -100 && late < 1000, `${late} ms after the authority's deadline`);
    assert.equal((await standing(token)).because, 'idle');
    const said = await until(() =>
      app.desktop.seen.find((each) => each.notification?.summary === 'Stillhere'),
    );
    assert.equal(said.notification.body, 'Signed out: nobody was here');
  });

  test('a window can be opened then, to sign in again', async () => {
    await app.desktop.ask('choose Open');
    await until(() => app.pages().length === 1);
    assert.equal(await line(), 'Signed out: nobody was here');
    assert.ok((await tray()).items.some(({ text }) => text === 'Sign in…'));
  });
});

describe('started with the tray icon alone', () => {
  test('there is no window until somebody asks for one', async () => {
    const server = await startAuthority({ www: demo });
    const small = await startApp(server.base, { flags: ['--minimized'], automated: false });
    try {
      await until(() => small.desktop.seen.some((each) => each.icon));
      await pause(500);
      assert.deepEqual(small.pages(), []);
      await small.again();
      await until(() => small.pages().length === 1);
    } finally {
      await small.stop();
      await server.stop();
    }
  });
});
