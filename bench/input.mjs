/**
 * `npm run bench -- input`: what a key costs the page's main thread, in a burst and at the pace of a
 * typist, beside no listener and beside the barest one.
 */
import { pause } from '../tests/browser/lib/chromium.mjs';
import { type } from './lib/chromium.mjs';
import { readOptions } from './lib/options.mjs';
import { peerOf, peers, sending } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, closeAll, startRig } from './lib/rig.mjs';
import { added, alternate, orderOf, ratio, summary } from './lib/stats.mjs';
import { traced } from './lib/trace.mjs';

const TIMES = { idleMs: 900_000, warnMs: 60_000, keepAliveMs: 30_000 };
const KEYS_EVERY_MS = 200;
/** Keys before a measurement, so that what the first ones compile is not counted. */
const WARM_UP = 20;

const options = readOptions(process.argv.slice(2));
const contexts = options.contexts ?? (options.quick ? [1, 10] : [1, 50]);
const rounds = options.rounds ?? (options.quick ? 2 : 5);
/** How long somebody types in one tab alone, and in one of many, in milliseconds. */
const [span, spanOfMany] = options.quick ? [10_000, 6_000] : [60_000, 20_000];
const burstKeys = options.quick ? 300 : 1_000;
const SCRIPTED = 5_000;

const wished = chosen(options, peers);
/** @typedef {import('./lib/peers.mjs').Peer} Peer */
/** What is measured, under a name of its own. @typedef {{ id: string, name: string, peer: Peer }} Case */

/** @param {Peer} peer @returns {Case} */
const caseOf = (peer) => ({ id: peer.id, name: peer.name, peer });
// The yardsticks always, and no listener twice: what differs between the two is the resolution.
const yardsticks = [
  caseOf(peerOf('none')),
  { id: 'none-again', name: 'no listener, again', peer: peerOf('none') },
  caseOf(peerOf('barest')),
  caseOf(sending),
];
const listening = wished.filter(({ id, does }) => does.includes('input') && id !== 'barest');
const cases = [...yardsticks, ...listening.map(caseOf)];
const without = wished.filter(({ id, does }) => id !== 'none' && !does.includes('input'));

const rig = await startRig([...new Set(cases.map(({ peer }) => peer))], TIMES);

/** @typedef {import('./lib/chromium.mjs').Tab} Tab */
/** @typedef {{ id: string, tab: Tab }} Page */

/** Keys go to the page itself: no text is drawn, which costs more than all that is measured. */
const blur = (/** @type {Tab} */ tab) => tab.evaluate('document.activeElement?.blur()');

/** @param {Peer} peer @param {number} count */
async function open(peer, count) {
  const run = await rig.run(peer);
  const tabs = await run.open(count);
  const front = /** @type {Tab} */ (tabs.at(-1));
  await blur(front);
  for (let key = 0; key < WARM_UP; key += 1) await front.press();
  return { tabs, front };
}

/** Many keys as fast as the browser takes them. @param {Tab} tab */
async function burst(tab) {
  for (let sent = 0; sent < burstKeys; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => tab.press()));
  }
  // What they set off is theirs.
  await pause(1_500);
}

/** Events that a script makes: microseconds each. @param {Tab} tab @returns {Promise<number>} */
const scripted = (tab) =>
  tab.evaluate(`(() => {
    const begin = performance.now();
    for (let at = 0; at < ${SCRIPTED}; at += 1) {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', code: 'KeyA', bubbles: true }));
    }
    return ((performance.now() - begin) * 1000) / ${SCRIPTED};
  })()`);

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

/** @typedef {{ burst: number, scripted: number, typist: number, atOnce: number, later: number, tasks: number }} Alone microseconds a key */

/**
 * One page of each, all in windows of their own that are all seen, so that every key of one has a
 * key of each other beside it.
 */
async function alone() {
  /** @type {Page[]} */
  const pages = [];
  for (const { id, peer } of cases) pages.push({ id, tab: (await open(peer, 1)).front });
  const results = new Map(cases.map(({ id }) => [id, /** @type {Alone[]} */ ([])]));
  for (let round = 0; round < rounds; round += 1) {
    const order = orderOf(pages, round);
    const all = pages.map(({ tab }) => tab);
    const bursts = new Map();
    for (const { id, tab } of order) {
      const costs = await traced(rig.chromium, [tab], () => burst(tab));
      const { keys = Number.NaN, later = Number.NaN } = costs.get(tab.id) ?? {};
      bursts.set(id, { burst: (keys + later) / burstKeys, scripted: await scripted(tab) });
    }
    await pause(1_500);
    const costs = await traced(rig.chromium, all, () => typists(order));
    const typed = span / KEYS_EVERY_MS;
    for (const { id, tab } of pages) {
      const { keys = Number.NaN, later = Number.NaN, tasks = Number.NaN } = costs.get(tab.id) ?? {};
      results.get(id)?.push({
        ...bursts.get(id),
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
  const { tabs, front } = await open(peer, count);
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
  title: 'Cost of a key',
  method: `CPU time of the page's main thread for each trusted key, from Chromium's trace: the dispatch of its events, and every later task in which the page's script ran (timers, messages, events of storage, answers). Polls that run anyway are in it. A burst is ${burstKeys} keys as fast as the browser takes them; a typist presses a key each ${KEYS_EVERY_MS} ms. "${sending.name}" is what counting and telling a server cost at least: one \`fetch\` each ${TIMES.keepAliveMs / 1000} s, as the agent sends, and nothing else.`,
  options,
  versions: rig.versions,
});

/** @param {string[]} columns */
const dashes = (columns) =>
  without.map(({ name }) => [
    name,
    ...columns.slice(1).map((_, at) => (at ? NONE : 'takes no input')),
  ]);

/** @param {Map<string, Alone[]>} results */
async function tellAlone(results) {
  const of = (/** @type {string} */ id, /** @type {keyof Alone} */ what) =>
    (results.get(id) ?? []).map((one) => one[what]);
  report.raw['1 context'] = Object.fromEntries(results);
  const bursts = [
    '',
    'burst: times the barest',
    'burst, µs a key',
    'scripted: times the barest',
    'scripted, µs an event',
  ];
  report.table({
    title: 'In a burst, one tab',
    columns: bursts,
    rows: [
      ...cases.map(({ id, name }) => [
        name,
        spread(ratio(of(id, 'burst'), of('barest', 'burst'))),
        spread(summary(of(id, 'burst'))),
        spread(ratio(of(id, 'scripted'), of('barest', 'scripted'))),
        spread(summary(of(id, 'scripted'))),
      ]),
      ...dashes(bursts),
    ],
    notes: [
      'Scripted events are dispatched by the page itself, creation included, on the wall clock; the barest listener and stillhere refuse them, the others take them for input.',
    ],
  });
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
      ...dashes(typist),
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
      ...dashes(columns),
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
