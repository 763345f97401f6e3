/** What a preset does with a refresh token, of which some can be used only once (docs/decisions/refresh-tokens.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as presets from '../dist/presets.js';
import { oidc, ok, report, server, signal } from './lib/presets.mjs';

// Node 20 has none; a page without locks and storage remembers by itself.
if (!globalThis.navigator) Object.assign(globalThis, { navigator: {} });

test('a refresh token that is refused ends, unless there is a newer one', async () => {
  let token = 'r1';
  const refused = () => Response.json({ error: 'invalid_grant' }, { status: 400 });
  const make = (/** @type {() => Response} */ answer) =>
    presets.oidcRefresh({ ...oidc, refreshToken: () => token, fetch: server(answer).fetch });
  assert.equal((await make(refused).refresh()).state, 'gone');
  const replaced = () => {
    token = 'r2';
    return refused();
  };
  assert.equal((await make(replaced).refresh()).state, 'alive');
  const other = () => Response.json({ error: 'invalid_client' }, { status: 400 });
  assert.equal((await make(other).refresh()).state, 'invalid', 'a mistake of the app ends nobody');
});

test('a refresh token whose answer was lost is not sent again, unless the provider takes it', async () => {
  for (const [reuse, sent] of /** @type {[boolean, number][]} */ ([
    [false, 1],
    [true, 2],
  ])) {
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      throw new TypeError('the network failed');
    };
    const preset = presets.oidcRefresh({ ...oidc, reuse, fetch });
    assert.equal((await preset.refresh()).state, 'unreachable');
    assert.equal((await preset.send(report, signal)).state, 'unreachable');
    assert.equal(requests, sent);
  }
});

test('503 says that it was not taken: the token is sent again', async () => {
  const { fetch, asked } = server(
    () => new Response('', { status: 503 }),
    () => Response.json({ access_token: 'a', refresh_token: 'r2', token_type: 'Bearer' }),
  );
  /** @type {any[]} */
  const given = [];
  const preset = presets.oidcRefresh({
    ...oidc,
    onTokens: (tokens) => void given.push(tokens),
    fetch,
  });
  assert.equal((await preset.refresh()).state, 'unreachable');
  assert.equal((await preset.refresh()).state, 'alive');
  assert.equal(asked.length, 2);
  const form = new URLSearchParams(await /** @type {Request} */ (asked[1]).text());
  assert.deepEqual(Object.fromEntries(form), {
    client_id: 'app',
    grant_type: 'refresh_token',
    refresh_token: 'r1',
  });
  assert.equal(given[0].refresh_token, 'r2');
});

test('a provider that rotates nothing is given the same token each time', async () => {
  const { fetch, asked } = server(() => Response.json({ access_token: 'a', token_type: 'Bearer' }));
  const preset = presets.oidcRefresh({ ...oidc, fetch });
  assert.equal((await preset.refresh()).state, 'alive');
  assert.equal((await preset.refresh()).state, 'alive');
  assert.equal(asked.length, 2);
});

test('a page that goes refreshes nothing: nobody would read the new token', async () => {
  const { fetch, asked } = server(ok);
  await presets.oidcRefresh({ ...oidc, fetch }).send({ ...report, flush: true }, signal);
  assert.equal(asked.length, 0);
});
