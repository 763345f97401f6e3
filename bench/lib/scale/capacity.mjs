/** What a request, a token and an event stream cost the authority, and what they cost Redis. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  median,
  registered,
  registrations,
  startAuthority,
  startRedis,
  touches,
} from '../servers.mjs';

const TOKENS = 10_000;
const CONNECTIONS = 16;
const STREAMS = 4000;
/** More often than usual, so that there is enough to measure. */
const PING_MS = 10_000;
const FLAGS = ['--dev', '--idle-timeout', '8h', '--event-ping', `${PING_MS}ms`];

/** @typedef {import('../servers.mjs').Server} Server */

/**
 * Processor time of a server for each request, in microseconds: the median and all rounds.
 * @param {Server} server
 * @param {() => Promise<{ requests: number, bad: number }>} load
 * @param {number} rounds
 */
async function each(server, load, rounds) {
  const runs = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = server.processor();
    const { requests, bad } = await load();
    if (bad > 0) throw new Error(`${bad} requests failed.`);
    runs.push(((server.processor() - before) / requests) * 1e6);
  }
  return { median: median(runs), runs };
}

/** @param {Server} server */
async function openStream(server, /** @type {string} */ token) {
  const { hostname, port } = new URL(server.base);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  const [first] = await once(socket, 'data');
  if (!`${first}`.startsWith('HTTP/1.1 200')) throw new Error(`No event stream: ${first}`);
  socket.resume();
  return socket;
}

/**
 * Many streams that are opened and then stay silent.
 * @param {Server} server
 * @param {string[]} tokens
 */
async function streams(server, tokens) {
  const [memory, processor] = [server.memory(), server.processor()];
  const sockets = [];
  for (let at = 0; at < STREAMS; at += 50) {
    const some = tokens.slice(at, at + 50).map((token) => openStream(server, token));
    sockets.push(...(await Promise.all(some)));
  }
  const opened = { memory: server.memory(), processor: server.processor() };
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 4 * PING_MS));
  const pings = (sockets.length * (performance.now() - began)) / PING_MS;
  const pinged = server.processor();
  for (const socket of sockets) socket.destroy();
  return {
    open: ((opened.processor - processor) / sockets.length) * 1e6,
    ping: ((pinged - opened.processor) / pings) * 1e6,
    bytes: (opened.memory - memory) / sockets.length,
  };
}

/**
 * @param {object} how
 * @param {number} how.rounds
 * @param {number} how.seconds of each round
 */
export async function measureCapacity({ rounds, seconds }) {
  const server = await startAuthority('memory', FLAGS);
  try {
    const tokens = await registered(server, TOKENS);
    /** @param {string} kind */
    const under = (kind) =>
      each(
        server,
        () => touches(server, { tokens, kind, seconds, connections: CONNECTIONS }),
        rounds,
      );
    const keepalive = await under('bearer');
    const question = await under('ask');
    const preflight = await under('preflight');
    const some = readFileSync(tokens, 'utf8').trim().split('\n');
    const stream = await streams(server, some);
    return {
      keepalive,
      question,
      preflight,
      stream: { median: stream.open, runs: [stream.open] },
      ping: { median: stream.ping, runs: [stream.ping] },
      bytesPerStream: stream.bytes,
    };
  } finally {
    await server.stop();
  }
}

/** The same for tokens that are registered, by a server of their own: memory is not given back. */
export async function measureTokens() {
  const server = await startAuthority('memory', FLAGS);
  try {
    const memory = server.memory();
    let requests = 0;
    const load = async () => {
      const done = await registrations(server, 0);
      requests += done.requests;
      return done;
    };
    const signIn = await each(server, load, 1);
    return { signIn, bytesPerToken: (server.memory() - memory) / requests };
  } finally {
    await server.stop();
  }
}

/**
 * The same keep-alives with Redis: processor time of both, and memory of a token on Redis.
 * @param {{ rounds: number, seconds: number }} how
 */
export async function measureRedis({ rounds, seconds }) {
  const redis = await startRedis();
  const server = await startAuthority(redis.url, FLAGS);
  try {
    const tokens = await registered(server, TOKENS);
    const before = redis.processor();
    let requests = 0;
    const load = async () => {
      const done = await touches(server, { tokens, seconds, connections: CONNECTIONS });
      requests += done.requests;
      return done;
    };
    const keepalive = await each(server, load, rounds);
    const redisMicros = ((redis.processor() - before) / requests) * 1e6;
    const memory = redis.memory();
    const { requests: known } = await registrations(server, 0);
    return { keepalive, redisMicros, bytesPerToken: (redis.memory() - memory) / known };
  } finally {
    await server.stop();
    await redis.stop();
  }
}
