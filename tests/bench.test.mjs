/** What the bench makes of numbers and of its command line; no browser and no server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { between, KINDS, ofAKey } from '../bench/lib/counting.mjs';
import { late, seconds } from '../bench/lib/moments.mjs';
import { readOptions, wordsOf } from '../bench/lib/options.mjs';
import { keepingPace } from '../bench/lib/pace.mjs';
import { since } from '../bench/lib/processes.mjs';
import { pageOf, partsOn } from '../bench/lib/publish.mjs';
import { figure, markdown, NONE, spread } from '../bench/lib/report.mjs';
import { startSite } from '../bench/lib/site.mjs';
import { added, alternate, orderOf, ratio, summary } from '../bench/lib/stats.mjs';
import { costs } from '../bench/lib/trace.mjs';
import { takingTurns } from '../bench/lib/turns.mjs';
import { partsOf, plan } from '../scripts/bench.mjs';
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

test('cases that only wait run side by side, no more at once than allowed', async () => {
  const cases = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
  let running = 0;
  let most = 0;
  const results = await alternate(
    cases,
    2,
    async ({ id }, round) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return `${id}${round}`;
    },
    2,
  );
  assert.equal(most, 2);
  assert.deepEqual([...results.values()].flat().sort().join(), 'a0,a1,b0,b1,c0,c1,d0,d1,e0,e1');
  assert.deepEqual(results.get('e'), ['e0', 'e1']);
});

test('those who take turns come one after the other, also after one that failed', async () => {
  const turns = takingTurns();
  /** @type {string[]} */
  const order = [];
  const work = (/** @type {string} */ name) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    if (name === 'b') throw new Error(name);
    order.push(`${name} is done`);
    return name;
  };
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns(work(name))));
  assert.deepEqual(order, ['a begins', 'a is done', 'b begins', 'c begins', 'c is done']);
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
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
  assert.deepEqual(partsOf([], known), ['bytes', 'input', 'authority']);
});

test('of a trace, keys cost their dispatch, what they set off whole tasks, and the bench nothing', () => {
  const thread = { pid: 7, tid: 7 };
  /** @param {string} name @param {number} ts @param {number} tdur @param {object} [args] */
  const span = (name, ts, tdur, args) => ({
    ...thread,
    name,
    ph: 'X',
    ts,
    dur: tdur * 2,
    tdur,
    args,
  });
  /** @param {number} ts */
  const mark = (ts) => ({
    ...thread,
    name: 'TimeStamp',
    ph: 'I',
    ts,
    args: { data: { message: 'bench:A' } },
  });
  const TASK = 'ThreadControllerImpl::RunTask';
  const key = (/** @type {string} */ type) => ({ data: { type } });
  const events = [
    // The two tasks in which the bench marks the page.
    ...[span(TASK, 0, 20), span('FunctionCall', 5, 2), mark(10)],
    ...[span(TASK, 9_000, 20), span('v8.run', 9_005, 9), mark(9_010)],
    // A key: two dispatches, a call within the first, and much of the browser's own.
    ...[span(TASK, 100, 100), span('EventDispatch', 120, 8, key('keydown'))],
    ...[span('FunctionCall', 124, 3), span('EventDispatch', 180, 2, key('keypress'))],
    // A timer, a task without script, and a call after the last mark.
    ...[span(TASK, 1_000, 30), span('TimerFire', 1_010, 20), span(TASK, 2_000, 500)],
    ...[span(TASK, 9_900, 40), span('FunctionCall', 9_910, 10)],
    // Another page's thread, without a mark.
    { ...span(TASK, 1_000, 30), tid: 8 },
  ];
  const found = costs(events.reverse());
  assert.deepEqual(found.get('A'), { keys: 10, later: 30, tasks: 1 });
  assert.equal(found.size, 1);
});

/** Counts of a page that did nothing. */
const NOTHING = /** @type {import('../bench/lib/counting.mjs').Counts} */ (
  Object.fromEntries(KINDS.map((kind) => [kind, 0]))
);

test('traffic is a difference divided by what it was for', () => {
  const before = { ...NOTHING, posts: 1, timers: 4 };
  const after = { ...before, posts: 21, requests: 5 };
  const each = between(after, before, 10);
  assert.equal(each.posts, 2);
  assert.equal(each.timers, 0);
  assert.equal(each.requests, 0.5);
});

test('what happens as often without keys costs a key nothing, to the last digit', () => {
  const begin = { ...NOTHING, timers: 6 };
  const calm = { ...begin, timers: 7, requests: 2 };
  const typed = { ...begin, timers: 8, requests: 7 };
  const each = ofAKey(begin, calm, typed, 100);
  assert.deepEqual([each.timers, each.requests], [0, 0.03]);
});

test('what did not happen in some round is said, and counts as no time', () => {
  assert.equal(seconds([1_000, 2_000, 4_000], 15_000), '2.00 (1.00 to 4.00)');
  assert.equal(seconds([undefined, 3_000], 15_000), '3.00, 1 of 2 never');
  assert.equal(seconds([undefined], 15_000), 'never in 15 s');
  assert.deepEqual(
    [1_500, 2_250, undefined].map((gap) => late(gap, 2_000)),
    [0, 250, undefined],
  );
});

test('a process did what its threads did meanwhile, those that began meanwhile too', () => {
  const thread = (/** @type {number} */ ranNs, /** @type {number} */ waits) => ({ ranNs, waits });
  const before = new Map([
    [7, thread(1e6, 10)],
    [8, thread(9e6, 90)],
  ]);
  const after = new Map([
    [7, thread(3e6, 14)],
    [9, thread(5e6, 1)],
  ]);
  assert.deepEqual(since(7, before, after), { cpuMs: 7, mainWakes: 4, wakes: 5 });
});

test('the server tells which tab sent, and leaves one keep-alive without an answer', async () => {
  const scripts = mkdtempSync(path.join(os.tmpdir(), 'stillhere-bench-'));
  const site = await startSite({ scripts });
  try {
    const page = `http://localhost:${site.port}/page/none?tab=3&token=t`;
    const send = (/** @type {AbortSignal} */ signal) =>
      fetch(`http://localhost:${site.port}/keepalive?token=t`, {
        method: 'POST',
        headers: { Referer: page },
        signal,
      });
    const held = site.hold('localhost');
    void site.hold('other.localhost');
    const away = new AbortController();
    const first = send(away.signal).then(
      () => 'answered',
      () => 'not answered',
    );
    assert.deepEqual(
      { ...(await held), at: 0 },
      {
        at: 0,
        host: 'localhost',
        what: 'keepAlive',
        token: 't',
        tab: '3',
        held: true,
      },
    );
    assert.equal((await send(AbortSignal.timeout(5_000))).status, 204);
    away.abort();
    assert.equal(await first, 'not answered');
    assert.deepEqual(
      site.told('localhost').map((one) => one.held),
      [true, false],
    );
    assert.deepEqual(site.told('other.localhost'), []);
  } finally {
    await site.stop();
    rmSync(scripts, { recursive: true });
  }
});

test('what the machine stood still in is done again, and is no result where it always did', async () => {
  const allowed = { mostMs: 500, tries: 3 };
  let tries = 0;
  const second = await keepingPace(async (pace) => {
    tries += 1;
    pace.late(tries === 1 ? 2_000 : 0);
    return tries;
  }, allowed);
  assert.deepEqual(second, { result: 2 });
  const never = await keepingPace(async (pace) => pace.late(2_000), allowed);
  assert.deepEqual(never, { stoodMs: 2_000 });
});

test('a part with options of its own reads them, the others share theirs', () => {
  const known = ['authority', 'bytes', 'input', 'scale', 'tabs'];
  assert.deepEqual(plan(['scale', '--write', '--users', '5'], known), [
    { part: 'scale', words: ['--write', '--users', '5'] },
  ]);
  assert.match(`${plan(['--help'], known)}`, /Parts: authority, bytes/);
  const quick = plan(['bytes', 'authority', '--quick'], known);
  assert.ok(Array.isArray(quick));
  assert.deepEqual(
    quick.map(({ part, words }) => [part, words[0]]),
    [
      ['bytes', '--quick'],
      ['authority', '--quick'],
    ],
  );
  assert.throws(() => plan(['bytes', 'tabs', '--quick'], known), /tabs takes no options/);
  assert.throws(() => plan(['scale', 'bytes', '--write'], known), /--write runs nothing/);
});

test('a page of the documentation has no figure of a quick run, and its plots beside it', () => {
  const input = '## Input\n\n![A plot](input-burst.svg)\n';
  const text = pageOf(['## Bytes\n\nof it\n', input]);
  assert.match(text, /^---\ntitle: Measured\n/);
  assert.ok(text.indexOf('## Bytes') < text.indexOf('## Input'));
  assert.ok(text.includes('](img/bench/input-burst.svg)'));
  // What it says can be read back, so that a part stays that was not run again.
  const command = '\n`npm run bench -- input --contexts 1`, 2026-11-27, a machine.\n';
  const [part, kept] = [...partsOn(pageOf([input + command]))][0] ?? [];
  assert.equal(part, 'input');
  assert.equal(pageOf([kept ?? '']), pageOf([input + command]));
  assert.throws(() => partsOn(text), /no command under ## Bytes/);
  const quick = '## Idle\n\n**A quick run**: few and short rounds.\n';
  assert.throws(() => pageOf([input, quick]), /^Error: Idle is of a quick run: run it again/);
});
