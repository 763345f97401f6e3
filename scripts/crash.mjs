/**
 * `npm run crash [-- --rounds N] [--seed S] [--store file|redis]`: kills the authority, or Redis, under
 * load, cuts nodes off, and checks what was acknowledged; both stores without `--store`. CI plays a few
 * rounds of each.
 */
import { parseArgs } from 'node:util';
import { program, run, Stop } from './lib/run.mjs';
import { ensureServers } from './lib/servers.mjs';
import { ensureTools } from './tools.mjs';

const stores = ['file', 'redis'];
/** The tests read 64 bits. */
const largest = 2n ** 64n - 1n;

/** @param {string} name @param {string} text @param {bigint} least */
function whole(name, text, least) {
  const number = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (number < least || number > largest) {
    throw new Stop(`--${name} must be a whole number from ${least}, not ${text}.`);
  }
  return `${number}`;
}

/** @param {string[]} given */
function wishes(given) {
  const text = /** @type {const} */ ({ type: 'string' });
  const options = { rounds: text, seed: text, store: text };
  let values;
  try {
    values = parseArgs({ args: given, options }).values;
  } catch (error) {
    const [why] = /** @type {Error} */ (error).message.split(/[.\n]/, 1);
    throw new Stop(`${why}: the options are --rounds N, --seed S and --store file or redis.`);
  }
  const { rounds = '100', seed = `${Date.now()}`, store } = values;
  if (store !== undefined && !stores.includes(store)) {
    throw new Stop(`--store must be ${stores.join(' or ')}, not ${store}.`);
  }
  return {
    rounds: whole('rounds', rounds, 1n),
    seed: whole('seed', seed, 0n),
    // The test of a store is in the module of that name.
    filter: store ? [`${store}::`] : [],
    redis: store !== 'file',
  };
}

await program(import.meta.url, async () => {
  const { rounds, seed, filter, redis } = wishes(process.argv.slice(2));
  await ensureTools({});
  if (redis) await ensureServers();
  console.log(`rounds ${rounds}, seed ${seed}`);
  const env = { ...process.env, STILLHERE_ROUNDS: rounds, STILLHERE_SEED: seed };
  // One after the other: each has the machine to itself.
  const args = ['--nocapture', '--test-threads=1', ...filter];
  const test = ['test', '-p', 'stillhere-authority', '--test', 'crash', '--', ...args];
  return (await run('cargo', test, { env })).code;
});
