import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.js'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
});
// The agent looks for it beside the file that it is bundled into.
copyFileSync(fileURLToPath(import.meta.resolve('stillhere/stillhere.wasm')), 'dist/stillhere.wasm');
copyFileSync('src/index.html', 'dist/index.html');
copyFileSync('../common/style.css', 'dist/style.css');
