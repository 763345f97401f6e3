/**
 * `npm run bench -- instructions`: what the machine costs in instructions, and how that grows with the
 * group. `node bench/instructions.mjs --write` makes what is counted the budgets of `npm test`.
 */
import { writeFileSync } from 'node:fs';
import {
  budgetsFile,
  budgetsOf,
  complaints,
  counted,
  GOALS,
  missing,
  readBudgets,
  SHIPPED,
} from '../scripts/lib/instructions.mjs';
import { program, Stop } from '../scripts/lib/run.mjs';
import { printTable } from './lib/table.mjs';

/** @param {number} n */
const commas = (n) => n.toLocaleString('en-US');

/** @param {string} profile */
async function table(profile) {
  const rows = await counted(profile);
  const all = Object.entries(budgetsOf(rows)).map(([what, each]) => {
    const goal = GOALS.find((goal) => goal.what === what);
    const counts = Object.entries(each);
    const columns = counts.map(([contexts, count]) => [`${contexts} contexts`, commas(count)]);
    const [[fewest, least], [most, largest]] =
      /** @type {[[string, number], [string, number]]} */ ([counts.at(0), counts.at(-1)]);
    const slope = Math.round((largest - least) / (Number(most) - Number(fewest)));
    return {
      [`instructions, profile ${profile}`]: what,
      ...Object.fromEntries(columns),
      'for each more': commas(slope),
      'goal at 200': goal ? commas(goal.most) : '',
    };
  });
  printTable(all);
  return rows;
}

await program(import.meta.url, async () => {
  const [option, ...more] = process.argv.slice(2);
  if (more.length > 0 || (option !== undefined && option !== '--write')) {
    throw new Stop('The only option is --write.');
  }
  const why = await missing();
  if (why) {
    if (option) throw new Stop(`Nothing was counted: ${why}.`);
    console.log(`Nothing was counted: ${why}.`);
    return 0;
  }
  const shipped = await table(SHIPPED);
  if (option) {
    writeFileSync(budgetsFile, `${JSON.stringify(budgetsOf(shipped), undefined, 2)}\n`);
    console.log('\nThese are the budgets now.');
  } else {
    const wrong = complaints(shipped, readBudgets());
    console.log(`\n${wrong.length > 0 ? wrong.join('\n') : 'All within their budgets.'}`);
  }
  console.log('\nFor speed (opt-level 3) the same is:\n');
  await table('release');
  return 0;
});
