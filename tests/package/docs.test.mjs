/** What the pages for users of the package show is what the examples are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { blocks } from './lib/docs.mjs';

/** Without the indentation that all lines have. @param {string} code */
function flush(code) {
  const lines = code.split('\n');
  const depth = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(depth)).join('\n');
}

/** Whether the lines stand in the file, one after the other. @param {string} code @param {string} file */
function standsIn(code, file) {
  const wanted = code.trimEnd().split('\n');
  const lines = file.split('\n');
  return lines.some((_, at) => {
    const here = lines.slice(at, at + wanted.length).join('\n');
    return flush(here) === flush(wanted.join('\n'));
  });
}

test('every piece of code in docs/frameworks.md is part of an example', () => {
  const shown = blocks('frameworks.md').filter(({ language }) => language !== 'sh');
  assert.ok(shown.length >= 10, `${shown.length} blocks were found`);
  for (const { from, code } of shown) {
    assert.ok(from, `no file is named above:\n${code}`);
    const file = readFileSync(path.join(root, from), 'utf8');
    assert.ok(standsIn(code, file), `${from} does not have these lines:\n${code}`);
  }
});

test('a command of docs/frameworks.md is a command that there is', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const commands = blocks('frameworks.md')
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'));
  for (const command of commands) {
    const [, script] = /^npm (?:run )?(\w+)/.exec(command) ?? [];
    const known = script && (script in scripts || ['install', 'ci'].includes(script));
    assert.ok(known || /^cd examples\/\w+$/.test(command), command);
  }
});
