/** dist/stillhere.script.js: its global, what it loads and when, and a policy that trusts a nonce alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pack } from '../../scripts/lib/package.mjs';
import { packed } from '../../scripts/lib/project.mjs';
import { startBrowser } from './lib/page.mjs';

const NONCE = 'bm9uY2Utb2YtdGhlLXRlc3Q';
/** No 'self': only the nonce, which goes on from the script to what it imports. */
const POLICY = `default-src 'none'; script-src 'nonce-${NONCE}' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:`;

/** @param {string} scripts */
const page = (scripts) =>
  `<!doctype html><title>t</title><link rel="icon" href="data:,">${scripts}`;
const script = (/** @type {string} */ name, more = '') =>
  `<script nonce="${NONCE}" ${more} src="/dist/${name}"></script>`;
/** @type {Record<string, string>} */
const pages = {
  '/': page(script('stillhere.script.js')),
  '/both': page(script('stillhere.script.js') + script('host.script.js')),
  '/other-order': page(script('host.script.js') + script('stillhere.script.js')),
  '/module': page(script('stillhere.script.js', 'type="module"')),
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost');
  const html = pages[pathname];
  if (html) {
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Content-Security-Policy', POLICY);
    response.end(html);
    return;
  }
  if (pathname.endsWith('.js')) response.setHeader('Content-Type', 'text/javascript');
  response.end(readFileSync(path.join(packed, pathname)));
});
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
let base = '';

before(async () => {
  await pack();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://localhost:${/** @type {any} */ (server.address()).port}`;
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server.close();
});

test('nothing is loaded before it is needed, and the nonce covers what is loaded', async () => {
  const { page, wrong } = await browser.open();
  /** @type {string[]} */
  const loaded = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto(`${base}/`);
  assert.deepEqual(
    loaded.filter((name) => name.startsWith('/dist/')),
    ['/dist/stillhere.script.js'],
  );
  const phase = await page.evaluate(`(async () => {
    const answer = async () => ({ state: 'alive' });
    const authority = { send: answer, ask: answer };
    const agent = await stillhere.createAgent({ token: 'a-token-of-the-test', authority });
    await new Promise((done) => agent.addEventListener('phase', done, { once: true }));
    return agent.status.phase;
  })()`);
  assert.equal(phase, 'active');
  assert.ok(loaded.includes('/dist/stillhere.wasm'));
  const bad = await page.evaluate(
    "stillhere.createAgent({ token: 'x' }).then(() => 'started', ({ code, option }) => [code, option])",
  );
  assert.deepEqual(bad, ['bad-option', 'authority']);
  assert.equal(
    await page.evaluate("stillhere.load('svelte').then((m) => typeof m.stillhere)"),
    'function',
  );
  assert.deepEqual(wrong, []);
});

test('both scripts share one global, in either order', async () => {
  for (const order of ['/both', '/other-order']) {
    const { page, wrong } = await browser.open();
    await page.goto(base + order);
    const names = await page.evaluate('Object.keys(stillhere).sort()');
    assert.deepEqual(names, ['attachHost', 'attachWarning', 'createAgent', 'load'], order);
    assert.deepEqual(wrong, []);
  }
});

test('loaded in another way it says how', async () => {
  const { page, wrong } = await browser.open();
  await page.goto(`${base}/module`);
  await page.waitForFunction("document.readyState === 'complete'");
  assert.equal(wrong.length, 1);
  assert.match(wrong[0] ?? '', /stillhere\.script\.js must be loaded by a <script src> element/);
});
