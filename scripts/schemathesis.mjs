/**
 * `npm run schemathesis [-- SECONDS]`: calls everything in /openapi.json with what its schemas allow and
 * what they don't (https://schemathesis.io, from PyPI, into a folder of its own). No answer may be a 5xx
 * or differ from its description.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../tests/browser/lib/authority.mjs';
import { buildAuthority } from './build.mjs';
import { authorityBinary } from './lib/project.mjs';
import { must, program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

const wanted = 'schemathesis==4.32.5';
const ADMIN = 'administrators-token-of-schemathesis';
const USER = 'a-token-of-schemathesis';
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'negative_data_rejection',
];

/** Where the program is, after it was installed. */
async function installed() {
  const venv = path.join(os.tmpdir(), 'stillhere-schemathesis');
  const tool = path.join(venv, 'bin', 'schemathesis');
  if (!existsSync(tool)) {
    await must('python3', ['-m', 'venv', venv]);
    await must(path.join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '-q', wanted]);
  }
  return tool;
}

/** @param {string} base */
async function answers(base) {
  for (let tries = 0; !(await fetch(`${base}/readyz`).catch(() => undefined)); tries++) {
    if (tries > 500) throw new Stop('The authority did not start.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

await program(import.meta.url, async () => {
  const seconds = process.argv[2] ?? '120';
  if (!/^\d+$/.test(seconds)) throw new Stop(`Seconds must be a whole number, not ${seconds}.`);
  await ensureTools({});
  await buildAuthority();
  const tool = await installed();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = { ...process.env, PORT: `${port}`, STILLHERE_ADMIN_TOKEN: ADMIN, RUST_LOG: 'error' };
  const flags = ['--dev', '--calls-per-second', '0'];
  const server = spawn(authorityBinary, flags, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await answers(base);
    const headers = { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ token: USER, user: 'ann' });
    await fetch(`${base}/v1/sessions`, { method: 'POST', headers, body });
    // As a user whose token is ended now and then, and as the administrator. A stream never ends.
    for (const [token, paths] of [
      [USER, '^/(v1/(keepalive|session|check)|api/v2/tokens/me)$'],
      [ADMIN, '^/(v1/(sessions|admin/.*|jwks.json)|api/v2/(tokens/[^m].*|org.*)|[a-z]+)$'],
    ]) {
      const args = ['run', `${base}/openapi.json`, '-H', `Authorization: Bearer ${token}`];
      args.push('--include-path-regex', `${paths}`, '--phases', 'examples,coverage,fuzzing');
      args.push('--checks', checks.join(','), '--max-time', `${Math.ceil(Number(seconds) / 2)}`);
      const { code } = await run(tool, [...args, '--continue-on-failure']);
      if (code !== 0) return code;
    }
    return 0;
  } finally {
    server.kill();
  }
});
