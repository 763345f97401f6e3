/** `npm run size`: what a page loads for `import 'stillhere'`, after brotli, and its limit. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { dist, sizeLimit } from './lib/project.mjs';
import { program, Stop } from './lib/run.mjs';

/**
 * The entry, every chunk that it imports, and the wasm file.
 * @returns {string[]}
 */
function loadedFiles() {
  const found = new Set(['index.js']);
  for (const name of found) {
    const file = path.join(dist, name);
    if (!existsSync(file)) throw new Stop(`dist/${name} is missing: run \`npm run build\` first.`);
    const text = readFileSync(file, 'utf8');
    for (const [, chunk] of text.matchAll(/["']\.\/(chunk-[\w-]+\.js)["']/g)) {
      if (chunk) found.add(chunk);
    }
  }
  return [...found, 'stillhere.wasm'];
}

/** @param {Buffer} data */
function brotli(data) {
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length,
  };
  return zlib.brotliCompressSync(data, { params }).length;
}

/** Prints the table. @returns {boolean} whether the total is within the limit */
export function size() {
  const rows = loadedFiles().map((name) => {
    const data = readFileSync(path.join(dist, name));
    return { name: `dist/${name}`, raw: data.length, small: brotli(data) };
  });
  /** @param {'raw' | 'small'} column */
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  rows.push({ name: 'total', raw: sum('raw'), small: sum('small') });

  /** @param {string} name @param {string} raw @param {string} small */
  const line = (name, raw, small) => `${name.padEnd(24)}${raw.padStart(10)}${small.padStart(10)}`;
  console.log(line('file', 'raw', 'brotli'));
  for (const row of rows) console.log(line(row.name, commas(row.raw), commas(row.small)));

  const total = rows.at(-1)?.small ?? 0;
  const fits = total <= sizeLimit;
  const verdict = fits ? 'left of' : 'over';
  console.log(`${commas(Math.abs(sizeLimit - total))} bytes ${verdict} ${commas(sizeLimit)}`);
  return fits;
}

/** @param {number} n */
const commas = (n) => n.toLocaleString('en-US');

await program(import.meta.url, async () => (size() ? 0 : 1));
