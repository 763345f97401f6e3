/** `npm run bench -- [PART...] [OPTIONS]`: runs the programs of bench/, each of which prints a table. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readOptions, usage, wordsOf } from '../bench/lib/options.mjs';
import { publish } from '../bench/lib/publish.mjs';
import { buildAgent, buildAuthority } from './build.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { pack } from './lib/package.mjs';
import { root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

const folder = path.join(root, 'bench');

/** What is run when no part is named: everything in which we stand beside what others use. */
const BESIDE_PEERS = [
  'bytes',
  'input',
  'burst',
  'traffic',
  'keepalives',
  'failover',
  'logout',
  'spread',
  'idle',
  'authority',
];

/**
 * Parts with options of their own, which they read themselves where they are the only one, and what is left
 * of the common ones where they are not.
 * @type {Record<string, (quick: boolean) => string[]>}
 */
const OWN_OPTIONS = {
  authority: (quick) => (quick ? ['--quick'] : []),
  instructions: () => [],
  scale: (quick) => (quick ? ['--quick'] : []),
};
/** Parts that run one way. */
const WITHOUT_OPTIONS = ['desktop', 'million', 'outage', 'tabs'];

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

/**
 * The programs and what each is given.
 * @param {string[]} words of the command line
 * @param {string[]} known
 * @returns {{ part: string, words: string[] }[] | string} what is said instead, if nothing is run
 */
export function plan(words, known) {
  const [first = '', ...rest] = words;
  if (first in OWN_OPTIONS && rest.every((word) => !known.includes(word))) {
    return [{ part: first, words: rest }];
  }
  const options = readOptions(words);
  if (options.help) return `${usage}\nParts: ${known.join(', ')}.`;
  if (options.write) {
    if (options.parts.length > 0 || wordsOf(options).length > 0) {
      throw new Stop('--write runs nothing: it makes docs/measured.md of what has run.');
    }
    return `docs/measured.md has ${publish(options.out, BESIDE_PEERS).join(', ')}.`;
  }
  const wished = partsOf(options.parts, known);
  const passed = wordsOf(options);
  const fixed = passed.length > 0 && wished.find((part) => WITHOUT_OPTIONS.includes(part));
  if (fixed) throw new Stop(`The part ${fixed} takes no options; run it by itself.`);
  return wished.map((part) => {
    const common = WITHOUT_OPTIONS.includes(part) ? [] : [...passed, '--out', options.out];
    return { part, words: OWN_OPTIONS[part]?.(options.quick) ?? common };
  });
}

await program(import.meta.url, async () => {
  const known = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => path.basename(file, '.mjs'));
  const planned = plan(process.argv.slice(2), known);
  if (typeof planned === 'string') {
    console.log(planned);
    return 0;
  }
  await ensureTools({});
  await buildAgent();
  await buildAuthority();
  await pack();
  const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
  for (const { part, words } of planned) {
    console.log(`\n# ${part}\n`);
    const file = path.join(folder, `${part}.mjs`);
    const { code } = await run(process.execPath, [file, ...words], { env });
    if (code !== 0) return code;
  }
  return 0;
});
