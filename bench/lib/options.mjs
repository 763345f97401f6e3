/** What a part of the bench takes on its command line. */

import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/lib/project.mjs';
import { Stop } from '../../scripts/lib/run.mjs';
import { peerOf } from './peers.mjs';

/**
 * @typedef {object} Options
 * @property {boolean} quick few and short rounds: shows that it works, and little more
 * @property {boolean} help
 * @property {boolean} write makes a page of docs/ of what has been measured
 * @property {string} out the folder of the results
 * @property {number | undefined} rounds instead of the part's own number
 * @property {string[] | undefined} peers ids, instead of all that take part
 * @property {number[] | undefined} contexts instead of the part's own numbers
 * @property {string[]} parts everything that is no option
 */

/** Its own words, so that `npm run bench -- --help` and an error say the same. */
export const usage = `npm run bench -- [PART...] [--quick] [--rounds N] [--peers ID,ID...]
  [--contexts N,N...] [--out FOLDER]
npm run bench -- --write [--out FOLDER]`;

/** @param {string[]} args @returns {Options} */
export function readOptions(args) {
  const { values, positionals } = parse(args);
  return {
    quick: values.quick === true,
    help: values.help === true,
    write: values.write === true,
    out: path.resolve(values.out ?? path.join(root, 'target', 'bench')),
    rounds: values.rounds === undefined ? undefined : whole('--rounds', values.rounds, 1, 1000),
    peers: values.peers?.split(',').map((id) => peerOf(id).id),
    contexts: values.contexts?.split(',').map((one) => whole('--contexts', one, 1, 200)),
    parts: positionals,
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        help: { type: 'boolean' },
        write: { type: 'boolean' },
        out: { type: 'string' },
        rounds: { type: 'string' },
        peers: { type: 'string' },
        contexts: { type: 'string' },
      },
    });
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new Stop(`${said}. Usage: ${usage}`);
  }
}

/** @param {string} name @param {string} text @param {number} least @param {number} most */
function whole(name, text, least, most) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Stop(`${name} takes whole numbers from ${least} to ${most}, not ${text}.`);
  }
  return value;
}

/**
 * The same as words of a command line, without the place of the results and the parts.
 * @param {Options} options
 * @returns {string[]}
 */
export function wordsOf({ quick, rounds, peers, contexts }) {
  const words = quick ? ['--quick'] : [];
  if (rounds !== undefined) words.push('--rounds', `${rounds}`);
  if (peers) words.push('--peers', peers.join(','));
  if (contexts) words.push('--contexts', contexts.join(','));
  return words;
}
