/** Programs of the system: found on the PATH, installed from Debian's packages where that is possible. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

/** @param {string} file */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first that is on the PATH, or where Debian puts servers.
 * @param {string[]} programs
 * @returns {string | undefined}
 */
export function onPath(programs) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin'].filter(Boolean);
  return folders
    .flatMap((folder) => programs.map((name) => path.join(folder, name)))
    .find(isProgram);
}

/**
 * @param {string} what
 * @param {string[]} packages
 */
export async function install(what, packages) {
  const root = process.getuid?.() === 0;
  const sudo = root ? [] : ['sudo', '-n'];
  if (!existsSync('/etc/debian_version') || !(root || (await canSudo()))) return;
  console.log(`${what} is missing: installing Debian's package.`);
  await run(...argv([...sudo, 'apt-get', 'update', '-q']));
  const flags = ['install', '-y', '-q', '--no-install-recommends'];
  await run(...argv([...sudo, 'apt-get', ...flags, ...packages]));
}

async function canSudo() {
  return (await run('sudo', ['-n', 'true'], { output: 'keep' })).code === 0;
}

/**
 * @param {string[]} words
 * @returns {[string, string[]]}
 */
function argv([command = '', ...args]) {
  return [command, args];
}
