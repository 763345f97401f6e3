/** An answer that breaks off in the middle is a network that failed; a 401 ends with its head. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { bundle } from './fuzz/bundle.mjs';

const { authority } = await bundle(`export { authority } from './js/authority.ts';`);

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** Asks a server whose answer is cut after that. @param {string} begin @param {number} status */
function ask(begin, status) {
  globalThis.fetch = async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(begin)),
      pull: (controller) => controller.error(new TypeError('network error')),
    });
    return new Response(body, { status });
  };
  const client = authority(new URL('https://id.example'), () => 'a token');
  return client.ask(new AbortController().signal);
}

test('what breaks off fails like a connection that never was', async () => {
  await assert.rejects(ask('{"state":"al', 200), TypeError);
});

test('what is whole and no JSON is an answer that makes no sense', async () => {
  globalThis.fetch = async () => new Response('<html>');
  const client = authority(new URL('https://id.example'), () => 'a token');
  assert.equal((await client.ask(new AbortController().signal)).state, 'invalid');
});

test('a 401 ends, whatever becomes of its body', async () => {
  const { state, because } = await ask('{"because":"id', 401);
  assert.deepEqual({ state, because }, { state: 'gone', because: 'revoked' });
});
