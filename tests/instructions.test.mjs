import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetsOf, complaints, GOALS, rows } from '../scripts/lib/instructions.mjs';

const names = 'an input\t2\nan input\t200\n';
const counts = ['events: Ir', 'totals: 1000', 'totals: 18', 'totals: 0', ''].join('\n');

/** Rows that keep every goal, with one more that the test is about. @param {number} instructions */
const besides = (instructions) => [
  ...GOALS.map(({ what, contexts, most }) => ({ what, contexts, instructions: most })),
  { what: 'an input', contexts: 2, instructions },
];

test('what was done and what was counted are brought together in their order', () => {
  assert.deepEqual(rows(names, counts), [
    { what: 'an input', contexts: 2, instructions: 1000 },
    { what: 'an input', contexts: 200, instructions: 18 },
  ]);
});

test('a count too many or too few is no count', () => {
  const wrong = /2 things were done and [13] counted/;
  assert.throws(() => rows(names, counts.replace('totals: 18\n', '')), wrong);
  assert.throws(() => rows(names, counts.replace('totals: 0', 'totals: 5\ntotals: 0')), wrong);
  assert.throws(
    () => rows(names, counts.replace('totals: 0', 'totals: 5')),
    /does .* stand around/,
  );
  assert.throws(() => rows('', 'totals: 0\n'), /0 things were done/);
});

test('a loss and a gain of more than 2 % are told, and less is not', () => {
  const budgets = budgetsOf(besides(1000));
  const said = (/** @type {number} */ count) => complaints(besides(count), budgets);
  for (const count of [980, 1000, 1020]) assert.deepEqual(said(count), []);
  const name = 'an input, 2 contexts:';
  assert.deepEqual(said(1021), [`${name} 1021 instructions, the budget is 1000 (2.1 %)`]);
  assert.deepEqual(said(979), [`${name} 979 instructions, the budget is 1000 (-2.1 %)`]);
});

test('the smallest counts may differ by two instructions', () => {
  const budgets = budgetsOf(besides(18));
  for (const count of [16, 20]) assert.deepEqual(complaints(besides(count), budgets), []);
  for (const count of [15, 21]) assert.equal(complaints(besides(count), budgets).length, 1);
});

test('each count has a budget, and each budget a count', () => {
  const [without, all] = [budgetsOf(besides(1000).slice(0, -1)), budgetsOf(besides(1000))];
  assert.match(
    complaints(besides(1000), without).join(),
    /1000 instructions, and there is no budget$/,
  );
  assert.match(
    complaints(besides(1000).slice(0, -1), all).join(),
    /there is a budget, and no count$/,
  );
});

test('a goal counts whatever the budget says', () => {
  for (const { what, contexts, most } of GOALS) {
    const over = besides(1).map((row) =>
      row.what === what && row.contexts === contexts ? { ...row, instructions: most + 1 } : row,
    );
    assert.match(complaints(over, budgetsOf(over)).join(), new RegExp(`, over ${most}$`));
  }
});
