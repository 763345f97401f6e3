/**
 * `npm run size`: what a page loads for each entry of the package, after brotli, and whether that is what is
 * pinned.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { dist, sizes } from './lib/project.mjs';
import { program, Stop } from './lib/run.mjs';

/**
 * The entry and every chunk that it imports.
 * @param {string} entry
 * @param {boolean} later also what it imports by `import(…)`, once that is needed
 * @returns {string[]}
 */
function loadedFiles(entry, later) {
  const first = `${entry}.js`;
  const found = new Set([first]);
  const imported = later
    ? /(?:from|import)\s*\(?["'`]\.\/([\w-]+\.js)["'`]/g
    : /(?:from|import)\s*["']\.\/([\w-]+\.js)["']/g;
  for (const name of found) {
    const file = path.join(dist, name);
    if (!existsSync(file)) throw new Stop(`dist/${name} is missing: run \`npm run build\` first.`);
    for (const [, chunk] of readFileSync(file, 'utf8').matchAll(imported)) {
      // Who has an agent has its file already.
      if (chunk && chunk !== 'index.js') found.add(chunk);
    }
  }
  return entry === 'index' ? [...found, 'stillhere.wasm'] : [...found];
}

/** @param {Buffer} data */
function brotli(data) {
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length,
  };
  return zlib.brotliCompressSync(data, { params }).length;
}

/** @param {string} name */
function measured(name) {
  const data = readFileSync(path.join(dist, name));
  return { name: `dist/${name}`, raw: data.length, small: brotli(data) };
}

/** Compressors differ by a few bytes from version to version. */
const TOLERANCE = 0.005;

/** @param {number} bytes @param {number} pinned */
export function verdict(bytes, pinned) {
  const off = Math.abs(bytes - pinned);
  if (off <= Math.max(4, pinned * TOLERANCE)) return undefined;
  return bytes > pinned
    ? `${commas(off)} bytes more than ${commas(pinned)}: make it smaller, or say in docs/decisions/size.md what they buy and pin ${commas(bytes)} in scripts/lib/project.mjs.`
    : `${commas(off)} bytes less than ${commas(pinned)}: pin ${commas(bytes)} in scripts/lib/project.mjs, so that they are not lost again.`;
}

/**
 * @param {ReturnType<typeof measured>[]} rows
 * @param {number} pinned
 */
function fits(rows, pinned) {
  /** @param {'raw' | 'small'} column */
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  const total = { name: 'total', raw: sum('raw'), small: sum('small') };

  /** @param {string} name @param {string} raw @param {string} small */
  const line = (name, raw, small) => `${name.padEnd(24)}${raw.padStart(10)}${small.padStart(10)}`;
  console.log(line('file', 'raw', 'brotli'));
  for (const row of rows.length > 1 ? [...rows, total] : rows) {
    console.log(line(row.name, commas(row.raw), commas(row.small)));
  }
  const complaint = verdict(total.small, pinned);
  console.log(complaint ?? `as pinned: ${commas(pinned)}`, '\n');
  return !complaint;
}

/**
 * What a page loads beyond the entry once that is needed.
 * @param {string} entry
 * @param {RegExp} [oneOf] files of which a page loads one: the largest counts
 */
function neededFiles(entry, oneOf = /^$/) {
  const first = loadedFiles(entry, false);
  const rows = loadedFiles(entry, true)
    .filter((name) => !first.includes(name))
    .map(measured)
    .sort((a, b) => b.small - a.small);
  const largest = rows.find(({ name }) => oneOf.test(path.basename(name)));
  return rows.filter((row) => row === largest || !oneOf.test(path.basename(row.name)));
}

/** Prints the tables. @returns {boolean} whether all is as pinned */
export function size() {
  const all = Object.entries(sizes).flatMap(([entry, { bytes, needed }]) => [
    fits(loadedFiles(entry, false).map(measured), bytes),
    !needed || fits(neededFiles(entry, needed.oneOf), needed.bytes),
  ]);
  return all.every(Boolean);
}

/** @param {number} n */
const commas = (n) => n.toLocaleString('en-US');

await program(import.meta.url, async () => (size() ? 0 : 1));
