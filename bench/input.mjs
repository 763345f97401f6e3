/**
 * `npm run bench -- input`: what a key costs the page's main thread at the pace of a typist, beside no
 * listener and beside the barest one, in one tab and among many.
 */
import { pause } from '../tests/browser/lib/chromium.mjs';
import { type } from './lib/chromium.mjs';
import {
  dashes,
  listenersOf,
  METHOD,
  openWarm,
  peersOf,
  SENDING,
  TIMES,
} from './lib/listeners.mjs';
import { readOptions } from './lib/options.mjs';
import { bars } from './lib/plot.mjs';
import { figure, Report, spread } from './lib/report.mjs';
import { closeAll, startRig } from './lib/rig.mjs';
import { added, alternate, orderOf, summary } from './lib/stats.mjs';
import { traced } from './lib/trace.mjs';

const KEYS_EVERY_MS = 200;

const options = readOptions(process.argv.slice(2));
const contexts = options.contexts ?? (options.quick ? [1, 10] : [1, 50]);
const rounds = options.rounds ?? (options.quick ? 2 : 5);
/** How long somebody types in one tab alone, and in one of many, in milliseconds. */
const [span, spanOfMany] = options.quick ? [10_000, 6_000] : [60_000, 20_000];

const { cases, without } = listenersOf(options);
const rig = await startRig(peersOf(cases), TIMES);

/** @typedef {import('./lib/peers.mjs').Peer} Peer */
/** @typedef {import('./lib/chromium.mjs').Tab} Tab */
/** @typedef {{ id: string, tab: Tab }} Page */

/** Somebody types in each of the pages at once, a key after the other. @param {Page[]} pages */
async function typists(pages) {
  const begin = performance.now();
  const apart = KEYS_EVERY_MS / pages.length;
  for (let at = 0; at < span; at += KEYS_EVERY_MS) {
    for (const [place, { tab }] of pages.entries()) {
      await pause(begin + at + place * apart - performance.now());
      await tab.press();
    }
  }
  await pause(begin + span - performance.now());
}

/** @typedef {{ typist: number, atOnce: number, later: number, tasks: number }} Alone microseconds a key */

/**
 * One page of each, all in windows of their own that are all seen, so that every key of one has a
 * key of each other beside it.
 */
async function alone() {
  /** @type {Page[]} */
  const pages = [];
  for (const { id, peer } of cases) pages.push({ id, tab: (await openWarm(rig, peer, 1)).front });
  const results = new Map(cases.map(({ id }) => [id, /** @type {Alone[]} */ ([])]));
  for (let round = 0; round < rounds; round += 1) {
    const order = orderOf(pages, round);
    const all = pages.map(({ tab }) => tab);
    const costs = await traced(rig.chromium, all, () => typists(order));
    const typed = span / KEYS_EVERY_MS;
    for (const { id, tab } of pages) {
      const { keys = Number.NaN, later = Number.NaN, tasks = Number.NaN } = costs.get(tab.id) ?? {};
      results.get(id)?.push({
        typist: (keys + later) / typed,
        atOnce: keys / typed,
        later: later / typed,
        tasks: tasks / typed,
      });
    }
  }
  await closeAll(pages.map(({ tab }) => tab));
  return results;
}

/** @typedef {{ front: number, all: number, threads: number }} Many microseconds a key */

/** @param {Peer} peer @param {number} count @returns {Promise<Many>} */
async function amongMany(peer, count) {
  const { tabs, front } = await openWarm(rig, peer, count);
  await pause(3_000);
  let keys = 0;
  const costs = await traced(rig.chromium, tabs, async () => {
    keys = await type(front, spanOfMany, KEYS_EVERY_MS);
  });
  await closeAll(tabs);
  const distinct = new Set(costs.values());
  const sum = [...distinct].reduce((total, cost) => total + cost.keys + cost.later, 0);
  const own = costs.get(front.id);
  return {
    front: own ? (own.keys + own.later) / keys : Number.NaN,
    all: sum / keys,
    threads: distinct.size,
  };
}

const report = new Report({
  part: 'input',
  title: 'Cost of a key at the pace of a typist',
  method: `${METHOD} A typist presses a key each ${KEYS_EVERY_MS} ms. ${SENDING}`,
  options,
  versions: rig.versions,
});

/** @param {Map<string, Alone[]>} results */
async function tellAlone(results) {
  const of = (/** @type {string} */ id, /** @type {keyof Alone} */ what) =>
    (results.get(id) ?? []).map((one) => one[what]);
  report.raw['1 context'] = Object.fromEntries(results);
  const typist = [
    '',
    'added: times the barest',
    'added, µs a key',
    'of it at once',
    'of it later',
    'later tasks a key',
  ];
  const [none, noneAtOnce] = [of('none', 'typist'), of('none', 'atOnce')];
  const barest = added(of('barest', 'typist'), none).median;
  report.table({
    title: `At the pace of a typist, one tab, ${span / 1000} s`,
    columns: typist,
    rows: [
      ...cases.map(({ id, name }) => {
        const more = added(of(id, 'typist'), none);
        return [
          name,
          figure(more.median / barest),
          spread(more),
          figure(added(of(id, 'atOnce'), noneAtOnce).median),
          figure(added(of(id, 'later'), of('none', 'later')).median),
          figure(summary(of(id, 'tasks')).median),
        ];
      }),
      ...dashes(without, typist),
    ],
    notes: [
      'Added is what each round took more than the page with no listener; "no listener, again" is the same page once more, so its figure is the resolution.',
      'Between two keys the processor has forgotten the page, so each costs several times what it costs in a burst, with any listener.',
    ],
  });
  const rows = cases
    .filter(({ id }) => !id.startsWith('none'))
    .map(({ id, name }) => ({ name, ours: id === 'stillhere', ...added(of(id, 'typist'), none) }));
  report.plot(
    'typist',
    'Added main-thread time a key',
    await bars({ label: 'µs a key, added', rows }),
  );
}

/** @param {number} count @param {Map<string, Many[]>} results */
function tellMany(count, results) {
  const of = (/** @type {string} */ id, /** @type {keyof Many} */ what) =>
    (results.get(id) ?? []).map((one) => one[what]);
  report.raw[`${count} contexts`] = Object.fromEntries(results);
  const ours = added(of('stillhere', 'all'), of('none', 'all')).median;
  const columns = [
    '',
    'added in all tabs: times ours',
    'added in all tabs, µs a key',
    'added in the tab in use, µs a key',
  ];
  report.table({
    title: `At the pace of a typist, one of ${count} tabs`,
    columns,
    rows: [
      ...cases.map(({ id, name }) => {
        const more = added(of(id, 'all'), of('none', 'all'));
        return [
          name,
          figure(more.median / ours),
          spread(more),
          spread(added(of(id, 'front'), of('none', 'front'))),
        ];
      }),
      ...dashes(without, columns),
    ],
    notes: [
      `Over ${spanOfMany / 1000} s. The ${count} tabs had ${Math.min(...of('none', 'threads'))} main threads of their own.`,
    ],
  });
}

try {
  for (const count of contexts) {
    if (count === 1) await tellAlone(await alone());
    else
      tellMany(
        count,
        await alternate(cases, Math.min(rounds, 3), ({ peer }) => amongMany(peer, count)),
      );
  }
} finally {
  await rig.stop();
}
report.write();
