/**
 * `npm run bench -- authority`: keep-alives a second of the authority with each of its stores, beside
 * an axum server that does nothing and beside servers whose sessions slide with each request. All of
 * them on this machine, together with the client; the rounds alternate. Prints a Markdown table.
 */
import path from 'node:path';
import {
  ensurePeers,
  folder,
  median,
  registered,
  signedIn,
  startAuthority,
  startDjango,
  startExpress,
  startNothing,
  startRedis,
  touches,
} from './lib/servers.mjs';
import { printTable } from './lib/table.mjs';

const ROUNDS = 3;
const SECONDS = 5;
const CONNECTIONS = 16;
const TOKENS = 10_000;
const COOKIES = 1000;

await ensurePeers();
const [ours, theirs] = [await startRedis(), await startRedis()];

/** @typedef {Awaited<ReturnType<typeof startNothing>>} Server */
/** @type {[string, () => Promise<Server | undefined>, string][]} */
const kinds = [
  ['axum doing nothing', startNothing, 'bearer'],
  ['authority, memory', () => startAuthority('memory'), 'bearer'],
  ['authority, file', () => startAuthority(path.join(folder, 'bench.redb')), 'bearer'],
  ['authority, Redis', () => startAuthority(ours.url), 'bearer'],
  ['express-session rolling, connect-redis', () => startExpress(theirs.url), 'cookie'],
  ['Django, SESSION_SAVE_EVERY_REQUEST, Redis', () => startDjango(theirs.url), 'cookie'],
];

const measured = [];
for (const [name, begin, kind] of kinds) {
  const server = await begin();
  if (!server) {
    console.log(`${name}: not measured, its packages cannot be installed here.`);
    continue;
  }
  const cookies = kind === 'cookie';
  const tokens = cookies ? await signedIn(server, COOKIES) : '';
  const own = name.startsWith('authority') ? await registered(server, TOKENS) : '';
  measured.push({ name, kind, server, tokens: tokens || own, runs: [] });
}
const some = measured.find(({ name }) => name.startsWith('authority'))?.tokens ?? '';
for (let round = 0; round < ROUNDS; round++) {
  for (const one of measured) {
    const load = { tokens: one.tokens || some, kind: one.kind, connections: CONNECTIONS };
    /** @type {Awaited<ReturnType<typeof touches>>[]} */ (one.runs).push(
      await touches(one.server, { ...load, seconds: SECONDS }),
    );
  }
}

const floor = median(measured[0]?.runs.map(({ rate }) => rate) ?? []);
printTable(
  measured.map(({ name, server, runs }) => {
    /** @param {'rate' | 'p50' | 'p99'} of */
    const all = (of) => runs.map((/** @type {any} */ run) => run[of]);
    const rate = median(all('rate'));
    return {
      server: name,
      'touches/s': Math.round(rate).toLocaleString('en'),
      spread: `${Math.round(Math.min(...all('rate')))} to ${Math.round(Math.max(...all('rate')))}`,
      'of doing nothing': `${Math.round((rate / floor) * 100)} %`,
      'p50, ms': median(all('p50')).toFixed(2),
      'p99, ms': median(all('p99')).toFixed(2),
      'memory, MiB': Math.round(server.memory() / 2 ** 20),
      failed: runs.reduce((sum, /** @type {any} */ run) => sum + run.bad, 0),
    };
  }),
);
await Promise.all([...measured.map(({ server }) => server), ours, theirs].map((s) => s.stop()));
