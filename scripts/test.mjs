/**
 * `npm test [-- STEP...]`: installs what is missing, builds, and runs everything that CI runs. A
 * failed step does not stop the later ones; the last line sums up.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { audit } from './audit.mjs';
import { buildAgent } from './build.mjs';
import { buildExamples } from './examples.mjs';
import { ensureBrowser, ensureOthers, withoutOthers } from './lib/browser.mjs';
import { checkInstructions, missing } from './lib/instructions.mjs';
import { root, testedAuthority } from './lib/project.mjs';
import { must, nodeTool, program, run, Stop, seconds } from './lib/run.mjs';
import { ensureServers } from './lib/servers.mjs';
import { filesIn } from './lib/steps.mjs';
import { buildSite } from './site.mjs';
import { size } from './size.mjs';
import { soak } from './soak.mjs';
import { ensureTools } from './tools.mjs';
import { playVariants } from './variants.mjs';

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {object} Step
 * @property {string} name
 * @property {boolean} [build] whether it needs dist/ and the server
 * @property {boolean} [beside] whether it reads no clock, so that a busy machine changes nothing
 * @property {() => Promise<unknown>} [install] what it does first, if it runs beside another: package managers
 *   do one thing at a time
 * @property {() => Promise<Count>} work
 */

/** @param {boolean} ok @returns {Count} */
const one = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/**
 * A command that passes or fails as a whole, on the sources alone.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @returns {Step}
 */
function check(name, command, args) {
  return { name, beside: true, work: async () => one((await run(command, args)).code === 0) };
}

/** @param {string} name @param {string} tool @param {string[]} args @returns {Step} */
function toolCheck(name, tool, args) {
  const { command, script } = nodeTool(tool);
  return check(name, command, [script, ...args]);
}

/**
 * Sums the numbers that a pattern finds. A run that failed without naming a failed test (it did
 * not compile, or crashed) is one failure.
 * @param {number} code
 * @param {Count} count
 * @returns {Count}
 */
function atLeastOneFailure(code, count) {
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/** @param {Count} one @param {Count} other @returns {Count} */
function added(one, other) {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed };
}

/** @param {string} text @param {RegExp} pattern its first group is the number */
function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((total, [, n]) => total + Number(n), 0);
}

/** @returns {Promise<Count>} */
async function cargoTests() {
  await ensureServers();
  const args = ['test', '--workspace', '--no-fail-fast'];
  const { code, text } = await run('cargo', args, { output: 'show-and-keep' });
  return atLeastOneFailure(code, {
    passed: sum(text, /^test result: \w+\. (\d+) passed/gm),
    failed: sum(text, /^test result: .*? (\d+) failed/gm),
  });
}

/**
 * @param {string[]} files
 * @param {string[]} flags
 * @param {NodeJS.ProcessEnv} [env]
 * @param {'show-and-keep' | 'keep'} [output] `keep`: shown as a whole at the end
 * @returns {Promise<Count>}
 */
async function nodeTests(files, flags, env = process.env, output = 'show-and-keep') {
  if (files.length === 0) {
    console.log('There are none yet.');
    return { passed: 0, failed: 0 };
  }
  const args = ['--test', '--test-reporter=spec', ...flags, ...files];
  const { code, text } = await run(process.execPath, args, { output, env });
  if (output === 'keep') console.log(text);
  return atLeastOneFailure(code, {
    passed: sum(text, /^\S+ pass (\d+)$/gm),
    failed: sum(text, /^\S+ (?:fail|cancelled) (\d+)$/gm),
  });
}

/** Folders of tests that have a step of their own. */
const OWN = ['browser', 'desktop', 'package'];

/** @param {string} [folder] one of them; all the others without */
function testFiles(folder) {
  const within = (/** @type {string} */ name) => path.join(root, 'tests', name) + path.sep;
  return filesIn(['tests'])
    .filter((file) => file.endsWith('.test.mjs') && !file.includes('node_modules'))
    .filter((file) =>
      folder ? file.startsWith(within(folder)) : !OWN.some((name) => file.startsWith(within(name))),
    )
    .sort();
}

/** Tests whose clocks and stopped processes want the machine for themselves. */
const ALONE = [
  'clock',
  'freeze',
  'hostile',
  'outage',
  'sleep',
  'throttled',
  'warning-speech',
  'warning-tabs',
];

/** @param {string} file */
const isAlone = (file) => ALONE.includes(path.basename(file, '.test.mjs'));

/**
 * Each file drives a whole browser, and most of its time is waiting.
 * @param {NodeJS.ProcessEnv} env
 */
async function chromiumTests(env) {
  const all = testFiles('browser');
  const others = all.filter((file) => !isAlone(file));
  const together = await nodeTests(others, ['--test-concurrency=4'], env);
  return added(together, await nodeTests(all.filter(isAlone), ['--test-concurrency=1'], env));
}

/** What runs in every engine: the files that ask which one it is. */
function suiteFiles() {
  return testFiles('browser').filter((file) =>
    readFileSync(file, 'utf8').includes("'./lib/engine.mjs'"),
  );
}

/** The suite in the other engines, side by side: most of its time is waiting. */
async function otherEngines() {
  if (withoutOthers) {
    console.log(withoutOthers);
    return { passed: 0, failed: 0 };
  }
  await ensureOthers();
  const each = ['firefox', 'webkit'].map((engine) =>
    nodeTests(suiteFiles(), ['--test-concurrency=2'], { ...process.env, ENGINE: engine }, 'keep'),
  );
  return added(.../** @type {[Count, Count]} */ (await Promise.all(each)));
}

/** Each commit plays stories of its own; outside of a checkout the first ones. */
async function firstSeed() {
  const { code, text } = await run('git', ['rev-parse', '--short=8', 'HEAD'], { output: 'keep' });
  return code === 0 ? Number.parseInt(text, 16) : 1;
}

/** The stories of 20,000 seeds; `npm run soak` plays others. @returns {Promise<Count>} */
async function simulator() {
  return one((await soak(['--seeds', '20000', '--from', `${await firstSeed()}`])) === 0);
}

const clippy = ['--', '-D', 'warnings'];
const wasm = ['-p', 'stillhere', '--target', 'wasm32-unknown-unknown'];

/** @type {Step[]} */
const steps = [
  {
    name: 'build',
    work: async () => {
      await buildAgent();
      // With overflow checks and assertions, and without the minutes that an optimised one takes.
      await must('cargo', ['test', '--workspace', '--no-run']);
      process.env.STILLHERE_TEST_AUTHORITY = testedAuthority;
      return one(true);
    },
  },
  { name: 'rust', work: cargoTests },
  // The longest first: two of these run at once.
  { name: 'variants', beside: true, work: () => playVariants() },
  {
    name: 'site',
    beside: true,
    install: ensureBrowser,
    work: async () => {
      await buildSite();
      const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
      return added(one(true), await nodeTests(['site/axe.test.mjs'], [], env));
    },
  },
  check('clippy', 'cargo', ['clippy', '--workspace', '--all-targets', ...clippy]),
  // Where nobody can be asked for advisories, that is said and fails nothing.
  {
    name: 'audit',
    beside: true,
    work: async () => one((await audit({ offline: false })) !== 1),
  },
  { name: 'simulator', beside: true, work: simulator },
  { name: 'instructions', beside: true, install: missing, work: checkInstructions },
  check('clippy-wasm', 'cargo', ['clippy', ...wasm, ...clippy]),
  check('fmt', 'cargo', ['fmt', '--all', '--check']),
  toolCheck('biome', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  toolCheck('types', 'typescript/bin/tsc', ['--noEmit']),
  check('tidy', process.execPath, ['scripts/tidy.mjs']),
  {
    name: 'node',
    build: true,
    work: async () => {
      await ensureServers();
      return nodeTests(testFiles(), []);
    },
  },
  {
    name: 'browser',
    build: true,
    work: async () => {
      const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
      await ensureOthers();
      return chromiumTests(env);
    },
  },
  { name: 'engines', build: true, work: otherEngines },
  {
    name: 'package',
    build: true,
    work: async () => {
      const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
      await buildExamples();
      // Most of their time is waiting for warnings.
      return nodeTests(testFiles('package'), ['--test-concurrency=2'], env);
    },
  },
  { name: 'size', build: true, work: async () => one(size()) },
];

/** @param {string[]} wished @returns {Step[]} */
function chosen(wished) {
  const unknown = wished.find((name) => !steps.some((step) => step.name === name));
  if (unknown) {
    const names = steps.map((step) => step.name).join(', ');
    throw new Stop(`There is no step ${unknown}; the steps are ${names}.`);
  }
  if (wished.length === 0) return steps;
  const mayBuild = steps.some((step) => step.build && wished.includes(step.name));
  return steps.filter(({ name }) => wished.includes(name) || (mayBuild && name === 'build'));
}

/** What all processors did since the machine started, in milliseconds. */
function processors() {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((total, each) => total + each.idle, 0);
  const all = times.reduce((total, { user, nice, sys, idle, irq }) => {
    return total + user + nice + sys + idle + irq;
  }, 0);
  return { busy: all - idle, all };
}

/**
 * How busy the machine was since then: a step that leaves it idle may do more at once, one that does
 * not must become cheaper.
 * @param {{ busy: number, all: number }} since
 */
function busySince(since) {
  const { busy, all } = processors();
  return `${Math.round((100 * (busy - since.busy)) / Math.max(1, all - since.all))} % busy`;
}

/** @param {Step} step @returns {Promise<Count>} */
async function runStep({ name, work }) {
  const since = performance.now();
  const then = processors();
  console.log(`\n== ${name}`);
  const count = await work().catch((error) => {
    console.error(error instanceof Stop ? error.message : error);
    return one(false);
  });
  const verdict = count.failed > 0 ? 'FAILED' : 'ok';
  const counts = `${count.passed} passed, ${count.failed} failed`;
  console.log(`== ${name}: ${verdict}, ${counts}, ${seconds(since)}, ${busySince(then)}`);
  return count;
}

/**
 * The same in a process of its own, shown as a whole at its end: two at once would else mix their lines.
 * @param {Step} step
 * @returns {Promise<Count>}
 */
async function runBeside({ name }) {
  const { text } = await run(process.execPath, [fileURLToPath(import.meta.url), name], {
    output: 'keep',
  });
  const [, shown = text, passed, failed] = /^(.*)^(\d+) passed, (\d+) failed\n$/ms.exec(text) ?? [];
  console.log(shown.trimEnd());
  return failed === undefined ? one(false) : { passed: Number(passed), failed: Number(failed) };
}

/**
 * Steps that read no clock, two at once: linkers and front ends leave the second processor idle.
 * @param {Step[]} steps
 * @param {(step: Step, count: Count) => void} done
 */
async function runPool(steps, done) {
  // What cannot be installed the step itself says when its turn comes.
  for (const { install } of steps) await install?.().catch(() => undefined);
  const rest = [...steps];
  const lane = async () => {
    for (let step = rest.shift(); step; step = rest.shift()) done(step, await runBeside(step));
  };
  await Promise.all([lane(), lane()]);
}

/** @param {string[]} wished @returns {Promise<Count>} */
async function runAll(wished) {
  let total = { passed: 0, failed: 0 };
  /** @type {string[]} */
  const broken = [];
  const done = (/** @type {Step} */ step, /** @type {Count} */ count) => {
    total = added(total, count);
    if (count.failed > 0) broken.push(step.name);
  };
  const all = chosen(wished);
  const pool = all.filter((step) => step.beside);
  for (const step of all) {
    if (pool.length < 2 || !step.beside) done(step, await runStep(step));
    else if (step === pool[0]) await runPool(pool, done);
  }
  if (broken.length > 0) console.log(`\nFailed: ${broken.join(', ')}`);
  return total;
}

await program(import.meta.url, async () => {
  /** @type {Count} */
  let total;
  try {
    const wished = process.argv.slice(2);
    chosen(wished);
    await ensureTools({ lint: true });
    total = await runAll(wished);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    total = one(false);
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? 1 : 0;
});
