/**
 * `npm run bench -- logout`: whether all tabs log out together and on time, hidden and throttled ones
 * too, and whether anybody is logged out who should not be, or stays who should not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { asleep, awake, goThrough, TIMES } from './lib/cells.mjs';
import { Group } from './lib/groups.mjs';
import { readOptions } from './lib/options.mjs';
import { whoDo } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { needsLinux } from './lib/processes.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, startRig } from './lib/rig.mjs';
import { alternate, orderOf, ratio, summary } from './lib/stats.mjs';

needsLinux('logout');

/** Longer where a poll may run once a minute: so that it is throttled before the end comes. */
const LONG = { idleMs: 30_000, warnMs: 10_000, keepAliveMs: 5_000 };
/** Else this begins five minutes after a tab was hidden. */
const THROTTLED = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1';
/** A chain that runs once a minute is late by that much, at most; and something to spare. */
const PATIENCE_MS = 75_000;

/** @typedef {import('./lib/peers.mjs').Peer} Peer */

/**
 * @typedef {object} Ends in milliseconds, from the deadline by the last key
 * @property {number} apart the last from the first
 * @property {number} first
 * @property {number} last
 * @property {number} never how many tabs did not end
 * @property {number} chain how late the worst step of a chain of 1 s timers was, in the least late hidden tab
 */

/** @param {string} what a cell says */
const failed = (what) => what !== 'ok' && !what.startsWith('not measured');

const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? (options.quick ? 1 : 2);
const contexts = options.contexts ?? (options.quick ? [10] : [10, 50]);
const most = Math.max(...contexts);
const taking = chosen(options, whoDo('ends'));

/** Runs in the page: how late a chain of timers of one second each gets, at worst. */
const PROBE = `{
  let due = performance.now() + 1000;
  let worst = 0;
  const late = () => performance.now() - due;
  const step = () => {
    worst = Math.max(worst, late());
    due = performance.now() + 1000;
    setTimeout(step, 1000);
  };
  setTimeout(step, 1000);
  window.chain = () => Math.max(worst, late());
}`;

/**
 * @param {import('./lib/rig.mjs').Rig} rig
 * @param {Peer} peer
 * @param {number} count
 * @param {number} idleMs
 * @returns {Promise<Ends>}
 */
async function endTogether(rig, peer, count, idleMs) {
  const group = await Group.open(rig, peer, { count });
  try {
    await group.begin();
    await Promise.all(group.tabs.map((tab) => tab.evaluate(PROBE)));
    await group.type(-1, 3_000, 500);
    await group.tab(-1).press();
    const deadline = Date.now() + idleMs;
    const ends = (await group.ends(idleMs + PATIENCE_MS)).map((at) => at - deadline);
    const chains = await Promise.all(group.tabs.slice(0, -1).map((tab) => tab.evaluate('chain()')));
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const chain = chains.length > 0 ? Math.min(...chains) : Number.NaN;
    const never = count - ends.length;
    // Where some tabs never end, those that do are no measure of how far apart all are.
    const apart = never > 0 ? Number.POSITIVE_INFINITY : last - first;
    return { apart, first, last, never, chain };
  } finally {
    await group.close();
    // Closing fifty tabs is work that belongs to nobody else's round.
    await pause(500);
  }
}

/** @param {import('./lib/rig.mjs').Rig} rig @param {number} count @param {number} idleMs @param {string} how */
async function compare(rig, count, idleMs, how) {
  const results = await alternate(taking, rounds, (peer) => endTogether(rig, peer, count, idleMs));
  const title = `${count} tabs, one seen, the others ${how}`;
  report.raw[title] = Object.fromEntries(results);
  const of = (/** @type {string} */ id) => /** @type {Ends[]} */ (results.get(id));
  const apart = (/** @type {string} */ id) => of(id).map((one) => one.apart);
  const never = (/** @type {string} */ id) => Math.max(...of(id).map((one) => one.never));
  const chains = [...results.values()].flat().map(({ chain }) => chain);
  report.table({
    title,
    columns: ['', 'times ours', 'first to last, ms', 'first, ms late', 'last, ms late', 'never'],
    rows: taking.map(({ id, name }) => [
      name,
      results.has('stillhere') ? figure(ratio(apart(id), apart('stillhere')).median) : NONE,
      spread(summary(apart(id))),
      spread(summary(of(id).map(({ first }) => first))),
      spread(summary(of(id).map(({ last }) => last))),
      `${never(id)}`,
    ]),
    notes: [
      `The idle timeout is ${idleMs / 1000} s. A negative time is early. In the hidden tabs a chain of timers of 1 s was late by ${figure(Math.min(...chains))} ms or more at its worst step.`,
      'VueUse, activity-detector and idle-js know of their own tab alone: the others end by the time since they were opened.',
    ],
  });
  const rows = taking
    // One of which no tab ended has no bar.
    .filter(({ id }) => apart(id).every(Number.isFinite))
    .map(({ id, name }) => ({
      name,
      ours: id === 'stillhere',
      ...summary(apart(id).map((ms) => Math.max(ms, 0.1))),
    }));
  if (rows.length === 0) return;
  const name = `${count}-${how.split(' ')[0]}`;
  report.plot(name, title, await bars({ label: 'first to last, ms', rows, log: true }));
}

/** @param {string} title @param {import('./lib/cells.mjs').Cell[]} cells @param {import('./lib/rig.mjs').Rig} rig */
async function goThroughAll(title, cells, rig) {
  /** @type {Map<string, Map<string, string[]>>} by cell and peer, one a round */
  const said = new Map(cells.map(({ name }) => [name, new Map()]));
  for (let round = 0; round < rounds; round += 1) {
    for (const cell of orderOf(cells, round)) {
      for (const [id, what] of await goThrough(cell, rig, orderOf(taking, round))) {
        const known = said.get(cell.name);
        known?.set(id, [...(known.get(id) ?? []), what]);
      }
    }
  }
  const of = (/** @type {string} */ cell, /** @type {string} */ id) => [
    ...new Set(said.get(cell)?.get(id) ?? []),
  ];
  report.raw[title] = Object.fromEntries(
    [...said].map(([cell, peers]) => [cell, Object.fromEntries(peers)]),
  );
  const broken = cells.filter(({ name }) => of(name, 'stillhere').some(failed));
  report.table({
    title,
    columns: ['', ...cells.map(({ name }) => name)],
    rows: taking.map(({ id, name }) => [
      name,
      ...cells.map((cell) => of(cell.name, id).join('; in another round ')),
    ]),
    notes: broken.map(({ name }) => `**The agent fails where ${name}: that is a fault of ours.**`),
  });
}

const report = new Report({
  part: 'logout',
  title: 'The logout of several tabs',
  method: `Tabs of one token in one window each peer, of which the last is seen, in real windows on a screen, with Chromium's own throttling of hidden tabs; for "throttled" also \`${THROTTLED}\`, which shortens the five minutes after which a hidden tab's timers run once a minute. Tabs of the spread are measured peer by peer; in the cells of right and wrong four peers go through the same at once, with 10 tabs each and an idle timeout of ${TIMES.idleMs / 1000} s.`,
  options,
  versions: {},
});

const rig = await startRig(taking, TIMES, { windows: true });
report.about.versions = rig.versions;
try {
  await goThroughAll('Right or wrong, awake', awake, rig);
  await goThroughAll('Right or wrong, asleep and then a key', asleep, rig);
  for (const count of contexts) await compare(rig, count, TIMES.idleMs, 'hidden');
} finally {
  await rig.stop();
}
const throttled = await startRig(taking, LONG, { windows: true, flags: [THROTTLED] });
try {
  await compare(throttled, most, LONG.idleMs, 'throttled to once a minute');
} finally {
  await throttled.stop();
}
report.write();
