/** docs/quick-start.md, followed to the letter. Only the registry's package is the tarball instead. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pack } from '../../scripts/lib/package.mjs';
import { root, tarball } from '../../scripts/lib/project.mjs';
import { must } from '../../scripts/lib/run.mjs';
import { freePort } from '../browser/lib/authority.mjs';
import { blocks } from './lib/docs.mjs';
import { startBrowser, untilAsked } from './lib/page.mjs';

const folder = path.join(root, 'target', 'quick-start');
const app = path.join(folder, 'my-app');
/** The template names ranges: what was newest on that day is what is installed on every day. */
const DAY = '2026-11-26';

const [create, install, main, start] = blocks('quick-start.md').map(({ code }) => code.trim());
/** @type {string[]} */
let template = [];
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

before(async () => {
  await pack();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  browser = await startBrowser();
});
after(() => browser?.close());

test('the app is created', async () => {
  const [command = '', cd] = (create ?? '').split('\n');
  assert.equal(cd, 'cd my-app');
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [, version, words = ''] = /^npm create vite@(\S+) my-app -- (.+)$/.exec(command) ?? [];
  assert.equal(version, devDependencies['create-vite'], 'the one that is installed');
  // `npm create vite` runs this package.
  const script = path.join(root, 'node_modules', 'create-vite', 'index.js');
  const args = [script, 'my-app', ...words.split(' ')];
  await must(process.execPath, args, { cwd: folder, output: 'keep' });
  template = readFileSync(path.join(app, 'src', 'main.jsx'), 'utf8').split('\n');
});

test('one command installs it', async () => {
  assert.equal(install, 'npm install stillhere');
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['install', tarball, '--before', DAY, ...quiet];
  await must('npm', args, { cwd: app, output: 'keep' });
});

test('at most ten lines are added', () => {
  // Indentation alone is no line that somebody writes.
  const there = new Set(template.map((line) => line.trim()));
  const added = (main ?? '').split('\n').filter((line) => !there.has(line.trim()));
  assert.ok(added.length > 0 && added.length <= 10, `${added.length} lines: ${added.join('\n')}`);
  const kept = template.filter((line) => line.trim() && !main?.includes(line.trim()));
  assert.deepEqual(kept, [], 'nothing of the empty app is lost');
  writeFileSync(path.join(app, 'src', 'main.jsx'), `${main}\n`);
});

/** Opens the app, and waits for the warning in both tabs and for the answer. @param {string} url */
async function warns(url) {
  const { page, wrong } = await browser.open();
  const other = await page.browserContext().newPage();
  const from = performance.now();
  await Promise.all([page.goto(url), other.goto(url)]);
  await Promise.all([page, other].map((tab) => untilAsked(tab, true, 30_000)));
  const waited = performance.now() - from;
  assert.ok(waited > 19_000 && waited < 25_000, `warned after ${Math.round(waited)} ms`);
  await page.bringToFront();
  await page.keyboard.press('Shift');
  await Promise.all([page, other].map((tab) => untilAsked(tab, false)));
  assert.deepEqual(wrong, []);
}

/** @param {string[]} args @param {(url: string) => Promise<void>} use */
async function serving(args, use) {
  const port = await freePort();
  const words = ['run', ...args, '--', '--port', `${port}`, '--strictPort'];
  const server = spawn('npm', words, { cwd: app, detached: true, stdio: 'ignore' });
  try {
    const url = `http://localhost:${port}/`;
    const until = performance.now() + 20_000;
    while (!(await fetch(url).then(Boolean, () => false)))
      assert.ok(performance.now() < until, url);
    await use(url);
  } finally {
    // npm has a shell of its own between itself and the server.
    if (server.pid) process.kill(-server.pid);
  }
}

test('the warning appears, in development and as it is built', { concurrency: true }, async (t) => {
  assert.equal(start, 'npm run dev');
  await must('npm', ['run', 'build'], { cwd: app, output: 'keep' });
  await Promise.all([
    t.test('npm run dev', () => serving(['dev'], warns)),
    t.test('npm run preview', () => serving(['preview'], warns)),
  ]);
});
