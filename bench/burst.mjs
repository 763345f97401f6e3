/**
 * `npm run bench -- burst`: what a key costs the page's main thread where many come at once, beside no
 * listener and beside the barest one.
 */
import { pause } from '../tests/browser/lib/chromium.mjs';
import {
  dashes,
  listenersOf,
  METHOD,
  openWarm,
  peersOf,
  press,
  SENDING,
  TIMES,
} from './lib/listeners.mjs';
import { readOptions } from './lib/options.mjs';
import { bars } from './lib/plot.mjs';
import { Report, spread } from './lib/report.mjs';
import { startRig } from './lib/rig.mjs';
import { alternate, ratio, summary } from './lib/stats.mjs';
import { traced } from './lib/trace.mjs';

const options = readOptions(process.argv.slice(2));
/** A burst takes seconds and scatters widely, so there are many. */
const rounds = options.rounds ?? (options.quick ? 2 : 12);
const keys = options.quick ? 300 : 1_000;
const SCRIPTED = 5_000;
/** In which a page has done what its keys set off. */
const CALM_MS = 1_500;

const { cases, without } = listenersOf(options);
const rig = await startRig(peersOf(cases), TIMES);

/** @typedef {import('./lib/chromium.mjs').Tab} Tab */
/** @typedef {{ burst: number, scripted: number }} Burst microseconds a key, and an event */

/** Events that a script makes: microseconds each. @param {Tab} tab @returns {Promise<number>} */
const scripted = (tab) =>
  tab.evaluate(`(() => {
    const begin = performance.now();
    for (let at = 0; at < ${SCRIPTED}; at += 1) {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', code: 'KeyA', bubbles: true }));
    }
    return ((performance.now() - begin) * 1000) / ${SCRIPTED};
  })()`);

/** One page of each, in windows of their own that are all seen. */
async function measure() {
  /** @type {{ id: string, tab: Tab }[]} */
  const pages = [];
  for (const { id, peer } of cases) pages.push({ id, tab: (await openWarm(rig, peer, 1)).front });
  return alternate(pages, rounds, async ({ tab }) => {
    const costs = await traced(rig.chromium, [tab], async () => {
      await press(tab, keys);
      await pause(CALM_MS);
    });
    const { keys: atOnce = Number.NaN, later = Number.NaN } = costs.get(tab.id) ?? {};
    const burst = (atOnce + later) / keys;
    return { burst, scripted: await scripted(tab) };
  });
}

const report = new Report({
  part: 'burst',
  title: 'Cost of a key in a burst',
  method: `${METHOD} A burst is ${keys} keys as fast as the browser takes them, into one warm tab of each after the other. ${SENDING}`,
  options,
  versions: rig.versions,
});

/** @param {Map<string, Burst[]>} results */
async function tell(results) {
  const of = (/** @type {string} */ id, /** @type {keyof Burst} */ what) =>
    (results.get(id) ?? []).map((one) => one[what]);
  report.raw.rounds = Object.fromEntries(results);
  const columns = [
    '',
    'burst: times the barest',
    'burst, µs a key',
    'scripted: times the barest',
    'scripted, µs an event',
  ];
  report.table({
    title: 'In a burst, one tab',
    columns,
    rows: [
      ...cases.map(({ id, name }) => [
        name,
        spread(ratio(of(id, 'burst'), of('barest', 'burst'))),
        spread(summary(of(id, 'burst'))),
        spread(ratio(of(id, 'scripted'), of('barest', 'scripted'))),
        spread(summary(of(id, 'scripted'))),
      ]),
      ...dashes(without, columns),
    ],
    notes: [
      'Scripted events are dispatched by the page itself, creation included, on the wall clock; the barest listener and stillhere refuse them, the others take them for input.',
    ],
  });
  const rows = cases.map(({ id, name }) => ({
    name,
    ours: id === 'stillhere',
    ...summary(of(id, 'burst')),
  }));
  report.plot('key', 'Main-thread time a key in a burst', await bars({ label: 'µs a key', rows }));
}

try {
  await tell(await measure());
} finally {
  await rig.stop();
}
report.write();
