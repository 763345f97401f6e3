/**
 * What one request costs on the wire: a page in Chromium on one origin, an authority on another, and
 * between them a connection that is passed on byte by byte and written down.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startAuthority } from '../../../tests/browser/lib/authority.mjs';
import { pause, startAgents, startChromium } from '../../../tests/browser/lib/chromium.mjs';

/** As long as 256 random bits are in base64url, and as the simulation's tokens are. */
const TOKEN = 'wire-token-of-43-characters-as-256-bits-are';
const PING_MS = 5_000;

/** @typedef {{ request: string, answer: string }} Exchange heads and bodies, a character for each byte */

/** Passes connections on and writes down what went over them, request by request. @param {number} port */
async function startRecorder(port) {
  /** @type {Exchange[]} */
  const exchanges = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    /** @type {Exchange | undefined} */
    let current;
    client.on('data', (data) => {
      if (!current || current.answer) {
        current = { request: '', answer: '' };
        exchanges.push(current);
      }
      current.request += data.toString('latin1');
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (current) current.answer += data.toString('latin1');
      client.write(data);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      one?.on('error', () => other?.destroy());
      one?.on('close', () => other?.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { exchanges, port: address.port, stop: () => server.close() };
}

/** @param {Exchange[]} exchanges @param {string} start of the request */
function found(exchanges, start) {
  const all = exchanges.filter(({ request }) => request.startsWith(start));
  const one = all.at(-1);
  if (!one) throw new Error(`Chromium sent no ${start}.`);
  return { ...one, times: all.length };
}

/** @param {string} text */
function parts(text) {
  const at = text.indexOf('\r\n\r\n') + 4;
  return { head: text.slice(0, at), body: text.slice(at) };
}

/** A head with places for what differs. @param {string} request @param {string} authority */
function template(request, authority) {
  return parts(request)
    .head.replace(authority, '{authority}')
    .replace(TOKEN, '{token}')
    .replace(/(content-length: )\d+/i, '$1{length}');
}

/** A day at the page, in short. @param {number} port of the recorder @param {any} authority */
async function visit(port, authority) {
  const chromium = await startChromium();
  try {
    // Headless or not is no difference that users would see.
    const agent = (await chromium.browser.userAgent()).replace('Headless', '');
    const tab = await chromium.open(authority.base.replace('localhost', 'app.localhost'));
    await tab.setUserAgent(agent);
    await startAgents([tab], TOKEN, `http://localhost:${port}`);
    for (let at = 0; at < 3; at += 1) {
      await tab.keyboard.press('a');
      await pause(1500);
    }
    await pause(PING_MS + 2000);
    await tab.evaluate("agent.end('signed-out')");
    await pause(500);
  } finally {
    await chromium.close();
  }
}

/**
 * The heads that Chromium sends, and for each kind the bytes of a request and of its answer.
 * @returns {Promise<{ heads: any, bytes: Record<string, { sent: number, received: number }>, ping: number, version: string, samples: Record<string, Exchange> }>}
 */
export async function measureWire() {
  const times = {
    idle: '15min',
    warn: '60s',
    keepAlive: '1s',
    more: ['--event-ping', `${PING_MS}ms`],
  };
  const authority = await startAuthority(times);
  const recorder = await startRecorder(Number(new URL(authority.base).port));
  try {
    const body = { token: TOKEN, user: 'wire' };
    const { status } = await authority.admin('POST', '/v1/sessions', body);
    if (status !== 201) throw new Error(`The token was not taken: ${status}.`);
    await visit(recorder.port, authority);
  } finally {
    recorder.stop();
    await authority.stop();
  }
  return report(recorder.exchanges, `localhost:${recorder.port}`);
}

/** @param {Exchange[]} exchanges @param {string} authority */
function report(exchanges, authority) {
  /** @param {string} start */
  const of = (start) => found(exchanges, start);
  const preflights = ['keepalive', 'session', 'events'].map((path) => of(`OPTIONS /v1/${path}`));
  const again = preflights.find(({ times }) => times > 1);
  if (again) throw new Error('Chromium did not cache a preflight.');
  const samples = {
    keepalive: of('POST /v1/keepalive'),
    question: of('GET /v1/session'),
    end: of('DELETE /v1/session'),
    stream: of('GET /v1/events'),
    preflight: /** @type {Exchange} */ (preflights[0]),
  };
  const [first] = samples.stream.answer.split(/[0-9a-f]+\r\n:/);
  const ping = /[0-9a-f]+\r\n:[^\r]*\r\n/.exec(samples.stream.answer)?.[0].length;
  if (!first || !ping) throw new Error('No ping came on the event stream.');
  samples.stream.answer = first;
  const bytes = Object.fromEntries(
    Object.entries(samples).map(([kind, { request, answer }]) => [
      kind,
      { sent: request.length, received: answer.length },
    ]),
  );
  /** @param {Exchange} exchange */
  const head = ({ request }) => template(request, authority);
  const heads = {
    keepalive: head(samples.keepalive),
    question: head(samples.question),
    end: head(samples.end),
    stream: head(samples.stream),
    preflight: preflights.map(head),
  };
  const version = /Chrome\/\S+/.exec(samples.keepalive.request)?.[0] ?? 'unknown';
  return { heads, bytes, ping, version, samples };
}
