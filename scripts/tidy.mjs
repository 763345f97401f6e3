/** Rules of style that no other tool checks, over every file that git would commit. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';

const codeFile = /\.(rs|ts|mjs|js|css|html)$/;
const longest = 450;

/** Written so that this file does not find itself. */
const machinePath = new RegExp(
  `(?<![\\w.$}])/(${['work', 'tmp', 'root', 'home'].join('|')})/[\\w.-]`,
);
const emDash = String.fromCodePoint(0x2014);
const consoleLog = ['console', 'log('].join('.');

/**
 * @typedef {{ name: string, text: string, lines: string[] }} File
 * @type {{ says: string, where(file: File): boolean, breaks(line: string): boolean }[]}
 */
const lineRules = [
  { says: 'has an em dash', where: () => true, breaks: (line) => line.includes(emDash) },
  {
    says: 'names a path of one machine',
    where: ({ name }) => !name.startsWith('LICENSE'),
    breaks: (line) => machinePath.test(line),
  },
  {
    says: `has a ${consoleLog}) left`,
    where: ({ name }) => name.startsWith('js/'),
    breaks: (line) => line.includes(consoleLog),
  },
];

/**
 * The complaints about one file, each a line.
 * @param {string} name
 * @param {string} text
 * @returns {string[]}
 */
export function complaints(name, text) {
  const file = { name, text, lines: text.split('\n') };
  const found = lineRules
    .filter((rule) => rule.where(file))
    .flatMap(({ says, breaks }) =>
      file.lines.flatMap((line, at) => (breaks(line) ? [`${name}:${at + 1} ${says}`] : [])),
    );
  if (codeFile.test(name) && file.lines.length - 1 > longest) {
    found.push(`${name} has ${file.lines.length - 1} lines, more than ${longest}`);
  }
  return found;
}

/** What is committed and what would be, so that a breach shows before the commit. */
async function files() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { code, text } = await run('git', args, { output: 'keep' });
  if (code !== 0) throw new Stop('tidy reads the list of files from git, which failed here.');
  return text.split('\0').filter((name) => name && existsSync(path.join(root, name)));
}

await program(import.meta.url, async () => {
  const found = (await files()).flatMap((name) => {
    const data = readFileSync(path.join(root, name));
    return data.includes(0) ? [] : complaints(name, data.toString('utf8'));
  });
  for (const complaint of found) console.log(complaint);
  return found.length > 0 ? 1 : 0;
});
