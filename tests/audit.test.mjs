/** What `npm run audit` makes of the answers it gets, and of those it doesn't. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReport, verdict } from '../scripts/audit.mjs';

/** @param {number} total */
const report = (total) =>
  JSON.stringify({ auditReportVersion: 2, metadata: { vulnerabilities: { high: total, total } } });

test('a hole is a finding, and none is none', () => {
  assert.deepEqual(readReport(report(1)), { found: true });
  assert.deepEqual(readReport(report(0)), { found: false });
});

test('a registry without advisories was not asked, and is no finding', () => {
  const refused = '{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":""}}';
  assert.deepEqual(readReport(refused), { found: false, unasked: '405 Method Not Allowed' });
  const offline = readReport('{"message":"request failed,\\nreason: ENOTFOUND"}');
  assert.equal(offline.unasked, 'reason: ENOTFOUND');
  for (const text of ['', 'npm: not found', '{}', '{"metadata":{}}']) {
    assert.ok(readReport(text).unasked, text);
  }
});

test('what was not asked is said, and has a status of its own', () => {
  const asked = { found: false };
  const unasked = { found: false, unasked: 'no route' };
  assert.deepEqual(verdict(true, { npm: asked }), { status: 0, lines: [] });
  const { status, lines } = verdict(true, { RustSec: unasked, npm: asked });
  assert.equal(status, 2);
  assert.deepEqual(lines, ['Advisories of RustSec were NOT checked: no route']);
});

test('something wrong counts for more than something not asked', () => {
  const unasked = { found: false, unasked: 'no route' };
  assert.equal(verdict(false, {}).status, 1);
  assert.equal(verdict(true, { RustSec: unasked, npm: { found: true } }).status, 1);
  assert.equal(verdict(false, { RustSec: unasked }).status, 1);
});
