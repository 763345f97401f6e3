/**
 * `npm run bench [-- PART... [--OPTION...]]`: runs the programs of bench/, each of which prints a table.
 * From the first option on everything is for the part, which says what it knows.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { buildAgent, buildAuthority } from './build.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

const folder = path.join(root, 'bench');

await program(import.meta.url, async () => {
  const known = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => path.basename(file, '.mjs'));
  const words = process.argv.slice(2);
  const at = words.findIndex((word) => word.startsWith('--'));
  const [wished, options] = at < 0 ? [words, []] : [words.slice(0, at), words.slice(at)];
  if (options.length > 0 && wished.length !== 1) {
    throw new Stop(`${options[0]} is for one part: npm run bench -- PART ${options.join(' ')}`);
  }
  const unknown = wished.find((part) => !known.includes(part));
  if (unknown) throw new Stop(`There is no part ${unknown}; the parts are ${known.join(', ')}.`);
  await ensureTools({});
  await buildAgent();
  await buildAuthority();
  const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
  for (const part of wished.length > 0 ? wished : known) {
    console.log(`\n## ${part}\n`);
    const { code } = await run(process.execPath, [path.join(folder, `${part}.mjs`), ...options], {
      env,
    });
    if (code !== 0) return code;
  }
  return 0;
});
