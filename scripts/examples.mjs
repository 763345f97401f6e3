/**
 * `npm run examples [-- NAME...]`: packs the package, installs it into the example apps and builds them.
 * Each step is skipped while what it reads has not changed.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { buildAgent } from './build.mjs';
import { unpack } from './lib/package.mjs';
import { examples, tarball } from './lib/project.mjs';
import { must, program, Stop } from './lib/run.mjs';
import { step } from './lib/steps.mjs';
import { ensureTools } from './tools.mjs';

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];
/** They would tell their makers. */
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false' };

/** The apps that have a build. */
export const built = readdirSync(examples)
  .filter((name) => existsSync(path.join(examples, name, 'package.json')))
  .filter((name) => name !== 'node_modules');

/** Where the packages of an example are: its own, or those that the examples share. @param {string} name */
export function modulesOf(name) {
  const own = path.join(examples, name);
  return path.join(
    existsSync(path.join(own, 'package-lock.json')) ? own : examples,
    'node_modules',
  );
}

/** @param {string} modules */
async function install(modules) {
  const folder = path.dirname(modules);
  const lock = path.join(folder, 'package-lock.json');
  const name = path.basename(folder);
  const stillhere = path.join(modules, 'stillhere');
  // A stamp of npm's own, which it writes last.
  const outputs = [path.join(modules, '.package-lock.json')];
  const about = { inputs: [lock, path.join(folder, 'package.json')], outputs };
  await step(`npm ci in ${name}`, about, async () => {
    const flags = ['--ignore-scripts', '--prefer-offline', ...QUIET];
    await must('npm', ['ci', ...flags], { cwd: folder, env });
  });
  await step(`the package in ${name}`, { inputs: [tarball], outputs: [stillhere] }, () =>
    unpack(stillhere),
  );
}

/** @param {string} name */
async function build(name) {
  const folder = path.join(examples, name);
  const own = readdirSync(folder)
    .filter((entry) => !['node_modules', 'dist', '.next', '.angular'].includes(entry))
    .map((entry) => path.join(folder, entry));
  const shared = path.join(path.dirname(modulesOf(name)), 'package-lock.json');
  const inputs = [...own, path.join(examples, 'common'), shared, tarball];
  const outputs = [path.join(folder, name === 'next' ? '.next/BUILD_ID' : 'dist')];
  await step(`example ${name}`, { inputs, outputs }, async () => {
    await must('npm', ['run', '--silent', 'build'], { cwd: folder, env, output: 'keep' });
  });
}

/**
 * Builds them two at a time, the slow ones first.
 * @param {string[]} names
 */
export async function buildExamples(names = built) {
  const unknown = names.find((name) => !built.includes(name));
  if (unknown) throw new Stop(`There is no example ${unknown}; they are ${built.join(', ')}.`);
  const places = [...new Set(names.map(modulesOf))];
  await Promise.all(places.map(install));
  const slow = ['next', 'angular'];
  const queue = [...names].sort((one, other) => slow.indexOf(other) - slow.indexOf(one));
  const worker = async () => {
    for (let name = queue.shift(); name; name = queue.shift()) await build(name);
  };
  await Promise.all([worker(), worker()]);
}

await program(import.meta.url, async () => {
  await ensureTools();
  await buildAgent();
  const names = process.argv.slice(2);
  await buildExamples(names.length > 0 ? names : built);
});
