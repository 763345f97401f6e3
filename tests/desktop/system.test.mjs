/** Input in other programs (`system`): it keeps the session where the policy says so, and only there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { startAuthority } from '../browser/lib/authority.mjs';
import { pause, statusOf } from '../browser/lib/chromium.mjs';
import { run, signIn, startApp } from './lib/app.mjs';
import { demo } from './lib/demo.mjs';

/** Another program with a window, and how many keys it was given. @param {NodeJS.ProcessEnv} env */
async function startOther(env) {
  const program = spawn('xev', ['-event', 'keyboard', '-name', 'other'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let keys = 0;
  program.stdout.on('data', (text) => {
    keys += String(text).split('KeyPress event').length - 1;
  });
  await run(env, 'xdotool', 'search', '--sync', '--name', '^other$', 'windowactivate', '--sync');
  return {
    type: () => run(env, 'xdotool', 'search', '--name', '^other$', 'windowfocus', 'key', 'a'),
    keys: () => keys,
    async stop() {
      program.kill();
      await once(program, 'exit');
    },
  };
}

/** @param {boolean} counted @param {(app: any, token: string, authority: any) => Promise<void>} work */
async function withPolicy(counted, work) {
  const authority = await startAuthority({ idle: '9s', warn: '3s', keepAlive: '1s', www: demo });
  const counts = { keystrokes: true, clicks: true, heartbeats: true, system: counted };
  await authority.policy('organization', { counts });
  const app = await startApp(authority.base);
  try {
    await app.haveWindows(1);
    await work(app, await signIn(app), authority);
  } finally {
    await app.stop();
    await authority.stop();
  }
}

describe('work in another program', { concurrency: true }, () => {
  test('keeps the session where the policy counts it, and the administrator sees why', () =>
    withPolicy(true, async (app, _token, authority) => {
      const other = await startOther(app.desktop.env);
      const [window] = await app.windows();
      const began = performance.now();
      while (performance.now() - began < 20_000) {
        await other.type();
        assert.equal((await statusOf(window)).phase, 'active');
        await pause(700);
      }
      assert.ok(other.keys() > 20, `${other.keys()} keys went to the other program`);
      const status = await statusOf(window);
      assert.equal(status.counts.keystrokes, 0, 'none to the app');
      assert.ok(status.counts.system >= 2, 'the window knows of it');
      const [seen] = await authority.sessions();
      assert.match(JSON.stringify(seen.newest), /system/);
      await other.stop();
      await window.waitForFunction("agent.status.phase === 'ended'", { timeout: 15_000 });
    }));

  test('keeps nobody where it does not', () =>
    withPolicy(false, async (app) => {
      const other = await startOther(app.desktop.env);
      const [window] = await app.windows();
      const began = performance.now();
      let phase;
      while (performance.now() - began < 12_000 && phase !== 'ended') {
        await other.type();
        phase = (await statusOf(window)).phase;
        await pause(700);
      }
      assert.equal(phase, 'ended');
      assert.ok(other.keys() > 8, `${other.keys()} keys went to the other program`);
      assert.equal((await statusOf(window)).endedBecause, 'idle');
      await other.stop();
    }));
});
