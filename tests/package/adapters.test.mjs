/** When the adapters start an agent, keep it, replace it and close it: one rule, four frameworks. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { buildExamples, modulesOf } from '../../scripts/examples.mjs';
import { packed, root } from '../../scripts/lib/project.mjs';
import { startAuthority } from '../browser/lib/authority.mjs';
import { startBrowser } from './lib/page.mjs';

const www = path.join(root, 'target', 'adapters');
const pages = path.join(root, 'tests', 'package', 'pages');
const adapters = ['react', 'vue', 'svelte', 'angular'];

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

/** Bundled as in development: React's StrictMode mounts twice only there. @param {string} name */
async function bundle(name) {
  const modules = modulesOf(name);
  const text = readFileSync(path.join(pages, `${name}.js`), 'utf8');
  const resolveDir = path.dirname(modules);
  await build({
    // As if it were a file of the example, so that it finds the example's packages.
    stdin: { contents: text.replaceAll("'./common.js'", "'common-page'"), resolveDir },
    plugins: [
      {
        name: 'common-page',
        setup(build) {
          build.onResolve({ filter: /^common-page$/ }, ({ path }) => ({ path, namespace: 'page' }));
          build.onLoad({ filter: /.*/, namespace: 'page' }, () => ({
            contents: readFileSync(path.join(pages, 'common.js'), 'utf8'),
            resolveDir,
          }));
        },
      },
    ],
    outfile: path.join(www, `${name}.js`),
    bundle: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"', __VUE_PROD_DEVTOOLS__: 'false' },
    logLevel: 'error',
  });
  const script = `<script type="module" src="${name}.js"></script>`;
  writeFileSync(path.join(www, `${name}.html`), `<!doctype html><title>${name}</title>${script}`);
}

before(async () => {
  await buildExamples(adapters);
  mkdirSync(www, { recursive: true });
  copyFileSync(path.join(packed, 'dist', 'stillhere.wasm'), path.join(www, 'stillhere.wasm'));
  await Promise.all(adapters.map(bundle));
  authority = await startAuthority({ idle: '60s', warn: '20s', keepAlive: '20s', www });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** A page of an adapter, and what a test does with it. @param {string} name @param {string} user */
async function open(name, user = name) {
  const { page } = await browser.open();
  // Angular compiles its own parts in the page when it was not built by its own tools.
  if (name === 'angular') await page.setBypassCSP(true);
  await page.goto(`${authority.base}/${name}.html`);
  await page.waitForFunction('window.mount');
  const token = await authority.token(user);
  const options = `{ token: '${token}', authority: location.origin }`;
  const until = (/** @type {string} */ condition) =>
    page.waitForFunction(condition, { timeout: 5_000 }).catch(async () => {
      const { agent: _, ...seen } = /** @type {any} */ (await page.evaluate('({ ...seen })')) ?? {};
      assert.fail(`${condition}, but was seen: ${JSON.stringify(seen)}`);
    });
  return {
    page,
    token,
    options,
    until,
    /** @param {string} script @returns {Promise<any>} */
    run: (script) => page.evaluate(script),
    /** Starts with the options, and waits until the agent is active. */
    async start(source = options) {
      await page.evaluate(`mount(${source})`);
      await until("seen?.status?.phase === 'active'");
      await page.evaluate('window.first = seen.agent');
    },
    /** What a call of the agent that was the first says. */
    first: () =>
      page.evaluate(
        '(() => { try { first.note(); return "open" } catch (e) { return e.code } })()',
      ),
  };
}

for (const name of adapters) {
  describe(name, { concurrency: true }, () => {
    test('starts one agent, keeps it for equal options, and closes it in the end', async () => {
      const user = `${name}-with-rules`;
      const { start, run, until, options, first, page } = await open(name, user);
      await start();
      assert.equal(await run('made'), 1, 'one agent was made, and none in vain');
      assert.equal(await run('seen.agent.contexts().length'), 1);
      await run(`update(${options})`);
      const times = await run('times');
      // The second key is heard of long before the next keep-alive.
      for (const count of [1, 2]) {
        await page.keyboard.press('a');
        await until(`seen.status.counts.keystrokes === ${count}`);
      }
      assert.ok((await run('times')) > times);
      await authority.policy(`users/${user}`, { idle_timeout_ms: 50_000 });
      await until('seen.status.policy.idleTimeoutMs === 50000');
      assert.equal(await run('seen.agent === first && made'), 1);
      await run('unmount()');
      assert.equal(await first(), 'closed');
      await page.close();
    });

    test('does nothing of its own while nothing happens', async () => {
      const { start, run, page } = await open(name);
      await start();
      await new Promise((done) => setTimeout(done, 1_500));
      const times = await run('times');
      await new Promise((done) => setTimeout(done, 1_500));
      assert.equal(await run('times'), times);
      await page.close();
    });

    test('another token is a rotation; another session or option is another agent', async () => {
      const { start, run, until, token, first, page } = await open(name);
      const next = await authority.token(`${name}-next`);
      /** @type {(string | undefined)[]} */
      const bearers = [];
      page.on('request', (request) => bearers.push(request.headers().authorization));
      await start(`{ token: '${token}', authority: location.origin, session: 'a' }`);
      const rotated = `token: '${next}', authority: location.origin`;
      await run(`update({ ${rotated}, session: 'a' })`);
      await page.keyboard.press('a');
      await until('seen.status.keepAlive.acknowledged > 0');
      const deadline = performance.now() + 5_000;
      while (!bearers.includes(`Bearer ${next}`)) {
        assert.ok(performance.now() < deadline, 'the new token is used');
        await run('new Promise((done) => setTimeout(done, 50))');
      }
      assert.equal(await run('seen.agent === first'), true);
      await run(name === 'vue' ? "change('session', 'b')" : `update({ ${rotated}, session: 'b' })`);
      await until("seen.agent && seen.agent !== first && seen.status.phase === 'active'");
      assert.equal(await first(), 'closed');
      await run('window.first = seen.agent');
      await run(`update({ ${rotated}, session: 'b', count: { clicks: false } })`);
      await until("seen.agent && seen.agent !== first && seen.status.phase === 'active'");
      assert.equal(await first(), 'closed');
      await page.close();
    });

    test('a token function is asked as it was last given', async () => {
      const { start, run, until, token, page } = await open(name);
      const source = (/** @type {string} */ word) =>
        `{ token: () => { window.asked = '${word}'; return '${token}' }, authority: location.origin }`;
      await start(source('first'));
      await run(`update(${source('second')})`);
      await page.keyboard.press('a');
      await until("asked === 'second'");
      assert.equal(await run('seen.agent === first'), true);
      await page.close();
    });

    test('nobody signed in: no agent, and one that was on its way is closed', async () => {
      const { start, run, until, token, options, first, page } = await open(name);
      await start();
      await run('update(null)');
      await until('!seen.agent && !seen.status');
      assert.equal(await first(), 'closed');
      const slow = `{
        token: () => new Promise((done) => setTimeout(done, 300, '${token}')),
        authority: location.origin,
      }`;
      await run(`update(${slow})`);
      await run('new Promise((done) => setTimeout(done, 100))');
      await run('update(null)');
      await run('new Promise((done) => setTimeout(done, 400))');
      assert.equal(await run('seen.agent'), undefined);
      await run(`update(${options})`);
      await until("seen.status?.phase === 'active'");
      assert.equal(await run('seen.agent.contexts().length'), 1, 'the one on its way has left');
      await page.close();
    });

    test('what went wrong is handed over, and forgotten when it is right', async () => {
      const { run, until, options, page } = await open(name);
      await run("mount({ token: 'x', authority: location.origin, nonsense: 1 })");
      await until("seen.error?.code === 'unknown-option' && seen.error.option === 'nonsense'");
      await run("update({ token: () => { throw 'no token' }, authority: location.origin })");
      await until("seen.error?.message === 'no token' && !seen.agent");
      await run(`update(${options})`);
      await until("seen.status?.phase === 'active' && !seen.error");
      await page.close();
    });

    test('after the end a new token is a new agent', async () => {
      const { start, run, until, page } = await open(name);
      await start();
      await run('seen.agent.end()');
      await until("seen.status.phase === 'ended' && seen.status.endedBecause === 'signed-out'");
      const again = await authority.token(name);
      await run(`update({ token: '${again}', authority: location.origin })`);
      await until("seen.agent !== first && seen.status?.phase === 'active'");
      await page.close();
    });

    test("an authority of the app's own is taken as it is", async () => {
      const { start, run, page } = await open(name);
      await run(`window.Own = class {
        #asked = 0;
        send = async () => ({ state: 'alive' });
        async ask() {
          this.#asked += 1;
          return { state: 'alive', idleMs: this.#asked };
        }
        get asked() {
          return this.#asked;
        }
      }`);
      await start('{ token: "a-token-of-the-test", authority: (window.own = new Own()) }');
      assert.ok((await run('own.asked')) > 0);
      assert.equal(await run('seen.error'), undefined);
      await page.close();
    });

    test("an agent of the app's own is shown and not closed", async () => {
      const { run, until, options, first, page } = await open(name);
      await run(`createAgent(${options}).then((agent) => { window.first = agent; })`);
      await until('window.first');
      await run('mount(first)');
      await until("seen?.agent === first && seen.status.phase === 'active'");
      await run('unmount()');
      assert.equal(await first(), 'open');
      await page.close();
    });
  });
}
