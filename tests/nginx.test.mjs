/** The configuration in docs/proxies/nginx.conf, in a real nginx before a real authority. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../scripts/lib/project.mjs';
import { findNginx } from '../scripts/lib/servers.mjs';
import { freePort, startAuthority } from './browser/lib/authority.mjs';

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startApp>>} */
let app;
/** @type {Awaited<ReturnType<typeof startNginx>>} */
let nginx;

before(async () => {
  [authority, app] = await Promise.all([startAuthority({ idle: '60s' }), startApp()]);
  nginx = await startNginx(new URL(authority.base).port, app.port);
});

after(async () => {
  await nginx?.stop();
  await app?.stop();
  await authority?.stop();
});

/** An application that knows nothing of sessions and says what reached it. */
async function startApp() {
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, user: headers['x-stillhere-user'] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * The file from the docs, with other ports.
 * @param {string} authorityPort
 * @param {number} appPort
 */
async function startNginx(authorityPort, appPort) {
  const program = findNginx();
  assert.ok(program, 'nginx is missing: install it (Debian: apt-get install nginx-light).');
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stillhere-nginx-'));
  const documented = readFileSync(path.join(root, 'docs', 'proxies', 'nginx.conf'), 'utf8')
    .replace('127.0.0.1:8787', `127.0.0.1:${authorityPort}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${appPort}`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const whole = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
    events {} http { access_log off; ${temporary.join(' ')} ${documented} }`;
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, whole);
  const args = ['-p', folder, '-c', file, '-e', 'stderr'];
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(base).catch(() => undefined)); tries++) {
    assert.ok(tries < 500 && server.exitCode === null, 'nginx did not start');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    base,
    async stop() {
      if (server.exitCode === null) {
        server.kill();
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true });
    },
  };
}

/** @param {string} route @param {string} token @param {RequestInit} [init] */
function call(route, token, init = {}) {
  const headers = { Authorization: `Bearer ${token}`, .../** @type {object} */ (init.headers) };
  return fetch(nginx.base + route, { ...init, headers });
}

/** @param {string} token */
async function idle(token) {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${authority.base}/v1/session`, { headers });
  return (await answer.json()).idle_ms;
}

test('a request with a live token reaches the app, which learns whose it is', async () => {
  const token = await authority.token('Zoë');
  const headers = { 'X-Stillhere-User': 'somebody-else' };
  const answer = await call('/orders?id=7', token, { method: 'POST', body: 'x', headers });
  assert.equal(answer.status, 200);
  const user = Buffer.from('Zoë').toString('latin1');
  assert.deepEqual(await answer.json(), { method: 'POST', url: '/orders?id=7', user });
});

test('one without a token, or with another, does not', async () => {
  /** @type {Record<string, string>[]} */
  const attempts = [{}, { Authorization: 'Bearer a-token-of-nobody-here' }];
  for (const headers of attempts) {
    const answer = await fetch(`${nginx.base}/orders`, { headers });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
  }
});

test('after the end the next request is refused, and says why', async () => {
  const token = await authority.token('bob');
  assert.equal((await call('/', token)).status, 200);
  await authority.revoke('bob');
  const answer = await call('/orders', token, { method: 'POST', body: 'x' });
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const { state, because } = await answer.json();
  assert.deepEqual({ state, because }, { state: 'ended', because: 'revoked' });
});

test('only calls that a rule names are activity', async () => {
  await authority.policy('organization', { api_rules: { include: ['POST /orders/**'] } });
  const token = await authority.token('cleo');
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await call('/orders/7', token);
  await call('/poll?x=/orders/7', token, { method: 'POST', body: 'x' });
  assert.ok((await idle(token)) >= 300, 'polling keeps nobody signed in');
  await call('/orders/7?x=1', token, { method: 'POST', body: 'x' });
  assert.ok((await idle(token)) < performance.now() - began - 250);
});

test("the agent's own calls pass, and the administrator's do not", async () => {
  const token = await authority.token('dora');
  const stream = await call('/v1/events', token);
  assert.equal(stream.status, 200);
  const reader = stream.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  assert.match(first, /^event: ?state/m, 'it is not held back');
  await reader?.cancel();
  assert.equal((await call('/v1/admin/sessions', token)).status, 403);
  assert.equal((await call('/v1/sessions', token, { method: 'POST' })).status, 403);
});

test('an authority that cannot be asked lets nobody pass', async () => {
  const token = await authority.token('eve');
  await authority.stop();
  assert.equal((await call('/orders', token)).status, 500);
});
