/** Each example as its user meets it: built from the tarball, with the real authority, in Chromium. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildExamples, modulesOf } from '../../scripts/examples.mjs';
import { examples } from '../../scripts/lib/project.mjs';
import { freePort, startAuthority } from '../browser/lib/authority.mjs';
import { says, startBrowser, untilAsked } from './lib/page.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const WARN_AFTER = 4_000;
const ENDED_AFTER = 8_000;

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;

before(async () => {
  await buildExamples();
  // The authority serves the folder with a policy that allows no inline script, no inline style and no
  // eval, and asks for Trusted Types.
  authority = await startAuthority({
    idle: `${ENDED_AFTER}ms`,
    warn: `${ENDED_AFTER - WARN_AFTER}ms`,
    keepAlive: '1s',
    www: examples,
  });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** @param {Page} page @param {string} user */
async function signIn(page, user) {
  const name = await page.waitForSelector('#name', { visible: true });
  await name?.type(user);
  await name?.press('Enter');
  await says(page, `Notes of ${user}`);
  await says(page, 'active,');
}

/** The way back in, in the dialog of whichever element draws it. */
function pressSignIn() {
  const roots = [...document.querySelectorAll('stillhere-warning')].map((each) => each.shadowRoot);
  const buttons = roots.flatMap((root) => [...(root?.querySelectorAll('button') ?? [])]);
  buttons.find((button) => !button.hidden)?.click();
}

/** What was typed, and where the next key would go. */
function noted() {
  const note = /** @type {HTMLTextAreaElement} */ (document.querySelector('#note'));
  return { text: note.value, at: document.activeElement?.id, focus: document.hasFocus() };
}

/** Until the authority itself has heard of it. @param {string} user */
async function idleMs(user) {
  const session = (await authority.sessions()).find((session) => session.user === user);
  return session?.idle_ms ?? Number.NaN;
}

/**
 * Signs in, works, is warned, stays, is warned again, is signed out, and comes back.
 * @param {string} url
 * @param {string} user
 */
async function drive(url, user) {
  const { page, wrong } = await browser.open();
  await page.goto(url);
  await signIn(page, user);

  await page.type('#note', 'words');
  await says(page, '5 keys');
  assert.deepEqual(await page.evaluate(noted), { text: 'words', at: 'note', focus: true });
  await untilAsked(page, true);
  const idle = await idleMs(user);
  assert.ok(idle >= WARN_AFTER - 500 && idle < ENDED_AFTER, `warned after ${idle} ms`);

  await page.keyboard.press('Shift');
  await untilAsked(page, false);
  await says(page, 'active,');
  assert.equal((await page.evaluate(noted)).text, 'words', 'nothing is lost');

  await untilAsked(page, true);
  // Over: of its own, with nobody there.
  const end = performance.now() + 2 * ENDED_AFTER;
  while (!Number.isNaN(await idleMs(user))) assert.ok(performance.now() < end, 'it has ended');
  await says(page, 'ended,');
  await untilAsked(page, true);
  await page.evaluate(pressSignIn);

  await signIn(page, user);
  assert.ok((await idleMs(user)) < WARN_AFTER, 'another session');
  assert.deepEqual(wrong, []);
  await page.close();
}

describe('each example signs in, warns, stays, ends and comes back', { concurrency: 4 }, () => {
  for (const name of ['react', 'vue', 'svelte', 'angular', 'webpack', 'esbuild']) {
    test(name, () => drive(`${authority.base}/${name}/dist/`, name));
  }
  test('script tag', () => drive(`${authority.base}/script/`, 'classic'));
  test('script tag with modules', () => drive(`${authority.base}/script/module.html`, 'module'));
  test('next, rendered on a server', async () => {
    const port = await freePort();
    const script = path.join(modulesOf('next'), 'next', 'dist', 'bin', 'next');
    const env = {
      ...process.env,
      AUTHORITY: authority.base,
      STILLHERE_ADMIN_TOKEN: authority.adminToken,
      NEXT_TELEMETRY_DISABLED: '1',
    };
    const args = [script, 'start', '--port', String(port), '--hostname', 'localhost'];
    const cwd = path.join(examples, 'next');
    const server = spawn(process.execPath, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      for await (const line of server.stdout) if (/Ready/.test(String(line))) break;
      const url = `http://localhost:${port}/`;
      const session = { token: 'example-token-of-a-user', user: 'grace' };
      const headers = { Cookie: `session=${encodeURIComponent(JSON.stringify(session))}` };
      const html = await (await fetch(url, { headers })).text();
      assert.match(html, /Notes of (<!-- -->)?grace/, 'the page is rendered where there is none');
      await drive(url, 'next');
    } finally {
      server.kill();
      if (server.exitCode === null) await once(server, 'exit');
    }
  });
});
