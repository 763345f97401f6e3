/** A 401 that only asks for a newer DPoP nonce is no death (RFC 9449, 9). */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { bundle } from './fuzz/bundle.mjs';

const { authority } = await bundle(`export { authority } from './js/authority.ts';`);

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

const alive = () => Response.json({ state: 'alive', idle_ms: 1, remaining_ms: 9 });
/** @param {string} error */
const refused = (error) =>
  new Response('{}', { status: 401, headers: { 'WWW-Authenticate': `DPoP error="${error}"` } });

/** Asks a server that gives these answers, and counts the requests. @param {(() => Response)[]} answers */
async function ask(...answers) {
  let requests = 0;
  globalThis.fetch = async () => {
    const answer = answers[Math.min(requests, answers.length - 1)] ?? alive;
    requests += 1;
    return answer();
  };
  const client = authority(new URL('https://id.example'), () => 'a token');
  const { state } = await client.ask(new AbortController().signal);
  return { state, requests };
}

test('it is tried once more, by whoever signs it with the nonce', async () => {
  const answer = await ask(() => refused('use_dpop_nonce'), alive);
  assert.deepEqual(answer, { state: 'alive', requests: 2 });
});

test('and no more than once', async () => {
  const answer = await ask(() => refused('use_dpop_nonce'));
  assert.deepEqual(answer, { state: 'gone', requests: 2 });
});

test('any other 401 ends at once', async () => {
  const answer = await ask(() => refused('invalid_token'), alive);
  assert.deepEqual(answer, { state: 'gone', requests: 1 });
});
