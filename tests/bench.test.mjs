/** What the bench makes of numbers and of its command line; no browser and no server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, wordsOf } from '../bench/lib/options.mjs';
import { figure, markdown, NONE, spread } from '../bench/lib/report.mjs';
import { added, alternate, orderOf, ratio, summary } from '../bench/lib/stats.mjs';
import { partsOf } from '../scripts/bench.mjs';
import { Stop } from '../scripts/lib/run.mjs';

test('a median is the middle one, or half way between two, and its spread all rounds', () => {
  assert.deepEqual(summary([9, 1, 2]), { median: 2, low: 1, high: 9, rounds: 3 });
  assert.deepEqual(summary([10, 1, 2, 4]), { median: 3, low: 1, high: 10, rounds: 4 });
  assert.throws(() => summary([]), RangeError);
});

test('values are set beside those of the same round, not median beside median', () => {
  // The machine was three times as slow in the second round, for both.
  assert.deepEqual(ratio([2, 6, 2], [1, 3, 1]), { median: 2, low: 2, high: 2, rounds: 3 });
  assert.deepEqual(added([5, 9], [1, 3]), { median: 5, low: 4, high: 6, rounds: 2 });
  assert.throws(() => ratio([1, 2], [1]), RangeError);
});

test('each round takes every case once, and none always after the same one', async () => {
  const cases = ['a', 'b', 'c'].map((id) => ({ id }));
  /** @type {string[]} */
  const order = [];
  const results = await alternate(cases, 4, async ({ id }, round) => {
    order.push(id);
    return `${id}${round}`;
  });
  assert.deepEqual(results.get('b'), ['b0', 'b1', 'b2', 'b3']);
  const rounds = [0, 3, 6, 9].map((at) => order.slice(at, at + 3).join(''));
  for (const round of rounds) assert.equal([...round].sort().join(''), 'abc');
  assert.equal(new Set(rounds).size, 4, rounds.join());
  assert.deepEqual(orderOf([], 3), []);
});

test('a figure has as many digits as it is good for, and no number has none', () => {
  const shown = [0, 0.01234, 1.234, 12.34, 1234.5, Number.NaN, 1 / 0].map(figure);
  assert.deepEqual(shown, ['0', '0.012', '1.23', '12.3', '1,235', NONE, NONE]);
  assert.equal(spread(summary([1, 2, 3])), '2.00 (1.00 to 3.00)');
  assert.equal(spread(summary([4, 4])), '4.00');
});

test('a table is Markdown, and a row that does not fit it is an error', () => {
  const table = { title: 'Keys', columns: ['', 'ratio'], rows: [['us', '1']], notes: ['One.'] };
  assert.equal(markdown(table), '### Keys\n\n|  | ratio |\n| --- | --: |\n| us | 1 |\n\n- One.\n');
  assert.throws(() => markdown({ ...table, rows: [['us']] }), /1 cells: us/);
});

test('the command line is read, and said again in the results', () => {
  const options = readOptions(['traffic', '--quick', '--contexts', '1,50', '--peers', 'diy,none']);
  assert.deepEqual(options.parts, ['traffic']);
  assert.equal(wordsOf(options).join(' '), '--quick --peers diy,none --contexts 1,50');
  assert.deepEqual(wordsOf(readOptions([])), []);
});

test('what the command line cannot mean is one sentence that says what it takes', () => {
  /** @param {string[]} args @param {RegExp} says */
  const refused = (args, says) =>
    assert.throws(
      () => readOptions(args),
      (error) => {
        assert.ok(error instanceof Stop);
        assert.match(error.message, says);
        return true;
      },
    );
  refused(['--fast'], /Unknown option '--fast'.*npm run bench/s);
  refused(['--rounds', '0'], /--rounds takes whole numbers from 1 to 1000, not 0/);
  refused(['--rounds', '2.5'], /not 2\.5/);
  refused(['--contexts', '1,x'], /--contexts takes whole numbers from 1 to 200, not x/);
  refused(['--contexts', '201'], /not 201/);
  refused(['--peers', 'jquery'], /no peer jquery; there are none, barest, stillhere/);
});

test('a part that is not there is refused with all names; none named are those beside peers', () => {
  const known = ['authority', 'bytes', 'input', 'tabs'];
  assert.throws(() => partsOf(['byte'], known), /no part byte; the parts are authority, bytes/);
  assert.deepEqual(partsOf(['tabs'], known), ['tabs']);
  assert.deepEqual(partsOf([], known), ['bytes', 'input']);
});
