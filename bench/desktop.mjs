/**
 * `npm run bench -- desktop`: what the desktop app costs while nobody uses it, beside an empty Tauri app
 * that shows the same page: memory, CPU time and wake-ups of its own process over a minute. Prints a
 * Markdown table.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { appOf, buildShell, built, ensureDesktop } from '../scripts/lib/desktop.mjs';
import { root } from '../scripts/lib/project.mjs';
import { startAuthority } from '../tests/browser/lib/authority.mjs';
import { pause } from '../tests/browser/lib/chromium.mjs';
import { processesBelow } from '../tests/browser/lib/sleep.mjs';
import { inBrowser, until } from '../tests/desktop/lib/app.mjs';
import { startServices } from '../tests/desktop/lib/services.mjs';
import { printTable } from './lib/table.mjs';

/** An app that paints nothing by itself, so that what is seen is the program's own. */
const www = path.join(root, 'tests', 'desktop', 'pages');
const ROUNDS = 3;
const SETTLE_MS = 15_000;
const WATCH_MS = 60_000;

await ensureDesktop();
await buildShell('--release', '--bins', '--examples');
await buildShell('--examples');

/** @param {string} text @param {string} name */
const field = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** Of one process: proportional memory in KiB, CPU in ticks of 10 ms, and how often a thread slept. */
function look(/** @type {number} */ pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const slept = new Map(
    tasks.map((task) => [
      task,
      field(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'), 'voluntary_ctxt_switches'),
    ]),
  );
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    pss: field(smaps, 'Pss'),
    dirty: field(smaps, 'Private_Dirty'),
    ticks: Number(stat[11]) + Number(stat[12]),
    slept,
    threads: tasks.length,
  };
}

/**
 * @param {string} name
 * @param {(base: string) => string[]} command
 * @param {boolean} [signIn]
 * @param {boolean} [closed] without a window
 */
async function measure(name, command, signIn = false, closed = false) {
  const authority = await startAuthority({ idle: '1h', warn: '1m', keepAlive: '30s', www });
  const desktop = await startServices();
  const [program = '', ...flags] = command(authority.base);
  const app = spawn(program, flags, { env: desktop.env, stdio: 'ignore' });
  try {
    const pages = () => processesBelow(app.pid ?? 0, 'WebKitWebProcess').length;
    if (signIn) {
      await until(() => desktop.seen.some((each) => each.icon));
      await desktop.ask('choose Sign in…');
      const { link } = await inBrowser(await until(() => desktop.opened()[0]));
      await new Promise((done) => spawn(program, [link], { env: desktop.env }).on('exit', done));
    }
    await until(() => pages() === 1);
    if (closed) {
      await pause(2_000);
      spawn('wmctrl', ['-x', '-c', 'stillhere'], { env: desktop.env });
      await until(() => pages() === 0);
    }
    await pause(SETTLE_MS);
    const pid = app.pid ?? 0;
    const before = look(pid);
    await pause(WATCH_MS);
    const after = look(pid);
    return {
      name,
      pss: after.pss / 1024,
      dirty: after.dirty / 1024,
      cpu: (after.ticks - before.ticks) * 10,
      // Of a thread that ended meanwhile nobody can say how often it woke.
      wakeups: [...after.slept].reduce(
        (sum, [task, count]) => sum + count - (before.slept.get(task) ?? 0),
        0,
      ),
      threads: after.threads,
    };
  } finally {
    app.kill();
    await desktop.stop();
    await authority.stop();
  }
}

const empty = path.join(built, 'release', 'examples', 'empty');
const shell = appOf('release');
/** @param {string} base */
const shown = (base) => {
  const [page, authorize, token] = ['quiet.html', 'desktop/', 'demo/token'].map(
    (at) => `${base}/${at}`,
  );
  return [shell, '--app', `${page}`, '--authorize', `${authorize}`, '--token', `${token}`];
};
/** @type {[string, (base: string) => string[], boolean?, boolean?][]} */
const kinds = [
  ['empty Tauri app, the same page', (base) => [empty, `${base}/quiet.html`]],
  ['desktop app, signed in, one window', shown, true],
  ['desktop app, signed in, no window', shown, true, true],
];
/** @type {Map<string, Awaited<ReturnType<typeof measure>>[]>} */
const results = new Map(kinds.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, command, signIn, closed] of kinds) {
    results.get(name)?.push(await measure(name, command, signIn, closed));
  }
}
/** @param {number[]} values */
const middle = (values) => [...values].sort((one, two) => one - two)[values.length >> 1] ?? 0;
const rows = [...results].map(([name, rounds]) => {
  const of = (/** @type {'pss' | 'dirty' | 'cpu' | 'wakeups' | 'threads'} */ key) =>
    rounds.map((round) => round[key]);
  const said = (/** @type {number[]} */ values, digits = 0) =>
    `${middle(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
  return {
    'own process': name,
    'PSS, MiB': said(of('pss'), 1),
    'private, MiB': said(of('dirty'), 1),
    'CPU, ms a minute': said(of('cpu')),
    'wake-ups a minute': said(of('wakeups')),
    threads: said(of('threads')),
  };
});
printTable(rows);
