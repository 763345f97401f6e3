/**
 * `npm run bench -- bytes`: what a page transfers, and how long it takes from navigation until a first
 * key is counted, with an empty cache and with a full one.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { packed } from '../scripts/lib/project.mjs';
import { pause } from '../tests/browser/lib/chromium.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { FIRST_KEY } from './lib/first-key.mjs';
import { readOptions } from './lib/options.mjs';
import { bundle, early, ensurePeers, peers } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, startRig } from './lib/rig.mjs';
import { brotli } from './lib/site.mjs';
import { alternate, ratio, summary } from './lib/stats.mjs';

const TIMES = { idleMs: 900_000, warnMs: 60_000, keepAliveMs: 30_000 };
const KEYS_EVERY_MS = 8;
/** Nobody waits longer for one key. */
const MOST_A_KEY_MS = 100;

const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? (options.quick ? 2 : 15);
const wished = chosen(options, peers);
const sized = wished.filter(({ id }) => id !== 'none');
const counting = wished
  .filter(({ does }) => does.includes('input'))
  .flatMap((peer) => (peer.id === 'stillhere' ? [peer, early] : [peer]));

/** @typedef {{ raw: number, gzip: number, brotli: number }} Size in bytes, each file compressed by itself */

/** @param {import('./lib/peers.mjs').Peer} peer @param {string[]} external @returns {Promise<Size>} */
async function sizeOf(peer, external) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stillhere-bytes-'));
  try {
    const files = await bundle(peer, folder, { external, page: false });
    if (peer.id === 'stillhere') files.push(path.join(packed, 'dist', 'stillhere.wasm'));
    const sum = { raw: 0, gzip: 0, brotli: 0 };
    for (const data of files.map((file) => readFileSync(file))) {
      sum.raw += data.length;
      sum.gzip += zlib.gzipSync(data, { level: 9 }).length;
      sum.brotli += brotli(data).length;
    }
    return sum;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await ensurePeers();
const sizes = new Map();
for (const peer of sized) {
  const own = await sizeOf(peer, peer.framework ?? []);
  sizes.set(peer.id, { own, all: peer.framework ? await sizeOf(peer, []) : own });
}
const rig = await startRig(counting, TIMES);

/** @typedef {{ first: number, afterScript: number, lost: number, pace: number }} First ms, ms, keys, ms */
/** @typedef {import('./lib/firefox.mjs').AnyTab} AnyTab */

/**
 * Keys come all the time, from before the navigation until one was counted.
 * @param {AnyTab} tab
 * @param {string} url
 * @returns {Promise<First>}
 */
async function firstKey(tab, url) {
  let pressing = true;
  let keys = 0;
  const begin = performance.now();
  const pressed = (async () => {
    for (; pressing; keys += 1) {
      await pause(begin + keys * KEYS_EVERY_MS - performance.now());
      await Promise.race([
        // A page that goes away may never answer.
        tab.press().catch(() => {}),
        pause(MOST_A_KEY_MS),
      ]);
    }
  })();
  await pause(100);
  await tab.navigate(url);
  await tab.until('window.firstKey?.counted && window.bench?.ready', 20_000);
  pressing = false;
  await pressed;
  const pace = (performance.now() - begin) / keys;
  await pause(100);
  // The agent counts what its listener took once the authority has answered.
  await tab.until('firstKey.all', 10_000);
  const { first, lost } = await tab.evaluate('firstKey.result');
  const script = await tab.evaluate(
    "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/main.js')).responseEnd",
  );
  return { first, afterScript: first - script, lost, pace };
}

/**
 * @param {import('./lib/peers.mjs').Peer} peer
 * @param {() => Promise<AnyTab>} open
 */
async function measure(peer, open) {
  const run = await rig.run(peer);
  const tab = await open();
  // An origin that nobody has visited has nothing in the cache.
  const cold = await firstKey(tab, run.url(1));
  const warm = await firstKey(tab, run.url(2));
  await tab.close();
  return { cold, warm };
}

async function inChromium() {
  const blank = { prepare: FIRST_KEY, window: true, wait: false };
  const tab = await rig.chromium.open('about:blank', blank);
  await tab.until('true');
  return tab;
}

const report = new Report({
  part: 'bytes',
  title: 'Bytes, and the first key',
  method: `Bundled by esbuild, minified, for production, every file compressed by itself; without the framework, since an app that picks such a library has it, and with it. Then a page with nothing else is loaded from loopback while a key is pressed each ${KEYS_EVERY_MS} ms, from before the navigation: when the first one reached a listener of the library, and how many the page got before that.`,
  options,
  versions: rig.versions,
});

const ours = sizes.get('stillhere');
const bytes = (/** @type {number} */ count) => count.toLocaleString('en-US');
report.raw.sizes = Object.fromEntries(sizes);
report.table({
  title: 'Transferred bytes',
  columns: [
    '',
    'brotli: times ours',
    'raw',
    'gzip -9',
    'brotli -q 11',
    'with its framework, brotli',
    'times ours',
  ],
  rows: sized.map(({ id, name, framework }) => {
    const { own, all } = sizes.get(id);
    return [
      name,
      ours ? figure(own.brotli / ours.own.brotli) : NONE,
      bytes(own.raw),
      bytes(own.gzip),
      bytes(own.brotli),
      framework ? bytes(all.brotli) : NONE,
      ours ? figure(all.brotli / ours.all.brotli) : NONE,
    ];
  }),
  notes: [
    'Of stillhere the script and the WebAssembly module; what it loads only when an app asks for it is left out, as with the others.',
    'The libraries do different parts of the work: see the list of peers in docs/bench.md.',
  ],
});

/**
 * Measures in one browser and tells.
 * @param {string} browser
 * @param {() => Promise<AnyTab>} open
 */
async function tell(browser, open) {
  // The first page of a new browser is slow, whichever it is.
  if (counting[0]) await measure(counting[0], open);
  const results = await alternate(counting, rounds, (peer) => measure(peer, open));
  report.raw[`first key, ${browser}`] = Object.fromEntries(results);
  const of = (
    /** @type {string} */ id,
    /** @type {'cold' | 'warm'} */ how,
    /** @type {keyof First} */ what,
  ) => (results.get(id) ?? []).map((one) => one[how][what]);
  for (const how of /** @type {const} */ (['cold', 'warm'])) {
    const pace = counting.flatMap(({ id }) => of(id, how, 'pace'));
    const barest = of('barest', how, 'first');
    report.table({
      title: `First key counted, ${how === 'cold' ? 'nothing in the cache' : 'second visit'}, ${browser}`,
      columns: [
        '',
        'times the barest',
        'after navigation began, ms',
        'after its script had arrived, ms',
        'keys lost',
      ],
      rows: [
        ...counting.map(({ id, name }) => [
          name,
          barest.length > 0 ? spread(ratio(of(id, how, 'first'), barest)) : NONE,
          spread(summary(of(id, how, 'first'))),
          spread(summary(of(id, how, 'afterScript'))),
          spread(summary(of(id, how, 'lost'))),
        ]),
        ...wished
          .filter(({ id, does }) => id !== 'none' && !does.includes('input'))
          .map(({ name }) => [name, 'takes no input', NONE, NONE, NONE]),
      ],
      notes: [
        'A key is lost that the page got, and no listener of the library.',
        ...(pace.length > 0
          ? [`A key came each ${figure(summary(pace).median)} ms: times are known no closer.`]
          : []),
      ],
    });
  }
  const rows = counting.map(({ id, name }) => ({
    name,
    ours: id === 'stillhere',
    ...summary(of(id, 'cold', 'first')),
  }));
  const label = 'ms after navigation began, nothing in the cache';
  const file = `first-key-${browser.toLowerCase()}`;
  report.plot(file, `First key counted, ${browser}`, await bars({ label, rows }));
}

const firefox = await startFirefox();
try {
  await tell('Chromium', inChromium);
  if (firefox) {
    report.about.versions.Firefox = firefox.version;
    await tell('Firefox', () => firefox.open(FIRST_KEY));
  } else {
    console.log('There is no Firefox here: that part is left out.\n');
  }
} finally {
  await firefox?.close();
  await rig.stop();
}
report.write();
