/** Whatever a server sends becomes one of four answers, and nothing throws or hangs. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { bundle, check } from './bundle.mjs';

const { authority, Page } = await bundle(
  `export { authority } from './js/authority.ts'; export { Page } from './js/page.ts';`,
);

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

const STATES = ['alive', 'gone', 'unreachable', 'invalid'];
/** Numbers of an answer that crosses to the machine (src/core/flat.rs). */
const FLAT = 20;
/** Where the room is, in bytes. */
const ROOM = 1024;
const REPORT = { ageMs: 1, counts: {}, contexts: 1, holds: [], flush: false };

/** JSON that no string can be made of. */
const stubborn = fc.constantFrom({ toString: 1, valueOf: 1 }, { toString: null });
/** @param {fc.Arbitrary<unknown>} right */
const nearly = (right) =>
  fc.oneof({ weight: 5, arbitrary: right }, fc.jsonValue(), fc.double(), stubborn);
const ms = nearly(fc.integer({ min: 0, max: 1_000_000 }));
const policy = fc.record(
  {
    version: ms,
    idle_timeout_ms: ms,
    warn_before_ms: ms,
    keepalive_ms: ms,
    logout_at: nearly(fc.date({ noInvalidDate: true }).map((date) => date.toISOString())),
    mode: nearly(fc.constantFrom('enforce', 'observe')),
    counts: nearly(
      fc.record(
        { keystrokes: nearly(fc.boolean()), system: nearly(fc.boolean()) },
        { requiredKeys: [] },
      ),
    ),
    max_hold_ms: ms,
    on_lock: nearly(fc.constantFrom('nothing', 'warn', 'end', 'constructor')),
  },
  { requiredKeys: [] },
);
const state = fc.record(
  {
    state: nearly(fc.constantFrom('alive', 'held', 'ended')),
    because: nearly(fc.constantFrom('idle', 'revoked', 'constructor')),
    idle_ms: ms,
    remaining_ms: ms,
    policy: nearly(policy),
  },
  { requiredKeys: [] },
);
const text = fc.oneof(
  state.map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string({ unit: 'binary' }),
);
/** @type {fc.Arbitrary<BodyInit>} */
const body = fc.oneof(text, fc.uint8Array());
const status = fc.oneof(
  fc.constantFrom(200, 200, 200, 401, 429, 503),
  fc.integer({ min: 200, max: 599 }),
);
const retryAfter = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.double().map(String),
  fc.constantFrom('30', '-1', '', 'Infinity'),
);

const reply = fc.record({ status, body, retryAfter, breaks: fc.boolean() });

/** @param {{ status: number, body: BodyInit, retryAfter: string, breaks: boolean }} reply */
function respond({ status, body, retryAfter, breaks }) {
  const headers = { 'Retry-After': retryAfter.trim() };
  if (status === 204 || status === 205 || status === 304) {
    return new Response(null, { status, headers });
  }
  const given = new Response(body, { status, headers });
  return breaks ? new Response(given.body && broken(given.body), { status, headers }) : given;
}

/** The first piece of it and then an error. @param {ReadableStream<Uint8Array>} whole */
function broken(whole) {
  return new ReadableStream({
    async start(controller) {
      const { value } = await whole.getReader().read();
      if (value) controller.enqueue(value);
      controller.error(new TypeError('the connection broke'));
    },
  });
}

/** @param {() => Response} make */
function serve(make) {
  globalThis.fetch = async () => make();
}

/** @template T @param {Promise<T>} work @returns {Promise<T>} */
async function soon(work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), 2000);
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

const signal = new AbortController().signal;
const server = authority(new URL('http://localhost:1/'), () => 'a-token');

/** @param {Float64Array} flat */
function isFlat(flat) {
  assert.ok(flat instanceof Float64Array);
  assert.ok(flat.length === FLAT || (flat.length === 1 && Number.isNaN(flat[0])), `${flat}`);
  assert.ok(flat.length === 1 || [-1, 0, 1, 2].includes(Number(flat[0])));
}

/**
 * A page whose machine only listens, and what crossed to it.
 * @param {object} server
 */
function pageOf(server) {
  const crossed = /** @type {Float64Array[]} */ ([]);
  const page = new Page(server, { locks: [], token: 0 }, () => {});
  // The room is where the module would have made it, and the numbers of a report before it.
  const memory = { buffer: new ArrayBuffer(4096) };
  let length = 0;
  page.machine = {
    memory,
    room(/** @type {number} */ bytes) {
      length = bytes;
      return ROOM;
    },
    answer: () => crossed.push(new Float64Array(memory.buffer.slice(ROOM, ROOM + length))),
    tell() {},
  };
  return { page, crossed };
}

/**
 * Of a request whose answer somebody waits for, one crosses; of a flush or an end, none.
 * @param {object} server
 * @param {number} what
 */
async function crosses(server, what) {
  const { page, crossed } = pageOf(server);
  await soon(page.request(what, 1, 0, 7));
  assert.equal(crossed.length, what === 0 || what === 2 ? 1 : 0);
  crossed.forEach(isFlat);
}

test('every reply to a keep-alive, a question and an end is one of four answers', async () => {
  const property = fc.asyncProperty(reply, async (given) => {
    serve(() => respond(given));
    for (const call of [
      () => server.send(REPORT, signal),
      () => server.ask(signal),
      () => server.end('signed-out', signal),
    ]) {
      // One that breaks off may fail as a connection that never was does.
      const { state } = await soon(call()).catch((fault) => {
        if (given.breaks && fault instanceof TypeError) return { state: 'unreachable' };
        throw fault;
      });
      assert.ok(STATES.includes(state));
    }
  });
  await check('answer', property);
});

test('every reply crosses to the machine as numbers', async () => {
  const property = fc.asyncProperty(reply, fc.integer({ min: 0, max: 8 }), async (given, what) => {
    serve(() => respond(given));
    await crosses(server, what);
  });
  await check('answer as numbers', property);
});

test('whatever a KeepAlive gives, throws or rejects with crosses as numbers', async () => {
  const property = fc.asyncProperty(
    fc.anything({ withNullPrototype: true }),
    fc.integer({ min: 0, max: 2 }),
    async (given, way) => {
      const give = () => {
        if (way === 0) throw given;
        return way === 1 ? Promise.reject(given) : given;
      };
      for (const what of [0, 1, 2, 3]) await crosses({ send: give, ask: give }, what);
    },
  );
  await check('answer of a KeepAlive', property);
});

test('every event stream ends, and what it brings crosses as numbers', async () => {
  const line = fc.oneof(
    state.map((value) => `data: ${JSON.stringify(value)}\n\n`),
    policy.map((value) => `event: policy\ndata: ${JSON.stringify(value)}\n\n`),
    fc.json().map((value) => `data:${value}\r\n\r\n`),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\n', 'data:', 'event: policy\n', ': ping\n\n', 'data\n\n'),
  );
  const stream = fc.record({
    status,
    body: fc.array(line).map((lines) => lines.join('')),
    retryAfter,
    breaks: fc.boolean(),
  });
  const property = fc.asyncProperty(stream, async (given) => {
    serve(() => respond(given));
    const { page, crossed } = pageOf(server);
    await soon(page.listen());
    crossed.forEach(isFlat);
  });
  await check('event stream', property);
});

test('an event crosses with the moment at which it was true, where it has one', async () => {
  const alive = { state: 'alive', idle_ms: 5 };
  for (const [event, data, moment] of /** @type {[string, object, number][]} */ ([
    ['state', { ...alive, at_ms: 7 }, 7],
    ['policy', { version: 8, at_ms: 0 }, 0],
    ['ended', { state: 'ended', because: 'idle', at_ms: 9 }, 9],
    ['state', alive, -1],
    ['state', { ...alive, at_ms: '7' }, Number.NaN],
  ])) {
    serve(() => new Response(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    const { page, crossed } = pageOf(server);
    await soon(page.listen());
    assert.deepEqual(
      crossed.map((flat) => flat.at(-1)),
      [moment],
      event,
    );
  }
});
