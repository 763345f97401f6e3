/** `npm run bench -- [PART...] [OPTIONS]`: runs the programs of bench/, each of which prints a table. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readOptions, usage, wordsOf } from '../bench/lib/options.mjs';
import { buildAgent, buildAuthority } from './build.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { pack } from './lib/package.mjs';
import { root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

const folder = path.join(root, 'bench');

/** What is run when no part is named: everything in which we stand beside what others use. */
const BESIDE_PEERS = ['bytes', 'input', 'traffic', 'keepalives', 'failover', 'logout', 'idle'];

/** Parts that stand for themselves: each runs one way. */
const WITHOUT_OPTIONS = ['authority', 'desktop', 'million', 'outage', 'tabs'];

/**
 * The parts to run, in that order.
 * @param {string[]} wished
 * @param {string[]} known
 */
export function partsOf(wished, known) {
  const unknown = wished.find((part) => !known.includes(part));
  if (unknown) throw new Stop(`There is no part ${unknown}; the parts are ${known.join(', ')}.`);
  return wished.length > 0 ? wished : BESIDE_PEERS.filter((part) => known.includes(part));
}

await program(import.meta.url, async () => {
  const options = readOptions(process.argv.slice(2));
  const known = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => path.basename(file, '.mjs'));
  if (options.help) {
    console.log(`${usage}\nParts: ${known.join(', ')}.`);
    return 0;
  }
  const wished = partsOf(options.parts, known);
  const passed = wordsOf(options);
  const fixed = passed.length > 0 && wished.find((part) => WITHOUT_OPTIONS.includes(part));
  if (fixed) throw new Stop(`The part ${fixed} takes no options; run it by itself.`);
  await ensureTools({});
  await buildAgent();
  await buildAuthority();
  await pack();
  const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
  for (const part of wished) {
    console.log(`\n# ${part}\n`);
    const more = WITHOUT_OPTIONS.includes(part) ? [] : [...passed, '--out', options.out];
    const words = [path.join(folder, `${part}.mjs`), ...more];
    const { code } = await run(process.execPath, words, { env });
    if (code !== 0) return code;
  }
  return 0;
});
