/** A real authority on a free port, and what a test wants to know of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { authorityBinary, packed, root } from '../../../scripts/lib/project.mjs';

const pages = path.join(root, 'tests', 'browser', 'pages');
/** What users get, not what was built: a file that the package forgets is missed here. */
const dist = path.join(packed, 'dist');
export const ADMIN = 'administrators-token-of-the-tests';

/** @returns {Promise<number>} */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * @param {object} [times]
 * @param {string} [times.idle] idle timeout
 * @param {string} [times.warn] warning time
 * @param {string} [times.keepAlive] keep-alive interval
 * @param {boolean} [times.linkTokens] tokens of one sign-in share activity
 * @param {string} [times.config] path of a configuration file
 * @param {string} [times.www] folder of the pages
 * @param {string[]} [times.more] further flags
 */
export async function startAuthority({
  idle = '10s',
  warn = '4s',
  keepAlive = '2s',
  linkTokens = false,
  config,
  www = pages,
  more = [],
} = {}) {
  if (!existsSync(dist)) throw new Error('Nothing is packed yet: run `npm run build` first.');
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const flags = ['--dev', '--www', www, '--dist', dist, ...more];
  flags.push('--idle-timeout', idle, '--warn-before', warn, '--keep-alive', keepAlive);
  if (linkTokens) flags.push('--link-tokens');
  if (config) flags.push('--config', config);
  const env = { ...process.env, PORT: String(port), STILLHERE_ADMIN_TOKEN: ADMIN };
  const server = spawn(process.env.STILLHERE_TEST_AUTHORITY ?? authorityBinary, flags, {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const died = once(server, 'exit').then(([code]) => {
    throw new Error(`The authority ended with ${code}.`);
  });
  // Whoever waits for it sees the error; nobody has to.
  died.catch(() => {});
  await Promise.race([died, answers(base)]);

  /** @param {string} method @param {string} route @param {unknown} [body] */
  const admin = (method, route, body) =>
    fetch(base + route, {
      method,
      headers: { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
    });

  return {
    base,
    /** The administrator's calls. */
    admin,
    adminToken: ADMIN,
    /** Registers a token and gives it. @param {string} [user] @param {string} [signIn] */
    async token(user = 'ada', signIn) {
      const token = `test-token-${crypto.randomUUID()}`;
      const answer = await admin('POST', '/v1/sessions', { token, user, sign_in: signIn });
      if (answer.status !== 201) throw new Error(`No session: ${answer.status}`);
      return token;
    },
    /** @param {string} whose as in the path @param {object} layer */
    async policy(whose, layer) {
      const answer = await admin('PUT', `/v1/admin/policy/${whose}`, layer);
      if (answer.status !== 200) throw new Error(`No policy: ${await answer.text()}`);
    },
    /** @param {string} user */
    revoke: (user) => admin('DELETE', `/v1/admin/users/${user}/sessions`),
    /** The numbers that are compared before and after. */
    async counts() {
      const text = await (await fetch(`${base}/metrics`)).text();
      /** @param {string} name */
      const value = (name) =>
        [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\d+)`, 'gm'))].reduce(
          (sum, [, n]) => sum + Number(n),
          0,
        );
      return {
        keepAlives: value('stillhere_keepalives_total'),
        questions: value('stillhere_questions_total'),
        streams: value('stillhere_event_streams'),
        ends: value('stillhere_ends_total'),
        requests: value('stillhere_http_requests_total'),
      };
    },
    /**
     * Live sessions as the administrator sees them.
     * @returns {Promise<{ user: string, state: string, idle_ms: number }[]>}
     */
    async sessions() {
      return (await (await admin('GET', '/v1/admin/sessions')).json()).sessions;
    },
    async stop() {
      if (server.exitCode === null) {
        server.kill();
        await once(server, 'exit');
      }
    },
  };
}

/** @param {string} base */
async function answers(base) {
  for (;;) {
    const ok = await fetch(`${base}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}
