/**
 * `npm run bench -- idle`: what a tab costs that nobody touches: CPU time, wake-ups and memory of its
 * process, as Linux counts them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readOptions } from './lib/options.mjs';
import { peers } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { memoryOf, needsLinux, processOf, since, threadsOf } from './lib/processes.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, startRig } from './lib/rig.mjs';
import { added, orderOf, summary } from './lib/stats.mjs';

needsLinux('idle');

const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? (options.quick ? 1 : 3);
const spanMs = options.quick ? 60_000 : 600_000;
/** Until what a page does after it was loaded is over. */
const SETTLE_MS = options.quick ? 15_000 : 60_000;
// Nobody is logged out meanwhile, and whoever sends without input does so once a minute.
const TIMES = { idleMs: 3_600_000, warnMs: 60_000, keepAliveMs: 60_000 };
const MINUTES = spanMs / 60_000;
const taking = chosen(options, peers);

/** @typedef {import('./lib/peers.mjs').Peer} Peer */
/** @typedef {import('./lib/chromium.mjs').Chromium} Chromium */
/** @typedef {import('./lib/rig.mjs').Rig} Rig */

/**
 * @typedef {object} Idle
 * @property {number} cpuMs of all threads, per minute
 * @property {number} mainWakes of the thread in which scripts run, per minute
 * @property {number} wakes of all threads, per minute
 * @property {number} privateMiB
 * @property {number} pssMiB
 */

/**
 * A browser of its own with one tab in front, in which nothing blinks.
 * @param {Rig} rig
 * @param {Peer} peer
 */
async function open(rig, peer) {
  const chromium = await rig.another();
  try {
    const run = await rig.run(peer, chromium);
    const [tab] = await run.open(1);
    if (!tab) throw new Error('No tab was opened.');
    // A caret would wake the page twice a second.
    await tab.evaluate('document.activeElement.blur()');
    const pid = await processOf(tab);
    return { peer, chromium, pid, tab };
  } catch (error) {
    await chromium.close();
    throw error;
  }
}

/** All of them at once, since they idle: each has a browser of its own. @param {Rig} rig @param {Peer[]} order */
async function round(rig, order) {
  /** @type {Awaited<ReturnType<typeof open>>[]} */
  const browsers = [];
  try {
    for (const peer of order) browsers.push(await open(rig, peer));
    await pause(SETTLE_MS);
    const before = browsers.map(({ pid }) => threadsOf(pid));
    await pause(spanMs);
    const did = browsers.map(({ pid }, at) => {
      const was = /** @type {ReturnType<typeof threadsOf>} */ (before[at]);
      return since(pid, was, threadsOf(pid));
    });
    const seen = browsers.map(({ tab }) => tab.evaluate("document.visibilityState === 'visible'"));
    if (!(await Promise.all(seen)).every(Boolean)) throw new Error('A tab was not in front.');
    return new Map(
      browsers.map(({ peer, pid }, at) => {
        const { cpuMs, mainWakes, wakes } = /** @type {ReturnType<typeof since>} */ (did[at]);
        const memory = memoryOf(pid);
        /** @type {Idle} */
        const idle = {
          cpuMs: cpuMs / MINUTES,
          mainWakes: mainWakes / MINUTES,
          wakes: wakes / MINUTES,
          privateMiB: memory.private / 1024,
          pssMiB: memory.pss / 1024,
        };
        return [peer.id, idle];
      }),
    );
  } finally {
    await Promise.all(browsers.map(({ chromium }) => chromium.close()));
  }
}

/** @param {Map<string, Idle[]>} results @param {Report} report */
async function show(results, report) {
  const of = (/** @type {string} */ id, /** @type {keyof Idle} */ what) =>
    /** @type {Idle[]} */ (results.get(id)).map((one) => one[what]);
  const above = (/** @type {string} */ id, /** @type {keyof Idle} */ what) =>
    results.has('none') ? added(of(id, what), of('none', what)) : undefined;
  const shown = (/** @type {string} */ id, /** @type {keyof Idle} */ what) => {
    const more = id === 'none' ? undefined : above(id, what);
    return more ? spread(more) : NONE;
  };
  report.table({
    title: 'Above a page without a listener',
    columns: ['', 'main thread woken, a minute', 'CPU, ms a minute', 'private, MiB', 'PSS, MiB'],
    rows: taking
      .filter(({ id }) => id !== 'none')
      .map(({ id, name }) => [
        name,
        shown(id, 'mainWakes'),
        shown(id, 'cpuMs'),
        shown(id, 'privateMiB'),
        shown(id, 'pssMiB'),
      ]),
    notes: [
      'Private memory is what the process has for itself; PSS adds its share of what several map. A framework that a peer needs (React, Angular, Vue) counts with it.',
      'A negative figure lies within what two pages without a listener differ by.',
    ],
  });
  report.table({
    title: 'The process as a whole',
    columns: [
      '',
      'main thread woken, a minute',
      'all threads woken, a minute',
      'CPU, ms a minute',
      'private, MiB',
      'PSS, MiB',
    ],
    rows: taking.map(({ id, name }) => [
      name,
      ...['mainWakes', 'wakes', 'cpuMs', 'privateMiB', 'pssMiB'].map((what) =>
        spread(summary(of(id, /** @type {keyof Idle} */ (what)))),
      ),
    ]),
  });
  for (const [what, label] of /** @type {[keyof Idle, string][]} */ ([
    ['mainWakes', 'wake-ups of the main thread a minute'],
    ['privateMiB', 'private memory, MiB'],
  ])) {
    const rows = taking.map(({ id, name }) => ({
      name,
      ours: id === 'stillhere',
      ...summary(of(id, what)),
    }));
    report.plot(what, `An idle tab: ${label}`, await bars({ label, rows }));
  }
}

const rig = await startRig(taking, TIMES, { windows: true });
try {
  const report = new Report({
    part: 'idle',
    title: 'A tab that nobody touches',
    method: `One tab in front for each, in a browser of its own, all at once since they idle; ${figure(SETTLE_MS / 1000)} s after it was opened, for ${figure(MINUTES)} min. CPU time and voluntary context switches of its renderer's threads from /proc (each such switch is a wait, and so one wake-up), memory at the end. No caret blinks and no domain of the protocol is enabled. Keep-alive interval ${TIMES.keepAliveMs / 1000} s.`,
    options,
    versions: rig.versions,
  });
  /** @type {Map<string, Idle[]>} */
  const results = new Map(taking.map(({ id }) => [id, []]));
  for (let at = 0; at < rounds; at += 1) {
    for (const [id, idle] of await round(rig, orderOf(taking, at))) results.get(id)?.push(idle);
  }
  report.raw.rounds = Object.fromEntries(results);
  await show(results, report);
  report.write();
} finally {
  await rig.stop();
}
