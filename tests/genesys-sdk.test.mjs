/** The vendor's own SDK against a real authority, unchanged: it only learns where to call. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';
import { startAuthority } from './browser/lib/authority.mjs';

// The SDK looks for a proxy in the environment, which knows no loopback address.
process.env.NO_PROXY = '*';
// Its types name the classes as globals, which they are not.
const sdk = createRequire(import.meta.url)('purecloud-platform-client-v2');
const client = sdk.ApiClient.instance;
const tokens = new sdk.TokensApi();
const organization = new sdk.OrganizationApi();

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** A fresh token of ann. @type {string} */
let token;

before(async () => {
  authority = await startAuthority({ idle: '10m' });
  const { hostname, port } = new URL(authority.base);
  client.setGateway({ host: hostname, protocol: 'http', port: Number(port) });
});

after(() => authority.stop());

beforeEach(async () => {
  client.setReturnExtendedResponses(false);
  await authority.admin('PUT', '/v1/admin/policy/organization', {});
  token = await authority.token('ann');
  client.setAccessToken(token);
});

const asAdministrator = () => client.setAccessToken(authority.adminToken);

/** When the token was last seen active, by what the authority's own face says. */
async function idleMs() {
  const headers = { Authorization: `Bearer ${token}` };
  return (await (await fetch(`${authority.base}/v1/session`, { headers })).json()).idle_ms;
}

/** Until so much idle time has gone by. @param {number} ms */
async function idleFor(ms) {
  while ((await idleMs()) < ms) await new Promise((done) => setImmediate(done));
}

/**
 * What the SDK rejects with: the body of the error as it came.
 * @param {Promise<unknown>} call @param {number} status @param {string} code
 */
async function refusal(call, status, code) {
  const error = await call.then(
    () => assert.fail('it was not refused'),
    (/** @type {any} */ error) => error,
  );
  assert.deepEqual({ status: error.status, code: error.code }, { status, code }, error.message);
  assert.equal(typeof error.message, 'string');
  assert.equal(typeof error.messageWithParams, 'string');
  assert.match(error.contextId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Array.isArray(error.details));
  assert.deepEqual(error.errors, []);
  return error;
}

test('getTokensMe says when the token idles, and that is later each time', async () => {
  const info = await tokens.getTokensMe();
  assert.equal(info.organization.id, info.homeOrganization.id);
  assert.deepEqual(info.authorizedScope, []);
  assert.equal(typeof info.OAuthClient.name, 'string');
  const left = Date.parse(info.dateTokenIdles) - Date.now();
  assert.ok(left > 590_000 && left <= 601_000, `${left} ms`);
  await idleFor(20);
  const later = await tokens.getTokensMe();
  assert.ok(Date.parse(later.dateTokenIdles) >= Date.parse(info.dateTokenIdles) + 20);
});

test('getTokensMe with preserveIdleTTL leaves the idle time alone', async () => {
  const { dateTokenIdles } = await tokens.getTokensMe();
  await idleFor(20);
  const same = await tokens.getTokensMe({ preserveIdleTTL: true });
  assert.equal(same.dateTokenIdles, dateTokenIdles);
  assert.ok((await idleMs()) >= 20);
});

test('headTokensMe verifies and extends nothing', async () => {
  const { dateTokenIdles } = await tokens.getTokensMe();
  await idleFor(20);
  client.setReturnExtendedResponses(true);
  assert.equal((await tokens.headTokensMe()).status, 200);
  const { body } = await tokens.getTokensMe({ preserveIdleTTL: true });
  assert.equal(body.dateTokenIdles, dateTokenIdles);
  client.setAccessToken('a-token-of-nobody-here');
  const error = await tokens.headTokensMe().catch((/** @type {any} */ error) => error);
  assert.equal(error.status, 401);
});

test('deleteTokensMe ends the token', async () => {
  await tokens.deleteTokensMe();
  const error = await refusal(tokens.getTokensMe(), 401, 'credentials.expired');
  assert.deepEqual(error.messageParams, { because: 'signed-out' });
});

test('deleteToken logs a user off, for an administrator alone', async () => {
  const other = await authority.token('bob');
  client.setAccessToken(other);
  const error = await refusal(tokens.deleteToken('ann'), 403, 'missing.any.permissions');
  assert.equal(error.messageParams.permission, 'oauth:token:delete');
  asAdministrator();
  await tokens.deleteToken('ann');
  client.setAccessToken(token);
  await refusal(tokens.getTokensMe(), 401, 'credentials.expired');
  client.setAccessToken(other);
  await tokens.getTokensMe();
});

test('putTokensTimeout sets what getTokensTimeout shows', async () => {
  assert.equal((await tokens.getTokensTimeout()).idleTokenTimeoutSeconds, 600);
  const timeout = {
    idleTokenTimeoutSeconds: 7200,
    enableIdleTokenTimeout: true,
    inactivityTimeoutUnit: 'Hours',
    inactivityTimeoutGroupsEnabled: true,
    inactivityTimeoutGroupBundles: [
      { priority: 1, timeoutSeconds: 900, inactivityTimeoutUnit: 'Minutes', groups: ['a', 'b'] },
    ],
  };
  asAdministrator();
  assert.deepEqual(await tokens.putTokensTimeout({ body: timeout }), timeout);
  client.setAccessToken(token);
  assert.deepEqual(await tokens.getTokensTimeout(), timeout);
  const left = Date.parse((await tokens.getTokensMe()).dateTokenIdles) - Date.now();
  assert.ok(left > 7_190_000, `it applies at once: ${left} ms`);
  asAdministrator();
  await tokens.putTokensTimeout({ body: { inactivityTimeoutGroupsEnabled: false } });
});

test('putTokensTimeout refuses what is out of range and changes nothing', async () => {
  asAdministrator();
  const before = await tokens.getTokensTimeout();
  const long = { idleTokenTimeoutSeconds: 28_801, enableIdleTokenTimeout: false };
  const error = await refusal(tokens.putTokensTimeout({ body: long }), 400, 'invalid.value');
  assert.equal(error.details[0].fieldName, 'idleTokenTimeoutSeconds');
  assert.deepEqual(await tokens.getTokensTimeout(), before);
});

test('putTokensTimeout allows 15 minutes at the most with the HIPAA flag', async () => {
  await authority.admin('PUT', '/v1/admin/policy/organization', { hipaa: true });
  asAdministrator();
  const put = (/** @type {number} */ seconds) =>
    tokens.putTokensTimeout({ body: { idleTokenTimeoutSeconds: seconds } });
  const error = await refusal(put(901), 400, 'invalid.value');
  assert.match(error.message, /HIPAA/);
  assert.equal((await put(900)).idleTokenTimeoutSeconds, 900);
});

test('putTokensTimeout names the permission that a user lacks', async () => {
  const body = { idleTokenTimeoutSeconds: 600 };
  const error = await refusal(tokens.putTokensTimeout({ body }), 403, 'missing.any.permissions');
  assert.equal(error.messageParams.permission, 'directory:organization:admin');
});

test('the settings tell which calls are no activity', async () => {
  await refusal(
    organization.getOrganizationsAuthenticationSettings(),
    403,
    'missing.any.permissions',
  );
  asAdministrator();
  const settings = await organization.getOrganizationsAuthenticationSettings();
  assert.deepEqual(settings.inactivityTimeoutExclusions, ['/**']);
  settings.inactivityTimeoutExclusions = ['/api/v2/users/{userId}/presences', '/api/v2/tokens/me'];
  const after = await organization.patchOrganizationsAuthenticationSettings(settings);
  assert.deepEqual(after, settings);
  assert.deepEqual(await organization.getOrganizationsAuthenticationSettings(), settings);
  client.setAccessToken(token);
  await idleFor(20);
  await tokens.getTokensMe();
  assert.ok((await idleMs()) >= 20, 'an excluded call is no activity');
});

test('a setting that does not exist here is refused', async () => {
  asAdministrator();
  const call = organization.patchOrganizationsAuthenticationSettings({
    multifactorAuthenticationRequired: true,
  });
  const error = await refusal(call, 400, 'invalid.value');
  assert.equal(error.details[0].fieldName, 'multifactorAuthenticationRequired');
});
