/** What `npm run size` says of bytes that were gained or lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
