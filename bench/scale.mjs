/**
 * `npm run bench -- scale [--quick] [--write]`: what many users cost in requests, bytes and nodes, from
 * what is measured here, and a simulation of them against a real authority that checks it. Prints
 * docs/scale.md, or writes it. The full run takes about half an hour, most of it the simulation's: its
 * tokens must be idle for as long as its users can be.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../scripts/lib/project.mjs';
import { program, Stop } from '../scripts/lib/run.mjs';
import { measureCapacity, measureRedis, measureTokens } from './lib/scale/capacity.mjs';
import { overHttp2 } from './lib/scale/http2.mjs';
import { page } from './lib/scale/page.mjs';
import { buildPopulation, population, simulate } from './lib/scale/simulate.mjs';
import { measureWire } from './lib/scale/wire.mjs';
import { ensurePeers } from './lib/servers.mjs';

/**
 * The slow speed, and one at which there is enough to see of everything: for no longer than 20,000 open
 * files allow, since each event stream that is opened meanwhile has a connection.
 */
const FULL = { users: '1000000', pace: ['0.0001:600', '0.2:15'], 'idle-minutes': '15' };
const QUICK = { users: '20000', pace: ['0.01:5', '1:20'], 'idle-minutes': '5' };

function settings() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        json: { type: 'string' },
        users: { type: 'string' },
        pace: { type: 'string', multiple: true },
        'idle-minutes': { type: 'string' },
      },
    });
    return { ...(values.quick ? QUICK : FULL), ...values };
  } catch (fault) {
    const known =
      '--quick, --write, --json FILE, --users N, --pace SPEED:SECONDS, --idle-minutes N';
    throw new Stop(`${/** @type {Error} */ (fault).message} The options are ${known}.`);
  }
}

/** @param {{ median: number }} cost */
const middle = ({ median }) => median;

/** @param {ReturnType<typeof settings>} how */
async function measure(how) {
  const load = how.quick ? { rounds: 1, seconds: 2 } : { rounds: 3, seconds: 5 };
  const predicted = await population(['predict']);
  const wire = await measureWire();
  /** @type {Record<string, unknown>} */
  const http2 = {};
  for (const [kind, sample] of Object.entries(wire.samples)) http2[kind] = await overHttp2(sample);
  const capacity = await measureCapacity(load);
  const tokens = await measureTokens();
  const redis = await measureRedis(load);
  const { bytesPerStream, ...perRequest } = capacity;
  const micros = { ...perRequest, 'sign-in': tokens.signIn };
  const costs = {
    bytes: wire.bytes,
    ping: wire.ping,
    micros: Object.fromEntries(Object.entries(micros).map(([kind, cost]) => [kind, middle(cost)])),
    bytesPerStream,
    bytesPerToken: tokens.bytesPerToken,
  };
  const idleMinutes = Number(how['idle-minutes']);
  const simulated = await simulate({
    users: Number(how.users),
    idleMinutes,
    pace: how.pace,
    heads: wire.heads,
  });
  const about = {
    command: ['npm run bench -- scale', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString().slice(0, 10),
    chromium: wire.version,
  };
  return {
    predicted,
    costs,
    http2,
    capacity,
    redis,
    simulated: { ...simulated, idleMinutes },
    about,
  };
}

await program(import.meta.url, async () => {
  const how = settings();
  await ensurePeers();
  await buildPopulation();
  const measured = await measure(how);
  if (how.json) writeFileSync(how.json, JSON.stringify(measured, undefined, 2));
  const text = page(measured);
  if (how.write) writeFileSync(path.join(root, 'docs', 'scale.md'), text);
  else console.log(text);
  return 0;
});
