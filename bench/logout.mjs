/**
 * `npm run bench -- logout`: whether anybody is logged out who should not be, or stays who should not: in
 * use, asleep, behind another site, beside a tab that is frozen.
 */
import { asleep, awake, goThrough, TIMES } from './lib/cells.mjs';
import { readOptions } from './lib/options.mjs';
import { whoDo } from './lib/peers.mjs';
import { needsLinux } from './lib/processes.mjs';
import { Report } from './lib/report.mjs';
import { chosen, startRig } from './lib/rig.mjs';
import { orderOf } from './lib/stats.mjs';

needsLinux('logout');

/** @param {string} what a cell says */
const failed = (what) => what !== 'ok' && !what.startsWith('not measured');

const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? (options.quick ? 1 : 2);
const taking = chosen(options, whoDo('ends'));

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
  title: 'Who is logged out, and who is not',
  method: `Tabs of one token in one window each peer, of which the last is seen, in real windows on a screen. Four peers go through the same at once, with 10 tabs each and an idle timeout of ${TIMES.idleMs / 1000} s.`,
  options,
  versions: {},
});

const rig = await startRig(taking, TIMES, { windows: true });
report.about.versions = rig.versions;
try {
  await goThroughAll('Right or wrong, awake', awake, rig);
  await goThroughAll('Right or wrong, asleep and then a key', asleep, rig);
} finally {
  await rig.stop();
}
report.write();
