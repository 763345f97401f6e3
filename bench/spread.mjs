/**
 * `npm run bench -- spread`: how far apart the tabs of one token are logged out, hidden and throttled ones
 * too, beside a bare message in the same tabs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TIMES } from './lib/cells.mjs';
import { Group } from './lib/groups.mjs';
import { readOptions } from './lib/options.mjs';
import { whoDo } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { needsLinux } from './lib/processes.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, startRig } from './lib/rig.mjs';
import { alternate, ratio, summary } from './lib/stats.mjs';

needsLinux('spread');

/** @typedef {import('./lib/peers.mjs').Peer} Peer */

/** Longer where a poll may run once a minute: so that it is throttled before the end comes. */
const LONG = { idleMs: 30_000, warnMs: 10_000, keepAliveMs: 5_000 };
/** Else this begins five minutes after a tab was hidden. */
const THROTTLED = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1';
/** A chain that runs once a minute is late by that much, at most; and something to spare. */
const PATIENCE_MS = 75_000;

/**
 * @typedef {object} Ends in milliseconds, from the deadline by the last key
 * @property {number} apart the last from the first
 * @property {number} first
 * @property {number} last
 * @property {number} never how many tabs did not end
 * @property {number} chain how late the worst step of a chain of 1 s timers was, in the least late hidden tab
 * @property {number} bare the last from the first to hear a bare message
 */

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

/** Runs in the page: notes when it hears a message that says nothing. */
const BARE = `{
  const channel = new BroadcastChannel('bare');
  const note = () => { window.heard = performance.timeOrigin + performance.now(); };
  channel.onmessage = note;
  window.tellAll = () => {
    note();
    channel.postMessage(0);
  };
}`;

/**
 * How far apart the tabs hear of what one of them says, from when it says so: what any message costs there.
 * @param {Group} group
 * @returns {Promise<number>} milliseconds
 */
async function bareMessage(group) {
  await Promise.all(group.tabs.map((tab) => tab.evaluate(BARE)));
  // As cold as a page is that nobody touches.
  await pause(2_000);
  await group.tab(-1).evaluate('tellAll()');
  await Promise.all(group.tabs.map((tab) => tab.until('window.heard')));
  const heard = await Promise.all(group.tabs.map((tab) => tab.evaluate('heard')));
  return Math.max(...heard) - Math.min(...heard);
}

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
    return { apart, first, last, never, chain, bare: await bareMessage(group) };
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
  const bare = (/** @type {string} */ id) => of(id).map((one) => one.bare);
  const never = (/** @type {string} */ id) => Math.max(...of(id).map((one) => one.never));
  const chains = [...results.values()].flat().map(({ chain }) => chain);
  report.table({
    title,
    columns: [
      '',
      'times ours',
      'first to last, ms',
      'times a bare message',
      'first, ms late',
      'last, ms late',
      'never',
    ],
    rows: taking.map(({ id, name }) => [
      name,
      results.has('stillhere') ? figure(ratio(apart(id), apart('stillhere')).median) : NONE,
      spread(summary(apart(id))),
      figure(ratio(apart(id), bare(id)).median),
      spread(summary(of(id).map(({ first }) => first))),
      spread(summary(of(id).map(({ last }) => last))),
      `${never(id)}`,
    ]),
    notes: [
      `The idle timeout is ${idleMs / 1000} s. A negative time is early. In the hidden tabs a chain of timers of 1 s was late by ${figure(Math.min(...chains))} ms or more at its worst step.`,
      'A bare message is one over a BroadcastChannel to the same tabs two seconds later, with a listener that notes the time: from the tab that posts it to the last that hears it.',
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

const report = new Report({
  part: 'spread',
  title: 'How far apart tabs are logged out',
  method: `Tabs of one token in one window, of which the last is seen, in real windows on a screen, with Chromium's own throttling of hidden tabs; for "throttled" also \`${THROTTLED}\`, which shortens the five minutes after which a hidden tab's timers run once a minute. Peer by peer.`,
  options,
  versions: {},
});

const rig = await startRig(taking, TIMES, { windows: true });
report.about.versions = rig.versions;
try {
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
