/**
 * `npm run soak [-- --seeds N] [--from S] [--trace]`: plays the stories of the simulator
 * (tests/simulator), without `--seeds` until it is stopped.
 */
import { program, run } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

/** @param {string[]} options */
export async function soak(options) {
  const args = ['run', '--release', '--quiet', '-p', 'stillhere-simulator', '--bin', 'soak', '--'];
  return (await run('cargo', [...args, ...options])).code ?? 1;
}

await program(import.meta.url, async () => {
  await ensureTools();
  return soak(process.argv.slice(2));
});
