/**
 * `npm run bench -- million`: a million live tokens in each store: memory for each, the slowest touches
 * under load, and how late ends are when 10,000 are due within one second. Prints a Markdown table.
 */
import path from 'node:path';
import {
  ADMIN,
  ensurePeers,
  fileOf,
  folder,
  registrations,
  startAuthority,
  startRedis,
  touches,
} from './lib/servers.mjs';
import { printTable } from './lib/table.mjs';

const TOKENS = 1_000_000;
const DUE = 10_000;
const DUE_AFTER_MS = 20_000;

await ensurePeers();
const redis = await startRedis();

/** @typedef {Awaited<ReturnType<typeof startAuthority>>} Server */

/** @param {Server} server */
async function metrics(server) {
  const text = await (await fetch(`${server.base}/metrics`)).text();
  /** @param {string} name */
  const value = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0);
  const buckets = [...text.matchAll(/^stillhere_end_delay_seconds_bucket{le="(.*?)"} (\d+)/gm)];
  return {
    sessions: value('stillhere_sessions'),
    ends: value('stillhere_end_delay_seconds_count'),
    buckets,
  };
}

/**
 * @param {Server} server
 * @param {string} bearer
 * @param {string} method
 * @param {string} route
 * @param {unknown} body
 */
async function call(server, bearer, method, route, body) {
  const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
  const answer = await fetch(server.base + route, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.text();
}

/**
 * One call for each of those that will be due, many at a time.
 * @param {Server} server
 * @param {(at: number, token: string) => [string, string, unknown]} what bearer, path and body
 */
async function forEachDue(server, what) {
  let at = 0;
  const one = async () => {
    while (at < DUE) {
      const number = at++;
      const [bearer, route, body] = what(number, `bench-due-${number}-of-some-length`);
      await call(server, bearer, 'POST', route, body);
    }
  };
  await Promise.all(Array.from({ length: 64 }, one));
}

/**
 * Many that are due within one second: the bound within which 99 of 100 were carried out, in
 * milliseconds.
 * @param {Server} server
 */
async function lateness(server) {
  const layer = { priority: 1, idle_timeout_ms: DUE_AFTER_MS, warn_before_ms: 0 };
  await call(server, ADMIN, 'PUT', '/v1/admin/policy/groups/due', layer);
  const before = await metrics(server);
  await forEachDue(server, (_, token) => [
    ADMIN,
    '/v1/sessions',
    { token, user: token, groups: ['due'] },
  ]);
  // Each is told to have been active at a moment of its own within one second that has passed.
  const second = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const counts = { keystrokes: 1, clicks: 0, heartbeats: 0, notes: 0 };
  await forEachDue(server, (at, token) => {
    const age_ms = Date.now() - second - (at % 1000);
    return [token, '/v1/keepalive', { age_ms, counts, contexts: 1, holds: [], agent: 'bench' }];
  });
  if (Date.now() >= second + DUE_AFTER_MS) throw new Error('This machine is too slow for that.');
  let after = before;
  while (after.ends - before.ends < DUE) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    after = await metrics(server);
  }
  const within = after.buckets.find(([, , count], number) => {
    const known = Number(before.buckets[number]?.[2] ?? 0);
    return Number(count) - known >= 0.99 * DUE;
  });
  return Number(within?.[1]) * 1000;
}

const rows = [];
for (const [name, store] of [
  ['memory', 'memory'],
  ['file', path.join(folder, 'million.redb')],
  ['Redis', redis.url],
]) {
  const server = await startAuthority(`${store}`, ['--dev', '--idle-timeout', '8h']);
  const empty = [server.memory(), redis.memory()];
  let known = 0;
  const tokens = [];
  for (let from = 0; known < TOKENS; from++) {
    await registrations(server, from);
    known = (await metrics(server)).sessions;
    for (let at = 1; at <= 2000; at++) tokens.push(`bench-million-${from}-0-${at}`);
  }
  const full = [server.memory(), redis.memory()];
  const load = { tokens: fileOf(tokens), seconds: 10, connections: 16 };
  const touched = await touches(server, load);
  const used = [server.memory(), redis.memory()];
  const late = await lateness(server);
  /** @param {number} at */
  const each = (at) =>
    [full, used].map((now) => Math.round((Number(now[at]) - Number(empty[at])) / known)).join(', ');
  rows.push({
    store: name,
    tokens: known.toLocaleString('en'),
    'bytes each, new and touched: authority': each(0),
    Redis: store === redis.url ? each(1) : '',
    'touches/s': Math.round(touched.rate).toLocaleString('en'),
    'p99, ms': touched.p99.toFixed(2),
    '99 % of 10,000 in one second carried out within, ms': late,
  });
  await server.stop();
}
printTable(rows);
await redis.stop();
