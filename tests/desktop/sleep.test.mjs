/** The machine sleeps past the deadline, or the program is stopped: it is over before anything is shown. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause } from '../browser/lib/chromium.mjs';
import { processesBelow } from '../browser/lib/sleep.mjs';
import { signIn, startApp, until } from './lib/app.mjs';
import { openScreen } from './lib/screen.mjs';

const www = path.join(root, 'tests', 'desktop', 'pages');

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;
/** @type {ReturnType<typeof openScreen>} */
let screen;
/** @type {import('../browser/lib/webdriver.mjs').WebDriverPage} */
let window;

/** The app and every process that it started. */
function everything() {
  const pid = app.process() ?? 0;
  return [pid, ...processesBelow(pid, '')];
}

/** @param {NodeJS.Signals} signal @param {number[]} pids */
const all = (signal, pids) => {
  for (const pid of pids) process.kill(pid, signal);
};

/** Looks at the screen all the time, until it is told to stop. */
function watchScreen() {
  const began = performance.now();
  /** @type {[number, boolean][]} */
  const seen = [];
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      seen.push([performance.now() - began, screen.showsContent()]);
      await pause(2);
    }
  })();
  return async () => {
    stopped = true;
    await done;
    return seen;
  };
}

async function signedIn() {
  await signIn(app);
  await window.waitForFunction("agent.status.phase === 'active'");
  await until(() => screen.showsContent());
}

describe('a machine that sleeps', () => {
  before(async () => {
    authority = await startAuthority({ idle: '8s', warn: '2s', keepAlive: '1s', www });
    app = await startApp(authority.base);
    screen = openScreen(app.desktop.screen);
    [window] = /** @type {[typeof window]} */ (await app.haveWindows(1));
    await window.waitForFunction('window.ready');
  });
  after(async () => {
    screen?.close();
    await app?.stop();
    await authority?.stop();
  });

  test('nothing is on the screen when it falls asleep, nor when it wakes up signed out', async () => {
    await signedIn();
    await app.desktop.ask('sleep');
    assert.equal(screen.showsContent(), false, 'covered before the machine sleeps');
    const processes = everything();
    all('SIGSTOP', processes);
    await pause(9_000);
    const stop = watchScreen();
    all('SIGCONT', processes);
    await app.desktop.ask('wake');
    await window.waitForFunction("agent.status.phase === 'ended'");
    await pause(1_000);
    const seen = await stop();
    assert.ok(seen.length > 100, `${seen.length} looks`);
    assert.deepEqual(
      seen.filter(([, shown]) => shown),
      [],
    );
    assert.equal(await window.evaluate('agent.status.endedBecause'), 'idle');
    // It looks at its clock, or hears of the end from the program first: it never looks alive meanwhile.
    const phases = await window.evaluate("phases.slice(phases.indexOf('active') + 1).join()");
    assert.match(phases, /^(checking,)?ended$/);
    await window.waitForFunction('document.visibilityState === "visible"');
  });

  test('whoever is still signed in sees the page again, once that is known', async () => {
    await window.evaluate('location.reload()');
    await window.waitForFunction('window.ready');
    await signedIn();
    await app.desktop.ask('sleep');
    const processes = everything();
    all('SIGSTOP', processes);
    await pause(1_000);
    all('SIGCONT', processes);
    await pause(300);
    assert.equal(screen.showsContent(), false, 'not before the machine is awake');
    await app.desktop.ask('wake');
    await until(() => screen.showsContent());
    assert.equal(await window.evaluate('agent.status.phase'), 'active');
  });

  test('a page that does nothing for a while is not on the screen either', async () => {
    await window.evaluate(`setTimeout(() => {
      const until = Date.now() + 2_000;
      while (Date.now() < until);
    }, 50)`);
    await pause(200);
    await app.desktop.ask('sleep');
    assert.equal(screen.showsContent(), false);
    await app.desktop.ask('wake');
    await pause(300);
    assert.equal(screen.showsContent(), false, 'it has not covered itself yet');
    await until(() => screen.showsContent());
  });

  test('a program that was stopped without a word shows nothing when it goes on', async () => {
    await window.keyboard.press('a');
    await pause(300);
    const processes = everything();
    all('SIGSTOP', processes);
    await pause(9_500);
    const stopped = Date.now();
    const stop = watchScreen();
    all('SIGCONT', processes);
    await window.waitForFunction("agent.status.phase === 'ended'");
    await pause(1_000);
    const seen = await stop();
    // What was painted before is on the screen for as long as nobody paints: it goes at once.
    const last = Math.max(0, ...seen.filter(([, shown]) => shown).map(([at]) => at));
    assert.ok(last < 250, `something of the page was seen for ${last} ms`);
    const first = seen.findIndex(([, shown]) => !shown);
    assert.ok(!seen.slice(first).some(([, shown]) => shown), 'and never again');
    const painted = await window.evaluate(
      `frames.filter(([at, shown]) => at >= ${stopped} && shown)`,
    );
    assert.deepEqual(painted, [], 'no frame with anything of the page');
    await window.waitForFunction('document.visibilityState === "visible"');
  });
});
