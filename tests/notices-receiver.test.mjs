/** A real authority tells a real receiver, which checks what it gets with the libraries of others. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Webhook } from 'standardwebhooks';
import { startAuthority } from './browser/lib/authority.mjs';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const issuer = 'https://stillhere.example';

/** @typedef {{ headers: Record<string, string>, body: string }} Got */
/** What came to each path. @type {Map<string, Got[]>} */
const came = new Map();
/** Statuses that a path answers with before it takes anything. @type {Map<string, number[]>} */
const refusals = new Map([['/hook', [503]]]);
/** @type {Record<string, number>} */
const accepts = { '/hook': 204, '/logout': 200, '/caep': 202 };

const receiver = createServer(async (request, response) => {
  const url = request.url ?? '';
  const headers = /** @type {Record<string, string>} */ (request.headers);
  const got = { headers, body: await text(request) };
  came.set(url, [...(came.get(url) ?? []), got]);
  response.writeHead(refusals.get(url)?.shift() ?? accepts[url] ?? 404).end();
  receiver.emit('came');
});

/** Waits for that many requests. @param {string} url @param {number} [count] @returns {Promise<Got[]>} */
async function gotten(url, count = 1) {
  for (;;) {
    const all = came.get(url) ?? [];
    if (all.length >= count) return all;
    await once(receiver, 'came', { signal: AbortSignal.timeout(20_000) });
  }
}

/** @param {number} port @param {string} keyFile */
const config = (port, keyFile) => `
[notices]
first-retry = "50ms"

[signing]
issuer = "${issuer}"
key-file = ${JSON.stringify(keyFile)}

[[webhook]]
name = "crm"
url = "http://127.0.0.1:${port}/hook"
secrets = ["${secret}"]

[[backchannel-logout]]
name = "portal"
url = "http://127.0.0.1:${port}/logout"
audience = "client-1"

[[caep]]
name = "soc"
url = "http://127.0.0.1:${port}/caep"
audience = "https://soc.example"
token = "the-receivers-token-0123456789"
`;

/** @type {string} */
let folder;
/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {ReturnType<typeof createRemoteJWKSet>} */
let keys;

before(async () => {
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (receiver.address());
  folder = await mkdtemp(path.join(tmpdir(), 'notices-'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyFile = path.join(folder, 'signing.pem');
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const file = path.join(folder, 'config.toml');
  await writeFile(file, config(port, keyFile));
  authority = await startAuthority({ idle: '10s', config: file });
  keys = createRemoteJWKSet(new URL('/v1/jwks.json', authority.base));
  await authority.token('ada', 'monday');
  await authority.revoke('ada');
});

after(async () => {
  await authority?.stop();
  receiver.close();
  receiver.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

test('a webhook is what the reference library of Standard Webhooks takes for ours', async () => {
  const [first, again] = await gotten('/hook', 2);
  assert.ok(first && again);
  const library = new Webhook(secret);
  const message = /** @type {{ type: string, data: Record<string, unknown> }} */ (
    library.verify(again.body, again.headers)
  );
  assert.equal(message.type, 'session.ended');
  assert.equal(message.data.user, 'ada');
  assert.equal(message.data.because, 'revoked');
  assert.throws(() => library.verify(again.body.replace('ada', 'bob'), again.headers));
  // The first was refused: it is the same message.
  assert.deepEqual(library.verify(first.body, first.headers), message);
  assert.equal(first.headers['webhook-id'], again.headers['webhook-id']);
});

test('a logout token is one under the published key', async () => {
  const [got] = await gotten('/logout');
  assert.ok(got);
  const token = new URLSearchParams(got.body).get('logout_token') ?? '';
  const asks = { issuer, audience: 'client-1', typ: 'logout+jwt' };
  const { payload, protectedHeader } = await jwtVerify(token, keys, asks);
  assert.equal(protectedHeader.alg, 'RS256');
  assert.deepEqual([payload.sub, payload.sid], ['ada', 'monday']);
  assert.ok(payload.jti && payload.exp && !('nonce' in payload));
  assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
});

test('a security event token is one under the published key', async () => {
  const [got] = await gotten('/caep');
  assert.ok(got);
  assert.equal(got.headers.authorization, 'Bearer the-receivers-token-0123456789');
  const asks = { issuer, audience: 'https://soc.example', typ: 'secevent+jwt' };
  const { payload } = await jwtVerify(got.body, keys, asks);
  const events = /** @type {Record<string, { initiating_entity: string }>} */ (payload.events);
  const revoked = events['https://schemas.openid.net/secevent/caep/event-type/session-revoked'];
  assert.equal(revoked?.initiating_entity, 'admin');
  assert.ok(!('exp' in payload) && !('sub' in payload));
});
