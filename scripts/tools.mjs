/**
 * Finds the tools that a script needs and installs what is missing, or says in one sentence what
 * to install. It runs before node_modules exists, so nothing here may come from npm.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cargoHome, root } from './lib/project.mjs';
import { must, program, run, Stop } from './lib/run.mjs';
import { sha256 } from './lib/steps.mjs';

const wasmTarget = 'wasm32-unknown-unknown';

/** @param {{ lint?: boolean }} [need] `lint`: clippy and rustfmt too */
export async function ensureTools({ lint = false } = {}) {
  await ensureRust(lint);
  await ensurePackages();
}

/** @param {string} name */
const onPath = async (name) => (await run(name, ['--version'], { output: 'keep' })).code === 0;

/** A fresh rustup is not on the PATH of shells that were open before it. */
function addCargoToPath() {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  process.env[name] = `${process.env[name] ?? ''}${path.delimiter}${path.join(cargoHome, 'bin')}`;
}

/** @param {boolean} lint */
async function ensureRust(lint) {
  addCargoToPath();
  const channel = toolchain();
  if (await rustIsReady(channel, lint)) return;
  if (!(await onPath('rustup'))) {
    throw new Stop(
      `Rust ${channel} with the target ${wasmTarget} is missing: install rustup from https://rustup.rs and run this again.`,
    );
  }
  console.log(`Rust ${channel} or a part of it is missing: installing it.`);
  const parts = ['--profile', 'minimal', '-c', 'clippy', '-c', 'rustfmt', '-t', wasmTarget];
  await must('rustup', ['toolchain', 'install', channel, '--no-self-update', ...parts]);
  if (!(await rustIsReady(channel, lint))) {
    throw new Stop(
      `Cargo does not come from rustup's ${channel}: put rustup's own cargo first on the PATH.`,
    );
  }
}

function toolchain() {
  const text = readFileSync(path.join(root, 'rust-toolchain.toml'), 'utf8');
  const channel = /^channel = "(.+)"$/m.exec(text)?.[1];
  if (!channel) throw new Stop('rust-toolchain.toml names no channel.');
  return channel;
}

/**
 * Asks the compiler itself, so that a Rust that did not come from rustup serves as well.
 * @param {string} channel
 * @param {boolean} lint
 */
async function rustIsReady(channel, lint) {
  const where = ['--print', 'target-libdir', '--target', wasmTarget];
  const [version, library, cargo, ...lints] = await Promise.all([
    run('rustc', ['--version'], { output: 'keep' }),
    run('rustc', where, { output: 'keep' }),
    run('cargo', ['--version'], { output: 'keep' }),
    ...(lint ? ['clippy', 'fmt'] : []).map((part) =>
      run('cargo', [part, '--version'], { output: 'keep' }),
    ),
  ]);
  return (
    version.text.startsWith(`rustc ${channel} `) &&
    library.code === 0 &&
    existsSync(library.text.trim()) &&
    [cargo, ...lints].every(({ code }) => code === 0)
  );
}

/** `npm ci` when there are no packages yet or the lock file is another than they came from. */
async function ensurePackages() {
  const stamp = path.join(root, 'node_modules', '.stillhere-lock');
  const wanted = sha256(readFileSync(path.join(root, 'package-lock.json')));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('The npm packages are missing or of another package-lock.json: installing them.');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=warn'];
  await must('npm', ['ci', '--ignore-scripts', ...quiet]);
  writeFileSync(stamp, wanted);
}

await program(import.meta.url, async () => {
  await ensureTools({ lint: true });
  const { ensureBrowser } = await import('./lib/browser.mjs');
  console.log(`All tools are there; the browser is ${await ensureBrowser()}.`);
});
