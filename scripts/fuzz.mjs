/**
 * `npm run fuzz [-- TARGET...] [-- --seconds N]`: feeds each target random inputs for that long, a
 * minute by default. What it finds is in fuzz/artifacts; `npm test` repeats fuzz/seeds.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { filesIn } from './lib/steps.mjs';
import { ensureTools } from './tools.mjs';

const folder = path.join(root, 'fuzz');
/** The one target that is no program of cargo-fuzz: the tests of js/ in tests/fuzz. */
const js = 'js';
/** A longer input takes longer and says no more: no step of a target reads this much. */
const longest = 1500;

/** @param {string[]} given */
function wishes(given) {
  const words = given.filter((word) => word !== '--');
  const at = words.indexOf('--seconds');
  const [, text = '60'] = at < 0 ? [] : words.splice(at, 2);
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new Stop(`--seconds must be a whole number from 1, not ${text}.`);
  }
  const programs = readdirSync(path.join(folder, 'fuzz_targets'));
  const known = [...programs.map((file) => path.basename(file, '.rs')).sort(), js];
  const unknown = words.find((target) => !known.includes(target));
  if (unknown) {
    throw new Stop(`There is no target ${unknown}; the targets are ${known.join(', ')}.`);
  }
  return { seconds, targets: words.length > 0 ? words : known };
}

/** @param {string} command @param {string[]} args */
const works = async (command, args) => (await run(command, args, { output: 'keep' })).code === 0;

/** libFuzzer needs a nightly compiler; nothing else here does. */
async function ensureFuzzer() {
  if (process.platform === 'win32') {
    throw new Stop('cargo-fuzz runs on Linux and macOS: `npm run fuzz -- js` runs here as well.');
  }
  if (!(await works('cargo', ['+nightly', '--version']))) {
    console.log('A nightly Rust is missing: installing it.');
    const args = ['toolchain', 'install', 'nightly', '--profile', 'minimal', '--no-self-update'];
    if ((await run('rustup', args)).code !== 0) {
      throw new Stop('Fuzzing needs a nightly Rust: `rustup toolchain install nightly` failed.');
    }
  }
  if (!(await works('cargo', ['fuzz', '--version']))) {
    console.log('cargo-fuzz is missing: installing it.');
    if ((await run('cargo', ['install', '--locked', 'cargo-fuzz'])).code !== 0) {
      throw new Stop('Fuzzing needs cargo-fuzz: `cargo install --locked cargo-fuzz` failed.');
    }
  }
}

/** @param {string} target @param {number} seconds */
function fuzz(target, seconds) {
  const corpus = path.join(folder, 'corpus', target);
  mkdirSync(corpus, { recursive: true });
  const flags = [`-max_total_time=${seconds}`, `-max_len=${longest}`, '-print_final_stats=1'];
  const folders = [corpus, path.join(folder, 'seeds', target)];
  return run('cargo', ['+nightly', 'fuzz', 'run', target, ...folders, '--', ...flags]);
}

/** @param {number} seconds for each test */
function fuzzJs(seconds) {
  const files = filesIn(['tests/fuzz']).filter((file) => file.endsWith('.test.mjs'));
  const env = { ...process.env, FUZZ_SECONDS: String(seconds) };
  return run(process.execPath, ['--test', '--test-reporter=spec', ...files], { env });
}

await program(import.meta.url, async () => {
  const { seconds, targets } = wishes(process.argv.slice(2));
  await ensureTools();
  if (targets.some((target) => target !== js)) await ensureFuzzer();
  /** @type {string[]} */
  const failed = [];
  for (const target of targets) {
    console.log(`\n== ${target}`);
    const { code } = await (target === js ? fuzzJs(seconds) : fuzz(target, seconds));
    if (code !== 0) failed.push(target);
  }
  console.log(failed.length > 0 ? `Failed: ${failed.join(', ')}` : 'Nothing was found.');
  return failed.length > 0 ? 1 : 0;
});
