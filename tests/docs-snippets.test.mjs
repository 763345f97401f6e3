/**
 * Every snippet of the docs is checked: JavaScript and TypeScript by the compiler, JSON by a parser,
 * and what a framework's own compiler reads by being part of an example that is built.
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

const pages = [path.join(root, 'README.md'), ...filesIn(['docs'])].filter((file) =>
  file.endsWith('.md'),
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

/** Without indentation and empty lines: an example may indent it deeper. @param {string} text */
const bare = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n');

test('what a framework compiles is part of an example, what Rust compiles part of a test', () => {
  const places = ['examples', 'tests', 'authority/tests', 'www'];
  const sources = filesIn(places)
    .filter(
      (file) => !file.includes('node_modules') && /\.(tsx?|jsx|vue|svelte|html|rs)$/.test(file),
    )
    .map((file) => bare(readFileSync(file, 'utf8')));
  const framework = ['tsx', 'jsx', 'vue', 'svelte', 'html', 'rust'];
  for (const { page, line, text } of inLanguages(framework)) {
    const wanted = bare(text);
    assert.ok(
      sources.some((source) => source.includes(wanted)),
      `${page}, line ${line}: no file in ${places.join(', ')} has these lines`,
    );
  }
  const known = ['js', 'ts', 'json', ...framework, ...NOT_COMPILED];
  const odd = snippets.filter(({ language }) => !known.includes(language));
  assert.deepEqual(odd, [], 'a language that nobody checks');
});
