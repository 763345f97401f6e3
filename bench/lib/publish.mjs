/** Makes a page of the documentation of what the parts left behind: `npm run bench -- --write`. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';
import { Stop } from '../../scripts/lib/run.mjs';

const docs = path.join(root, 'docs');

/** What stands above all parts. */
const HEAD = `---
title: Measured
---

<!-- Written by \`npm run bench -- --write\`. Change bench/lib/publish.mjs, not this file. -->

# Measured

The agent beside what people use instead, in one run each. How it is measured, and how to read it, is in
[the bench](bench.md); the servers stand in [operations](operations.md#sizing). Where somebody else is better, the row
says so like any other. Absolute times are worth something only beside each other.
`;

/**
 * The page: the parts in that order, each as it was written. Their titles are of the second level.
 * @param {string[]} texts
 */
export function pageOf(texts) {
  const quick = texts.find((text) => text.includes('**A quick run**'));
  if (quick) {
    throw new Stop(
      `${quick.split('\n')[0]?.slice(3)} is of a quick run: run it again without --quick.`,
    );
  }
  const moved = texts.map((text) => text.replaceAll(/\]\(([\w-]+\.svg)\)/g, '](img/bench/$1)'));
  return [HEAD, ...moved].join('\n').replaceAll(/\n{3,}/g, '\n\n');
}

/**
 * The parts of a page that was written before, by name: a part of some hours is not run again because
 * another has new figures.
 * @param {string} page
 */
export function partsOn(page) {
  const sections = page.split(/^(?=## )/m).slice(1);
  return new Map(
    sections.map((text) => {
      const part = /^`npm run bench -- ([a-z]+)/m.exec(text)?.[1];
      if (!part) throw new Stop(`docs/measured.md: no command under ${text.split('\n')[0]}.`);
      return [part, `${text.trimEnd()}\n`];
    }),
  );
}

/**
 * Writes docs/measured.md and its plots: of those parts that have run, and the others as they stand there.
 * @param {string} from the folder of the results
 * @param {string[]} parts in the order of the page
 * @returns {string[]} the parts that are new on it
 */
export function publish(from, parts) {
  const there = parts.filter((part) => existsSync(path.join(from, `${part}.md`)));
  if (there.length === 0) throw new Stop(`There are no results in ${from}: run a part first.`);
  const file = path.join(docs, 'measured.md');
  const texts = partsOn(existsSync(file) ? readFileSync(file, 'utf8') : '');
  for (const part of there) texts.set(part, readFileSync(path.join(from, `${part}.md`), 'utf8'));
  writeFileSync(file, pageOf(parts.flatMap((part) => texts.get(part) ?? [])));
  const pictures = path.join(docs, 'img', 'bench');
  mkdirSync(pictures, { recursive: true });
  for (const name of readdirSync(from)) {
    const own = name.endsWith('.svg') && there.some((part) => name.startsWith(`${part}-`));
    if (own) copyFileSync(path.join(from, name), path.join(pictures, name));
  }
  return there;
}
