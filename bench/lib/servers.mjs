/** Servers that are measured: started on free ports, with what they need, and stopped again. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { install, onPath } from '../../scripts/lib/packages.mjs';
import { authorityBinary, root } from '../../scripts/lib/project.mjs';
import { must, Stop } from '../../scripts/lib/run.mjs';
import { ensureServers } from '../../scripts/lib/servers.mjs';
import { freePort } from '../../tests/browser/lib/authority.mjs';

export const ADMIN = 'administrators-token-of-the-bench';
const peers = path.join(root, 'bench', 'servers');
export const folder = mkdtempSync(path.join(os.tmpdir(), 'stillhere-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Gets wrk, Redis, the peers from npm and, where Python is there, Django. */
export async function ensurePeers() {
  await ensureServers();
  if (!onPath(['wrk'])) await install('wrk', ['wrk']);
  if (!onPath(['wrk']))
    throw new Stop('This bench needs wrk: install it (Debian: apt-get install wrk).');
  await must('npm', ['install', '--prefix', peers, '--no-audit', '--no-fund', '--loglevel=warn']);
  await must('cargo', ['build', '--release', '-p', 'stillhere-authority', '--example', 'nothing']);
}

/** Whether there is a Python that can make a virtual environment with pip in it. */
function hasVenv() {
  try {
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A virtual environment with Django, or undefined where there is no Python for one. */
async function python() {
  const venv = path.join(os.tmpdir(), 'stillhere-bench-django');
  const program = path.join(venv, 'bin', 'python');
  if (existsSync(path.join(venv, 'bin', 'gunicorn'))) return program;
  // Debian has both in packages of their own.
  if (!hasVenv()) await install('Python', ['python3', 'python3-venv']);
  try {
    execFileSync('python3', ['-m', 'venv', venv]);
    const wanted = ['django==5.2.8', 'gunicorn==23.0.0', 'redis==7.1.0', 'hiredis==3.3.0'];
    execFileSync(program, ['-m', 'pip', 'install', '-q', ...wanted], { stdio: 'inherit' });
    return program;
  } catch {
    return undefined;
  }
}

/**
 * @typedef {object} Server
 * @property {string} base
 * @property {() => number} memory resident memory of the process and its children, in bytes
 * @property {() => number} processor time of the process's threads so far, in seconds
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/** @param {number} pid @returns {number} */
function resident(pid) {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.filter(Boolean).reduce((sum, child) => sum + resident(Number(child)), pages);
}

/** Processor time of the threads that live, to the nanosecond. @param {number} pid */
function processor(pid) {
  const tasks = `/proc/${pid}/task`;
  const each = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return each.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {number} port
 * @param {string} [probe] a path that answers once it is up
 * @returns {Promise<Server>}
 */
async function start(program, args, env, port, probe = '/') {
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(program, args, {
    cwd: peers,
    env: { ...process.env, NODE_ENV: 'production', RUST_LOG: 'error', PORT: `${port}`, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => server.kill());
  for (let tries = 0; !(await fetch(base + probe).catch(() => undefined)); tries++) {
    if (tries > 1000 || server.exitCode !== null) throw new Stop(`${program} did not start.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    base,
    pid: Number(server.pid),
    memory: () => resident(Number(server.pid)),
    processor: () => processor(Number(server.pid)),
    async stop() {
      if (server.exitCode !== null) return;
      server.kill();
      await once(server, 'exit');
    },
  };
}

/** @returns {Promise<Server & { url: string }>} a Redis of its own, without persistence */
export async function startRedis() {
  const port = await freePort();
  const program = onPath(['redis-server', 'valkey-server']) ?? 'redis-server';
  const args = ['--port', `${port}`, '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'];
  const server = spawn(program, [...args, '--dir', folder], { stdio: 'ignore' });
  process.once('exit', () => server.kill());
  await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    url: `redis://127.0.0.1:${port}`,
    base: '',
    pid: Number(server.pid),
    memory: () => resident(Number(server.pid)),
    processor: () => processor(Number(server.pid)),
    async stop() {
      server.kill();
      await once(server, 'exit');
    },
  };
}

/** @param {string} store @param {string[]} [flags] */
export async function startAuthority(store, flags = []) {
  const port = await freePort();
  const args = ['--store', store, '--calls-per-second', '0', ...flags];
  return start(authorityBinary, args, { STILLHERE_ADMIN_TOKEN: ADMIN }, port, '/readyz');
}

export async function startNothing() {
  const program = path.join(path.dirname(authorityBinary), 'examples', 'nothing');
  return start(program, [], {}, await freePort());
}

/** @param {string} redis @param {number} [age] of a session, in seconds */
export async function startExpress(redis, age = 900) {
  const env = { REDIS_URL: redis, SESSION_AGE: `${age}` };
  return start(process.execPath, ['express.mjs'], env, await freePort());
}

/** @param {string} redis @param {number} [age] @returns {Promise<Server | undefined>} */
export async function startDjango(redis, age = 900) {
  const program = await python();
  if (!program) return undefined;
  const port = await freePort();
  const args = ['-m', 'gunicorn', '-w', '2', '-b', `127.0.0.1:${port}`, 'django_app:application'];
  const env = { REDIS_URL: redis, SESSION_AGE: `${age}` };
  return start(program, [...args, '--log-level', 'error'], env, port, '/touch');
}

/** Registers tokens and gives the file with them. @param {Server} server @param {number} count */
export async function registered(server, count) {
  const tokens = Array.from({ length: count }, () => `bench-${crypto.randomUUID()}`);
  const one = async () => {
    for (let token = tokens[at++]; token; token = tokens[at++]) {
      const answer = await fetch(`${server.base}/v1/sessions`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ token, user: `user-${at}` }),
      });
      if (answer.status !== 201) throw new Stop(`A token was not taken: ${await answer.text()}`);
    }
  };
  let at = 0;
  await Promise.all(Array.from({ length: 32 }, one));
  return fileOf(tokens);
}

/** Signs in and gives the file with the cookies. @param {Server} server @param {number} count */
export async function signedIn(server, count) {
  const cookies = [];
  for (let number = 0; number < count; number++) {
    const answer = await fetch(`${server.base}/sign-in`);
    await answer.text();
    cookies.push(answer.headers.getSetCookie()[0]?.split(';')[0] ?? '');
  }
  return fileOf(cookies);
}

let files = 0;

/** @param {string[]} lines */
export function fileOf(lines) {
  files += 1;
  const file = path.join(folder, `tokens-${files}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/**
 * @param {Server} server
 * @param {{ tokens: string, kind?: string, seconds: number, connections: number }} load
 */
export function touches(server, { tokens, kind = 'bearer', seconds, connections }) {
  return wrk(server, 'touch.lua', seconds, connections, { TOKENS: tokens, KIND: kind });
}

/** @param {Server} server @param {number} from tokens of another number are others */
export function registrations(server, from) {
  return wrk(server, 'register.lua', 10, 64, { FROM: `${from}`, ADMIN });
}

/**
 * @param {Server} server
 * @param {string} script
 * @param {number} seconds
 * @param {number} connections
 * @param {Record<string, string>} env
 */
async function wrk(server, script, seconds, connections, env) {
  const flags = ['-t2', `-c${connections}`, `-d${seconds}s`, '-s', path.join(peers, script)];
  const child = spawn('wrk', [...flags, server.base], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const text = (await child.stdout.toArray()).join('');
  const [, requests, micros, p50, p99, bad] =
    /RESULT (\d+) (\d+) (\S+) (\S+) (\d+)/.exec(text) ?? [];
  if (!requests) throw new Stop(`wrk said nothing: ${text}`);
  return {
    requests: Number(requests),
    rate: (Number(requests) / Number(micros)) * 1e6,
    p50: Number(p50),
    p99: Number(p99),
    bad: Number(bad),
  };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
