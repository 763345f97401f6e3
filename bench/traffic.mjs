/**
 * `npm run bench -- traffic`: messages, storage writes and wake-ups of all contexts together, when
 * nobody touches anything and for each key.
 */
import { pause } from '../tests/browser/lib/chromium.mjs';
import { type } from './lib/chromium.mjs';
import { between, COUNTING, countsOf, KINDS, ofAKey, WAKING, WHAT } from './lib/counting.mjs';
import { readOptions } from './lib/options.mjs';
import { peers } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, closeAll, sideBySide, startRig } from './lib/rig.mjs';
import { alternate, summary } from './lib/stats.mjs';

/** Nothing is due in this time but keep-alives. */
const TIMES = { idleMs: 1_200_000, warnMs: 60_000, keepAliveMs: 30_000 };
const KEYS_EVERY_MS = 200;
/** More tabs than this take minutes to open, and counts hardly scatter: one round. */
const MANY = 50;

const options = readOptions(process.argv.slice(2));
const contexts = options.contexts ?? (options.quick ? [1, 10] : [1, 10, 50, 200]);
const rounds = options.rounds ?? (options.quick ? 1 : 3);
const span = options.quick ? 5_000 : 20_000;
const taking = chosen(options, peers).filter(({ id }) => id !== 'barest');

const rig = await startRig(taking, TIMES);

/** @typedef {import('./lib/counting.mjs').Counts} Counts */
/** @typedef {{ idle: Counts, key: Counts, busyMs: number }} Counted a second, a key, and of a second */

/** CPU time of all tabs' main threads so far, in ms. @param {import('./lib/chromium.mjs').Tab[]} tabs */
async function busy(tabs) {
  const each = await Promise.all(tabs.map((tab) => tab.session.send('Performance.getMetrics')));
  const seconds = each.map(
    ({ metrics }) => metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0,
  );
  return seconds.reduce((sum, one) => sum + one, 0) * 1000;
}

/** @param {import('./lib/peers.mjs').Peer} peer @param {number} count @returns {Promise<Counted>} */
async function measure(peer, count) {
  const run = await rig.run(peer);
  const tabs = await run.open(count, COUNTING);
  const front = /** @type {import('./lib/chromium.mjs').Tab} */ (tabs.at(-1));
  await Promise.all(
    tabs.map((tab) => tab.session.send('Performance.enable', { timeDomain: 'threadTicks' })),
  );
  // What starting causes is over by then.
  await pause(6_000);
  const before = [await countsOf(tabs), await busy(tabs)];
  await pause(span);
  const quiet = [await countsOf(tabs), await busy(tabs)];
  const [begin, calm] = /** @type {[Counts, Counts]} */ ([before[0], quiet[0]]);
  const keys = await type(front, span, KEYS_EVERY_MS);
  const typed = await countsOf(tabs);
  await closeAll(tabs);
  const seconds = span / 1000;
  return {
    idle: between(calm, begin, seconds),
    key: ofAKey(begin, calm, typed, keys),
    busyMs: (Number(quiet[1]) - Number(before[1])) / seconds,
  };
}

const report = new Report({
  part: 'traffic',
  title: 'Messages, storage and wake-ups',
  method: `What all contexts of one origin do together, counted in the page before any script runs; one tab is in front, the others are hidden. Peers with few tabs are counted side by side, each in a window of its own. Idle: nobody touches anything for ${span / 1000} s. A key: somebody types 5 keys a second in the front tab for ${span / 1000} s, less what idle time costs. A wake-up is a message or an event of storage that arrives, or a timer that fires. The keep-alive interval is ${TIMES.keepAliveMs / 1000} s for all.`,
  options,
  versions: rig.versions,
});

/** @param {Counts} counts */
const wakeUps = (counts) => WAKING.reduce((sum, kind) => sum + counts[kind], 0);

/**
 * Nothing is nothing, more than nothing has no ratio to it, and less than nothing is noise.
 * @param {number} value
 * @param {number} ours
 */
function times(value, ours) {
  if (value < 0) return NONE;
  if (ours === 0) return value === 0 ? 'the same' : 'ours is 0';
  return figure(value / ours);
}

/**
 * @param {Map<string, Counted[]>} results
 * @param {'idle' | 'key'} when
 */
function rowsOf(results, when) {
  const of = (/** @type {string} */ id, /** @type {(counts: Counts) => number} */ take) =>
    summary((results.get(id) ?? []).map((one) => take(one[when])));
  const ours = results.has('stillhere') ? of('stillhere', wakeUps).median : Number.NaN;
  return taking.map(({ id, name, does }) => {
    const dashes = ['wake-ups', ...KINDS].map(() => NONE);
    if (!results.has(id)) return [name, 'does not get that far', ...dashes];
    if (when === 'key' && id !== 'none' && !does.includes('input')) {
      return [name, 'takes no input', ...dashes];
    }
    const all = of(id, wakeUps);
    const each = KINDS.map((kind) => spread(of(id, (counts) => counts[kind])));
    return [name, times(all.median, ours), spread(all), ...each];
  });
}

/** @param {number} count @param {Map<string, Counted[]>} results */
async function tell(count, results) {
  const where = `${count} ${count === 1 ? 'context' : 'contexts'}`;
  report.raw[where] = Object.fromEntries(results);
  const kinds = KINDS.map((kind) => WHAT[kind]);
  const busyOf = (/** @type {string} */ id) => {
    const all = results.get(id);
    return all ? spread(summary(all.map(({ busyMs }) => busyMs))) : NONE;
  };
  report.table({
    title: `Idle, ${where}, a second`,
    columns: ['', 'wake-ups: times ours', 'wake-ups', ...kinds, 'main threads, ms'],
    rows: rowsOf(results, 'idle').map((row, at) => [...row, busyOf(taking[at]?.id ?? '')]),
    notes: [
      'Main threads: CPU time in tasks of all contexts, the asking of the bench included, so the row with no listener is its floor.',
    ],
  });
  report.table({
    title: `A key, ${where}`,
    columns: ['', 'wake-ups: times ours', 'wake-ups', ...kinds],
    rows: rowsOf(results, 'key'),
  });
  const rows = taking
    .filter(({ id }) => results.has(id))
    .map(({ id, name }) => ({
      name,
      ours: id === 'stillhere',
      ...summary((results.get(id) ?? []).map((one) => wakeUps(one.idle))),
    }));
  report.plot(
    `idle-${count}`,
    `Wake-ups a second, idle, ${where}`,
    await bars({ label: 'wake-ups a second, idle', rows }),
  );
}

/**
 * With hundreds of tabs a busy peer can take a whole machine, so that its own pages no longer start.
 * It is tried once more after the others, since its neighbour may have been the one, and has no figure if it
 * fails again.
 * @param {number} count
 * @returns {Promise<Map<string, Counted[]>>}
 */
async function round(count) {
  const one = async (/** @type {import('./lib/peers.mjs').Peer} */ peer) => {
    try {
      return await measure(peer, count);
    } catch (error) {
      if (count <= MANY) throw error;
      console.error(`${peer.name}, ${count} contexts: ${error}`);
      await rig.chromium.closeTabs();
      return undefined;
    }
  };
  const tried = await alternate(taking, count > MANY ? 1 : rounds, one, sideBySide(count));
  const whole = new Map([...tried].filter(([, all]) => all.every(Boolean)));
  for (const peer of taking.filter(({ id }) => !whole.has(id))) {
    const again = await one(peer);
    if (again) whole.set(peer.id, [again]);
  }
  return /** @type {Map<string, Counted[]>} */ (whole);
}

try {
  for (const count of contexts) await tell(count, await round(count));
} finally {
  await rig.stop();
}
report.write();
