/** axe-core finds nothing on the site: one page of each kind, narrow and wide, light and dark. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../scripts/lib/project.mjs';
import { startChromium } from '../tests/browser/lib/chromium.mjs';

const site = path.join(root, 'target', 'site');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const KINDS = ['index', 'standards', 'quick-start', 'architecture', 'api/stillhere'];
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

const server = createServer((request, response) => {
  const file = path.join(site, new URL(`${request.url}`, 'http://site').pathname);
  const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(file).slice(1))];
  if (!existsSync(file)) response.writeHead(404).end();
  else response.writeHead(200, type && { 'Content-Type': type }).end(readFileSync(file));
});
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let chromium;

before(async () => {
  await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
  // These pages have no agent that one could wait for.
  chromium = await startChromium({ prepare: () => Object.assign(globalThis, { ready: true }) });
});
after(async () => {
  await chromium?.close();
  server.close();
});

for (const kind of KINDS) {
  test(`${kind}.html`, async () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const page = await chromium.open(`http://localhost:${port}/${kind}.html`);
    await page.evaluate(axe);
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      for (const width of [360, 1280]) {
        await page.setViewport({ width, height: 900 });
        const found = await page.evaluate(async () => {
          const { violations } = await /** @type {any} */ (globalThis).axe.run();
          return violations.map((/** @type {any} */ each) => [each.id, each.nodes[0].html]);
        });
        assert.deepEqual(found, [], `${scheme}, ${width} pixels`);
      }
    }
    await page.close();
  });
}
