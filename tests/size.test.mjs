/** What `npm run size` says of bytes that were gained or lost, and what README says that they are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sizes } from '../scripts/lib/project.mjs';
import { verdict } from '../scripts/size.mjs';

test('bytes are pinned in both directions, up to what compressors differ by', () => {
  assert.equal(verdict(20_000, 20_000), undefined);
  assert.equal(verdict(20_100, 20_000), undefined);
  assert.equal(verdict(19_900, 20_000), undefined);
  assert.match(`${verdict(20_101, 20_000)}`, /^101 bytes more than 20,000: .*pin 20,101/);
  assert.match(`${verdict(19_899, 20_000)}`, /^101 bytes less than 20,000: pin 19,899/);
  assert.equal(verdict(204, 200), undefined, 'a small file may differ by four');
  assert.match(`${verdict(205, 200)}`, /^5 bytes more/);
});

test('README has the bytes that are pinned', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const commas = (/** @type {number} */ bytes) => bytes.toLocaleString('en-US');
  const adapters = ['react', 'vue', 'svelte', 'angular'];
  for (const [entry, { bytes, needed }] of Object.entries(sizes)) {
    // The adapters share a row, and what loads the agent without a module has none.
    if (adapters.includes(entry) || entry === 'stillhere.script') continue;
    const name = entry === 'index' ? 'stillhere' : `stillhere/${entry}`;
    const row = readme.match(new RegExp(`^\\| \`${name}\` \\|.*$`, 'm'))?.[0];
    assert.ok(row, `README has no row for ${name}`);
    const [, first, later] = row.match(/\| ([\d,]+)(?:, and ([\d,]+) when [a-z ]+)? \|$/) ?? [];
    assert.equal(first, commas(bytes), row);
    assert.equal(later, needed && commas(needed.bytes), row);
  }
  const each = adapters.map((name) => sizes[name]?.bytes ?? 0);
  const range = `${commas(Math.min(...each))} to ${commas(Math.max(...each))}`;
  assert.ok(readme.includes(`| ${range} |`), `the row of the adapters: ${range}`);
  assert.ok(readme.includes(`Size: ${commas(sizes.index?.bytes ?? 0)} bytes`));
});
