/**
 * `npm run audit [-- --offline]`: whether the dependencies are what deny.toml allows, and whether
 * RustSec or npm knows of a hole in one of them. `--offline` leaves out the second.
 *
 * Exit status: 0 when all was asked and nothing is wrong, 1 when something is, 2 when nothing is wrong
 * as far as could be asked, and an advisory database could not be.
 */
import path from 'node:path';
import { target } from './lib/project.mjs';
import { must, program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

/** Pinned: another version may judge the same tree otherwise. */
const version = '0.20.2';
/** Not in cargo's own folder, where it would take the place of somebody's other version. */
const home = path.join(target, 'tools');
const exe = process.platform === 'win32' ? '.exe' : '';
const deny = path.join(home, 'bin', `cargo-deny${exe}`);
const workspace = ['--workspace', '--locked'];

/** @typedef {{ found: boolean, unasked?: string }} Answer `unasked`: why nobody could be asked */

/** Built without optimising: 70 s of CPU for CI and not 170, and it runs for two seconds all the same. */
async function ensureDeny() {
  const { text } = await run(deny, ['--version'], { output: 'keep' });
  if (text.trim() === `cargo-deny ${version}`) return;
  console.log(`cargo-deny ${version} is missing: installing it.`);
  const args = ['install', '--locked', 'cargo-deny', '--version', version, '--root', home];
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: 'false' };
  await must('cargo', [...args, '--debug', '--force'], { env });
}

/**
 * Licenses, sources and wildcards.
 * @param {string} [cwd] the folder of a workspace with a deny.toml; this repository's own without
 * @returns {Promise<boolean>} whether all is as deny.toml has it
 */
export async function keepsTheRules(cwd) {
  await ensureDeny();
  const args = [...workspace, 'check', '--hide-inclusion-graph', 'bans', 'licenses', 'sources'];
  return (await run(deny, args, cwd ? { cwd } : {})).code === 0;
}

/** @returns {Promise<Answer>} */
async function askRustSec() {
  const fetched = await run(deny, [...workspace, 'fetch', 'db'], { output: 'keep' });
  if (fetched.code !== 0) return { found: false, unasked: lastLine(fetched.text) };
  const { code } = await run(deny, [...workspace, 'check', 'advisories']);
  return { found: code !== 0 };
}

/** @returns {Promise<Answer>} */
async function askNpm() {
  const { text } = await run('npm', ['audit', '--json', '--loglevel=silent'], { output: 'keep' });
  const answer = readReport(text);
  if (answer.found) await run('npm', ['audit']);
  return answer;
}

/**
 * npm ends with the same status for a hole and for a registry that gives no advisories, so the report
 * itself is read.
 * @param {string} text
 * @returns {Answer}
 */
export function readReport(text) {
  try {
    const report = JSON.parse(text);
    const total = report.metadata?.vulnerabilities?.total;
    if (typeof total === 'number') return { found: total > 0 };
    const why = report.message ?? report.error?.summary ?? 'it gave no report';
    return { found: false, unasked: lastLine(String(why)) };
  } catch {
    return { found: false, unasked: lastLine(text) || 'it gave no report' };
  }
}

/** @param {string} text */
const lastLine = (text) => text.trim().split('\n').at(-1) ?? '';

/**
 * The exit status, and a line for each that could not be asked.
 * @param {boolean} kept
 * @param {Record<string, Answer>} answers
 */
export function verdict(kept, answers) {
  const all = Object.entries(answers);
  const lines = all.flatMap(([who, { unasked }]) =>
    unasked === undefined ? [] : [`Advisories of ${who} were NOT checked: ${unasked}`],
  );
  const wrong = !kept || all.some(([, { found }]) => found);
  return { status: wrong ? 1 : lines.length > 0 ? 2 : 0, lines };
}

/**
 * Looks at all of it, and says what nobody could be asked.
 * @param {{ offline: boolean }} how
 * @returns {Promise<number>} the exit status
 */
export async function audit({ offline }) {
  const kept = await keepsTheRules();
  /** @type {Record<string, Answer>} */
  const answers = offline ? {} : { RustSec: await askRustSec(), npm: await askNpm() };
  const { status, lines } = verdict(kept, answers);
  for (const line of lines) console.error(line);
  return status;
}

await program(import.meta.url, async () => {
  const words = process.argv.slice(2).filter((word) => word !== '--');
  const unknown = words.find((word) => word !== '--offline');
  if (unknown) throw new Stop(`audit takes --offline, not ${unknown}.`);
  await ensureTools();
  const offline = words.length > 0;
  const status = await audit({ offline });
  if (offline) console.log('Advisories were left out, as --offline wishes.');
  return status;
});
