/** The process of a page crashes: the window comes back, and the session is neither lost nor left behind. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause } from '../browser/lib/chromium.mjs';
import { signIn, startApp, until } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;
/** @type {string} */
let token;

/** @returns {Promise<any>} */
const session = async () => (await authority.sessions())[0];

describe('a page that crashes', () => {
  before(async () => {
    authority = await startAuthority({ idle: '20s', warn: '5s', keepAlive: '1s', www: demo });
    // A driver gives up a session in which a page crashed.
    app = await startApp(authority.base, { automated: false });
    await until(() => app.pages().length === 1);
    await until(() => app.desktop.seen.some((each) => each.icon));
    token = await signIn(app);
  });
  after(async () => {
    await app?.stop();
    await authority?.stop();
  });

  test('is loaded anew, signed in, and its last key counts', async () => {
    await until(async () => (await session()).contexts === 2 || app.key('a'));
    await pause(1_500);
    // Told to its peers within the second, and to the authority by whoever is left.
    const { keystrokes: before } = (await session()).counts;
    await app.key('b');
    await pause(1_100);
    const [crashes] = app.pages();
    process.kill(crashes ?? 0, 'SIGABRT');
    const [next] = await until(() => {
      const pages = app.pages();
      return pages.length === 1 && pages[0] !== crashes && pages;
    });
    assert.ok(next);
    assert.equal((await session()).state, 'alive');
    await until(async () => {
      const line = (await app.desktop.ask('tray')).tray.items[0].text;
      return line.startsWith('Ada: signed out at');
    });
    const told = await until(async () => {
      const { counts } = await session();
      return counts.keystrokes > before && counts;
    });
    assert.equal(told.keystrokes, before + 1);
  });

  test('leaves no context behind', async () => {
    // The shell, and the page that was loaded anew: it counts keys again, and nobody else is there.
    const { keystrokes: before } = (await session()).counts;
    await until(async () => {
      await app.key('c');
      await pause(300);
      const { counts, contexts } = await session();
      return counts.keystrokes > before && contexts === 2;
    });
  });

  test('is closed if it crashes again, and the session goes on without a window', async () => {
    const [crashes] = app.pages();
    process.kill(crashes ?? 0, 'SIGABRT');
    const said = await until(() =>
      app.desktop.seen.find((each) => each.notification?.summary === 'A window was closed'),
    );
    assert.match(said.notification.body, /You are still signed in/);
    assert.equal((await session()).state, 'alive');
    // Nobody waits for the page that read the event stream: the program reads it now.
    await until(async () => (await authority.counts()).streams === 1);
  });

  test('and it ends in time, since nobody is there', async () => {
    const { remaining_ms: left } = await session();
    const began = performance.now();
    await until(
      async () =>
        (await app.desktop.ask('tray')).tray.items[0].text === 'Signed out: nobody was here',
      30_000,
    );
    const late = performance.now() - began - left;
    assert.ok(late > -200 && late < 1_500, `${late} ms after the authority's deadline`);
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${authority.base}/v1/session`, { headers })).status, 401);
  });
});
