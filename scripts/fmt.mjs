/** `npm run fmt`: formats the Rust and the rest, and sorts imports. */
import { nodeTool, program, run } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

await program(import.meta.url, async () => {
  await ensureTools({ lint: true });
  const rust = await run('cargo', ['fmt', '--all']);
  const { command, script } = nodeTool('@biomejs/biome/bin/biome');
  const rest = await run(command, [script, 'check', '--write', '--no-errors-on-unmatched']);
  return rust.code || rest.code;
});
