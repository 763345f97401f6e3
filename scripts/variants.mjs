/**
 * `npm run variants [-- NAME...]`: breaks the product on purpose, once for each variant in
 * tests/simulator/variants.json, and sees that the simulator's check of that rule notices. A check
 * that notices nothing is none. The work tree is not touched: a copy under target/ is broken.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, target } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { filesIn } from './lib/steps.mjs';
import { ensureTools } from './tools.mjs';

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} rule the check that must see it, by its name in tests/simulator/src/checks
 * @property {string} file
 * @property {string} code what stands there, once
 * @property {string} broken what stands there instead
 * @property {string} so what that does to people
 */

/** Stories that each is played for, at most: a check that needs more is a weak one. */
const SEEDS = 3_000;
const copy = path.join(target, 'variants', 'source');
/** What the simulator is built of. */
const SOURCES = [
  ...['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'src', 'authority'],
  ...['bench/instructions', 'bench/population', 'desktop/native'],
  ...['tests/simulator', 'tests/machine'],
];

const list = path.join(root, 'tests', 'simulator', 'variants.json');
/** @type {Variant[]} */
const variants = JSON.parse(readFileSync(list, 'utf8'));

function copySources() {
  rmSync(copy, { recursive: true, force: true });
  for (const file of filesIn(SOURCES)) {
    const to = path.join(copy, path.relative(root, file));
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(file, to);
  }
}

/** @param {Variant} variant @returns {string} the broken source */
function broken({ name, file, code, broken }) {
  const [before, after, ...more] = readFileSync(path.join(root, file), 'utf8').split(code);
  if (before === undefined || after === undefined || more.length > 0) {
    const what = `What "${name}" replaces must stand in ${file} exactly once`;
    throw new Stop(`${what}: update it in ${path.relative(root, list)}.`);
  }
  return before + broken + after;
}

/** @param {string[]} options */
async function soak(options) {
  const args = ['run', '--quiet', '-p', 'stillhere-simulator', '--bin', 'soak', '--'];
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: path.join(target, 'variants', 'build'),
    // Rubbish that overflows must be found by the check, not by the compiler's.
    CARGO_PROFILE_DEV_OPT_LEVEL: '1',
    CARGO_PROFILE_DEV_DEBUG: '0',
  };
  const all = [...args, '--seeds', `${SEEDS}`, ...options];
  return run('cargo', all, { cwd: copy, env, output: 'keep' });
}

/** @param {string[]} wished @returns {Variant[]} */
function chosen(wished) {
  const unknown = wished.find((name) => !variants.some((variant) => variant.name === name));
  if (unknown) throw new Stop(`There is no variant "${unknown}" in ${path.relative(root, list)}.`);
  return wished.length > 0 ? variants.filter(({ name }) => wished.includes(name)) : variants;
}

/** Every check has a variant that it must see. */
function rulesWithout() {
  const source = readFileSync(path.join(root, 'tests/simulator/src/checks/mod.rs'), 'utf8');
  const [, all = ''] = /pub const ALL: [^=]*=\s*\[([^\]]*)\]/.exec(source) ?? [];
  const rules = [...all.matchAll(/Self::(\w+)/g)].map(([, rule]) => `${rule}`);
  if (rules.length === 0) throw new Stop('checks/mod.rs has no list of all rules any more.');
  return rules.filter((rule) => !variants.some((variant) => variant.rule === rule));
}

/** @param {Variant} variant @returns {Promise<boolean>} whether its check saw it */
async function seen(variant) {
  const { name, rule, file } = variant;
  const where = path.join(copy, file);
  writeFileSync(where, broken(variant));
  const { code, text } = await soak(['--until', rule]);
  copyFileSync(path.join(root, file), where);
  const [found] = /broken by seed \d+/.exec(text) ?? [];
  console.log(`${found ? 'seen    ' : 'NOT SEEN'} ${rule}: ${name}${found ? `, ${found}` : ''}`);
  if (!found) console.log(text.split('\n').slice(-8).join('\n'));
  return code === 0 && found !== undefined;
}

/** @param {string[]} [wished] @returns {Promise<{ passed: number, failed: number }>} */
export async function playVariants(wished = []) {
  const count = { passed: 0, failed: 0 };
  const without = rulesWithout();
  for (const rule of without) console.log(`NO VARIANT breaks ${rule}`);
  count.failed += without.length;
  const all = chosen(wished);
  for (const variant of all) broken(variant);
  copySources();
  const { code, text } = await soak([]);
  if (code !== 0) throw new Stop(`The product as it is breaks a rule in these stories:\n${text}`);
  console.log(`nothing  is seen in ${SEEDS} stories of the product as it is`);
  for (const variant of all) count[(await seen(variant)) ? 'passed' : 'failed'] += 1;
  return count;
}

await program(import.meta.url, async () => {
  await ensureTools();
  const { passed, failed } = await playVariants(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
});
