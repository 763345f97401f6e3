/**
 * `npm run crash [-- --rounds N] [--seed S]`: kills the authority under load, starts it again on its file
 * and checks what it had acknowledged. CI plays four rounds.
 */
import { parseArgs } from 'node:util';
import { program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

await program(import.meta.url, async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '100' },
      seed: { type: 'string', default: `${Date.now()}` },
    },
  });
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d+$/.test(value)) throw new Stop(`--${name} must be a whole number, not ${value}.`);
  }
  await ensureTools({});
  console.log(`rounds ${values.rounds}, seed ${values.seed}`);
  const env = { ...process.env, STILLHERE_ROUNDS: values.rounds, STILLHERE_SEED: values.seed };
  const args = ['test', '-p', 'stillhere-authority', '--test', 'crash', '--', '--nocapture'];
  return (await run('cargo', args, { env })).code;
});
