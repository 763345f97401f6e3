/** The process in which a tab runs, and what Linux knows of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { Stop } from '../../scripts/lib/run.mjs';
import { takingTurns } from './turns.mjs';

/** @typedef {import('./chromium.mjs').Tab} Tab */

/** @param {string} part that needs it */
export function needsLinux(part) {
  if (process.platform !== 'linux') {
    throw new Stop(`The part ${part} stops processes and reads /proc: it runs on Linux alone.`);
  }
}

const tracing = takingTurns();

/**
 * The process of a tab's page. A trace says it in its first event, and nothing else does. A browser
 * writes only one trace, so whoever asks waits for those who asked before.
 * @param {Tab} tab
 * @returns {Promise<number>}
 */
export function processOf(tab) {
  return tracing(() => processByTrace(tab));
}

/** @param {Tab} tab @returns {Promise<number>} */
async function processByTrace({ id, session }) {
  /** @type {any[]} */
  const events = [];
  const keep = (/** @type {{ value: object[] }} */ { value }) => events.push(...value);
  session.on('Tracing.dataCollected', keep);
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
  });
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', keep);
  const frames = events.flatMap(({ name, args }) =>
    name === 'TracingStartedInBrowser' ? (args.data?.frames ?? []) : [],
  );
  const found = frames.find(({ frame }) => frame === id);
  if (!found) throw new Error('The trace names no process for this tab.');
  return found.processId;
}

/**
 * @typedef {object} Threads what the threads of a process did since they began, by id
 * @property {Map<number, { ranNs: number, waits: number }>} each `waits`: how often it gave up the
 *   processor by itself, and so how often it was woken
 */

/** @param {number} pid @returns {Threads['each']} */
export function threadsOf(pid) {
  const each = new Map();
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${name}`;
    try {
      const [ran] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ');
      const waits = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(
        readFileSync(`${folder}/status`, 'utf8'),
      )?.[1];
      each.set(Number(name), { ranNs: Number(ran), waits: Number(waits) });
    } catch (error) {
      // A thread may end between the two.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    }
  }
  return each;
}

/**
 * What the process did between two looks.
 * @param {number} pid
 * @param {Threads['each']} before
 * @param {Threads['each']} after
 */
export function since(pid, before, after) {
  const did = [...after].map(([id, { ranNs, waits }]) => {
    const was = before.get(id) ?? { ranNs: 0, waits: 0 };
    return { id, ranNs: ranNs - was.ranNs, waits: waits - was.waits };
  });
  return {
    cpuMs: did.reduce((sum, { ranNs }) => sum + ranNs, 0) / 1e6,
    /** Wake-ups of the thread in which scripts run, and of all. */
    mainWakes: did.find(({ id }) => id === pid)?.waits ?? 0,
    wakes: did.reduce((sum, { waits }) => sum + waits, 0),
  };
}

/** Memory of a process, in KiB: its own alone, and with its share of what several map. @param {number} pid */
export function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { private: kib('Private_Clean') + kib('Private_Dirty'), pss: kib('Pss') };
}
