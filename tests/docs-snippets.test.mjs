/**
 * Every snippet of the docs is checked: JavaScript and TypeScript by the compiler, JSON by a parser,
 * Rust by being part of a test, HTML by the names in it.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, target } from '../scripts/lib/project.mjs';
import { nodeTool, run } from '../scripts/lib/run.mjs';
import { filesIn } from '../scripts/lib/steps.mjs';

/** Languages that are commands, other files, or no code. */
const NOT_COMPILED = ['', 'sh', 'text', 'toml', 'css', 'nginx', 'http', 'json5'];

/**
 * @typedef {object} Snippet
 * @property {string} page
 * @property {number} line
 * @property {string} language
 * @property {string} text
 */

/** @param {string} file @returns {Snippet[]} */
function snippetsOf(file) {
  const page = path.relative(root, file);
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^( *)```(\w*)[^\n]*\n([\s\S]*?)^ *```$/gm)].map((found) => ({
    page,
    line: text.slice(0, found.index).split('\n').length,
    language: found[2] ?? '',
    text: (found[3] ?? '').replaceAll(new RegExp(`^${found[1]}`, 'gm'), ''),
  }));
}

/** Pages that are followed to the letter, or cut from the examples: tests/package/ checks them. */
const ELSEWHERE = ['quick-start.md', 'frameworks.md'];
const pages = [path.join(root, 'README.md'), ...filesIn(['docs'])].filter(
  (file) => file.endsWith('.md') && !ELSEWHERE.includes(path.basename(file)),
);
const snippets = pages.flatMap(snippetsOf);
/** @param {string[]} languages */
const inLanguages = (languages) => snippets.filter(({ language }) => languages.includes(language));

/** The notation of the contract has optional things and dots in it: js/index.d.ts is what is compiled. */
const NOTATION = path.join('docs', 'contract.md');

test('JavaScript and TypeScript compile', async () => {
  const folder = path.join(target, 'snippets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const chosen = inLanguages(['js', 'ts']).filter(({ page }) => page !== NOTATION);
  assert.ok(chosen.length > 3, 'the snippets were found');
  for (const { page, line, language, text } of chosen) {
    const name = `${page.replaceAll(/\W+/g, '-')}-line-${line}`;
    writeFileSync(path.join(folder, `${name}.${language}`), text);
  }
  const options = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: {
      // What a reader would write: names that their own app has are declared in snippets.d.ts.
      strict: false,
      types: [],
      paths: {
        stillhere: [path.join(root, 'js/index.d.ts')],
        'stillhere/*': [path.join(root, 'js/*.d.ts')],
      },
    },
    include: [folder, path.join(root, 'tests/types/snippets.d.ts')],
    exclude: [],
  };
  const file = path.join(folder, 'tsconfig.json');
  writeFileSync(file, JSON.stringify(options));
  const { command, script } = nodeTool('typescript/bin/tsc');
  const { code, text } = await run(command, [script, '-p', file], { output: 'keep' });
  assert.equal(code, 0, text);
});

test('JSON is JSON', () => {
  for (const { page, line, text } of inLanguages(['json'])) {
    assert.doesNotThrow(() => JSON.parse(text), `${page}, line ${line}`);
  }
});

/** @param {RegExp} wanted @param {(file: string) => boolean} [which] */
const sources = (wanted, which = () => true) =>
  filesIn(['js', 'tests', 'authority/tests'])
    .filter((file) => wanted.test(file) && which(file))
    .map((file) => readFileSync(file, 'utf8'));

test('HTML has the elements and marks that there are', () => {
  const code = sources(/\.ts$/, (file) => file.startsWith(path.join(root, 'js'))).join('\n');
  for (const { page, line, text } of inLanguages(['html'])) {
    const names = [...text.matchAll(/<(stillhere-[\w-]+)|data-stillhere="(\w+)"/g)].map(
      ([, element, mark]) => element ?? mark,
    );
    const attributes = [...text.matchAll(/<stillhere-[\w-]+([^>]*)>/g)].flatMap(([, given]) =>
      [...`${given}`.matchAll(/([\w-]+)(?:=|\s|$)/g)].map(([, name]) => name),
    );
    for (const name of [...names, ...attributes].filter((each) => each !== 'lang')) {
      assert.ok(code.includes(`${name}`), `${page}, line ${line}: js/ knows no ${name}`);
    }
  }
});

/** Without indentation and empty lines: a test may indent it deeper. @param {string} text */
const bare = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n');

test('what Rust compiles is part of a test', () => {
  const tests = sources(/\.rs$/).map(bare);
  for (const { page, line, text } of inLanguages(['rust'])) {
    const wanted = bare(text);
    assert.ok(
      tests.some((source) => source.includes(wanted)),
      `${page}, line ${line}: no test has these lines`,
    );
  }
});

test('no language that nobody checks', () => {
  const known = ['js', 'ts', 'json', 'html', 'rust', ...NOT_COMPILED];
  assert.deepEqual(
    snippets.filter(({ language }) => !known.includes(language)),
    [],
  );
});
