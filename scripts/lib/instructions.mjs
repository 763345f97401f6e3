/**
 * What the machine costs in instructions: bench/instructions under valgrind's callgrind. The program is
 * linked with nothing of the system (musl comes with Rust), so the pinned compiler makes the same one
 * everywhere, and the same program gives the same count (docs/decisions/instructions.md).
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { install, onPath } from './packages.mjs';
import { root, target } from './project.mjs';
import { must, run, Stop } from './run.mjs';

const TARGET = 'x86_64-unknown-linux-musl';
const NAME = 'stillhere-instructions';
/** Between whose entry and return everything counts (bench/instructions/src/main.rs). */
const MEASURED = 'stillhere_instructions::measured';

export const budgetsFile = path.join(root, 'bench', 'instructions', 'budgets.json');

/**
 * What is promised, whatever the budgets say.
 * @type {{ what: string, contexts: number, most: number }[]}
 */
export const GOALS = [
  { what: 'an input, counted at once', contexts: 200, most: 200 },
  { what: 'news of one context heard', contexts: 200, most: 20_000 },
];

/** The profile of Cargo.toml that makes the module: what a page runs is optimised like that. */
export const SHIPPED = 'wasm';

/** A count may differ by so much from its budget, in both directions: a gain is to be written down. */
const TOLERANCE = 0.02;
/** The same for the smallest counts, in instructions. */
const LEAST_TOLERANCE = 2;

/**
 * @typedef {{ what: string, contexts: number, instructions: number }} Row
 * @typedef {Record<string, Record<string, number>>} Budgets instructions by what is done and the number
 *   of contexts
 */

/** Gets valgrind and musl's library if it can. @returns {Promise<string | undefined>} what is missing */
export async function missing() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `instructions are counted on Linux on x86-64 only, and this is ${process.platform} on ${process.arch}`;
  }
  if (!onPath(['valgrind'])) await install('valgrind', ['valgrind']);
  if (!onPath(['valgrind'])) return 'valgrind is missing: install it with your package manager';
  if (await hasLibrary()) return undefined;
  console.log(`Rust's library for ${TARGET} is missing: installing it.`);
  await run('rustup', ['target', 'add', TARGET]);
  return (await hasLibrary()) ? undefined : `run \`rustup target add ${TARGET}\` first`;
}

async function hasLibrary() {
  const where = ['--print', 'target-libdir', '--target', TARGET];
  const { code, text } = await run('rustc', where, { output: 'keep' });
  return code === 0 && existsSync(text.trim());
}

/**
 * Builds the program and counts, each thing by itself.
 * @param {string} profile one of Cargo.toml
 * @returns {Promise<Row[]>}
 */
export async function counted(profile) {
  const args = ['build', '--quiet', '--profile', profile, '--target', TARGET, '-p', NAME];
  await must('cargo', args, { output: 'keep' });
  const folder = path.join(target, 'instructions');
  mkdirSync(folder, { recursive: true });
  const out = path.join(folder, `${profile}.callgrind`);
  const text = await must(
    'valgrind',
    [
      '--quiet',
      '--tool=callgrind',
      `--callgrind-out-file=${out}`,
      `--toggle-collect=${MEASURED}`,
      // One part of the file for each thing.
      `--dump-after=${MEASURED}`,
      '--combine-dumps=yes',
      path.join(target, TARGET, profile, NAME),
    ],
    { output: 'keep' },
  );
  return rows(text, readFileSync(out, 'utf8'));
}

/**
 * @param {string} names what the program says that it did, in order
 * @param {string} counts callgrind's file
 * @returns {Row[]}
 */
export function rows(names, counts) {
  const done = [...names.matchAll(/^(.+)\t(\d+)$/gm)];
  // The last part is what came after the last thing, which is nothing.
  const parts = [...counts.matchAll(/^totals: (\d+)$/gm)].map(([, count]) => Number(count));
  const after = parts.pop();
  if (done.length === 0 || parts.length !== done.length || after !== 0) {
    const said = `${done.length} things were done and ${parts.length} counted`;
    throw new Stop(
      `${said}: does ${MEASURED} still stand around each, and is its name the same to valgrind?`,
    );
  }
  return done.map(([, what = '', contexts], at) => ({
    what,
    contexts: Number(contexts),
    instructions: Number(parts[at]),
  }));
}

/** @param {Row[]} rows @returns {Budgets} */
export function budgetsOf(rows) {
  /** @type {Budgets} */
  const budgets = {};
  for (const { what, contexts, instructions } of rows) {
    const each = budgets[what] ?? {};
    each[contexts] = instructions;
    budgets[what] = each;
  }
  return budgets;
}

/** @returns {Budgets} */
export const readBudgets = () => JSON.parse(readFileSync(budgetsFile, 'utf8'));

/**
 * What is not as it was agreed on, a line each.
 * @param {Row[]} rows
 * @param {Budgets} budgets
 * @returns {string[]}
 */
export function complaints(rows, budgets) {
  const found = rows.flatMap(({ what, contexts, instructions }) => {
    const budget = budgets[what]?.[contexts];
    const name = `${what}, ${contexts} contexts: ${instructions} instructions`;
    if (budget === undefined) return [`${name}, and there is no budget`];
    if (Math.abs(instructions - budget) <= Math.max(TOLERANCE * budget, LEAST_TOLERANCE)) return [];
    const by = `${((100 * (instructions - budget)) / budget).toFixed(1)} %`;
    return [`${name}, the budget is ${budget} (${by})`];
  });
  for (const [what, each] of Object.entries(budgets)) {
    for (const contexts of Object.keys(each)) {
      const known = rows.some((row) => row.what === what && row.contexts === Number(contexts));
      if (!known) found.push(`${what}, ${contexts} contexts: there is a budget, and no count`);
    }
  }
  for (const { what, contexts, most } of GOALS) {
    const row = rows.find((row) => row.what === what && row.contexts === contexts);
    if (!row || row.instructions > most) {
      found.push(`${what}, ${contexts} contexts: ${row?.instructions} instructions, over ${most}`);
    }
  }
  return found;
}

/** Compares what is counted with the budgets. @returns {Promise<{ passed: number, failed: number }>} */
export async function checkInstructions() {
  const why = await missing();
  if (why) {
    console.log(`SKIPPED, nothing was counted: ${why}.`);
    return { passed: 0, failed: 0 };
  }
  const all = await counted(SHIPPED);
  const wrong = complaints(all, readBudgets());
  for (const complaint of wrong) console.log(complaint);
  if (wrong.length > 0) {
    console.log(
      'If that is meant: `node bench/instructions.mjs --write`, and say why in the commit.',
    );
  }
  return { passed: all.length + GOALS.length - wrong.length, failed: wrong.length };
}
