/**
 * `npm run bench -- authority`: keep-alives a second of the authority with each of its stores, beside
 * an axum server that does nothing and beside servers whose sessions slide with each request. All of
 * them on this machine, together with the client; the rounds alternate. Prints a Markdown table, and
 * with `--json FILE` writes all rounds. `--quick` makes them short.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { program, Stop } from '../scripts/lib/run.mjs';
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

const CONNECTIONS = 16;
const TOKENS = 10_000;
const COOKIES = 1000;

/** @typedef {Awaited<ReturnType<typeof startNothing>>} Server */
/** @typedef {{ name: string, kind: string, server: Server, tokens: string, runs: Awaited<ReturnType<typeof touches>>[] }} Measured */

function settings() {
  try {
    const { values } = parseArgs({
      options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
    });
    return values;
  } catch (fault) {
    const { message } = /** @type {Error} */ (fault);
    throw new Stop(`${message} The options are --quick and --json FILE.`);
  }
}

/**
 * Starts each of them.
 * @param {{ url: string }} ours a Redis
 * @param {{ url: string }} theirs another
 */
async function startAll(ours, theirs) {
  /** @type {[string, () => Promise<Server | undefined>, string][]} */
  const kinds = [
    ['axum doing nothing', startNothing, 'bearer'],
    ['authority, memory', () => startAuthority('memory'), 'bearer'],
    ['authority, file', () => startAuthority(path.join(folder, 'bench.redb')), 'bearer'],
    ['authority, Redis', () => startAuthority(ours.url), 'bearer'],
    ['express-session rolling, connect-redis', () => startExpress(theirs.url), 'cookie'],
    ['Django, SESSION_SAVE_EVERY_REQUEST, Redis', () => startDjango(theirs.url), 'cookie'],
  ];
  /** @type {Measured[]} */
  const all = [];
  for (const [name, begin, kind] of kinds) {
    const server = await begin();
    if (!server) {
      console.log(`${name}: not measured, its packages cannot be installed here.`);
      continue;
    }
    const cookies = kind === 'cookie' ? await signedIn(server, COOKIES) : '';
    const own = name.startsWith('authority') ? await registered(server, TOKENS) : '';
    all.push({ name, kind, server, tokens: cookies || own, runs: [] });
  }
  return all;
}

/** @param {Measured} one @param {number} floor touches a second of the server that does nothing */
function row({ name, server, runs }, floor) {
  /** @param {'rate' | 'p50' | 'p99'} of */
  const all = (of) => runs.map((run) => run[of]);
  const rate = median(all('rate'));
  return {
    server: name,
    'of doing nothing': `${Math.round((rate / floor) * 100)} %`,
    'touches/s': Math.round(rate).toLocaleString('en'),
    spread: `${Math.round(Math.min(...all('rate')))} to ${Math.round(Math.max(...all('rate')))}`,
    'p50, ms': median(all('p50')).toFixed(2),
    'p99, ms': median(all('p99')).toFixed(2),
    'memory, MiB': Math.round(server.memory() / 2 ** 20),
    failed: runs.reduce((sum, run) => sum + run.bad, 0),
  };
}

await program(import.meta.url, async () => {
  const { quick, json } = settings();
  const [rounds, seconds] = quick ? [1, 2] : [3, 5];
  await ensurePeers();
  const [ours, theirs] = [await startRedis(), await startRedis()];
  const measured = await startAll(ours, theirs);
  const some = measured.find(({ name }) => name.startsWith('authority'))?.tokens ?? '';
  for (let round = 0; round < rounds; round++) {
    for (const { server, tokens, kind, runs } of measured) {
      const load = { tokens: tokens || some, kind, connections: CONNECTIONS, seconds };
      runs.push(await touches(server, load));
    }
  }
  const floor = median(measured[0]?.runs.map(({ rate }) => rate) ?? []);
  if (quick) console.log('A quick run: one round of 2 s, no spread.\n');
  printTable(measured.map((one) => row(one, floor)));
  if (json) {
    const about = { date: new Date().toISOString(), connections: CONNECTIONS, rounds, seconds };
    const servers = measured.map(({ name, runs }) => ({ server: name, runs }));
    writeFileSync(json, `${JSON.stringify({ about, servers }, undefined, 2)}\n`);
  }
  await Promise.all([...measured.map(({ server }) => server), ours, theirs].map((s) => s.stop()));
});
