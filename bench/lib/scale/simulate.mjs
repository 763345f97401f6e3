/** The simulation of many users against a real authority on this machine (bench/population). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { target } from '../../../scripts/lib/project.mjs';
import { must, Stop } from '../../../scripts/lib/run.mjs';
import { ADMIN, folder, startAuthority } from '../servers.mjs';

const exe = process.platform === 'win32' ? '.exe' : '';
const binary = path.join(target, 'release', `stillhere-population${exe}`);

export async function buildPopulation() {
  await must('cargo', ['build', '--release', '-p', 'stillhere-population']);
}

/** @param {string[]} args @returns {Promise<any>} what it says */
export async function population(args) {
  const env = { ...process.env, STILLHERE_ADMIN_TOKEN: ADMIN };
  const child = spawn(binary, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const [text, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
  if (code !== 0) throw new Stop('The simulation stopped, as told above.');
  return JSON.parse(Buffer.concat(text).toString());
}

/**
 * Registers all users, brings them to a steady state and counts what they send.
 * @param {object} how
 * @param {number} how.users
 * @param {number} how.idleMinutes
 * @param {string[]} how.pace `SPEED:SECONDS`, one after the other
 * @param {unknown} how.heads as Chromium sends them
 */
export async function simulate({ users, idleMinutes, pace, heads }) {
  const file = path.join(folder, 'heads.json');
  writeFileSync(file, JSON.stringify(heads));
  const flags = ['--dev', '--idle-timeout', '8h', '--warn-before', '60s', '--keep-alive', '30s'];
  const server = await startAuthority('memory', flags);
  try {
    const where = ['--authority', server.base.replace('http://', ''), '--heads', file];
    return await population([
      'run',
      ...['--ends', 'page', '--users', `${users}`, '--idle-minutes', `${idleMinutes}`],
      ...[...where, '--pid', `${server.pid}`],
      ...pace.flatMap((one) => ['--pace', one]),
    ]);
  } finally {
    await server.stop();
  }
}
