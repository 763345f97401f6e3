/** The inspector as people meet it: by keyboard, by screen reader, narrow, dark, and in the demo. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { startAuthority } from './lib/authority.mjs';
import { eachShows, pause, startChromium } from './lib/chromium.mjs';
import { inspect, shows, textOf } from './lib/inspector.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @type {Awaited<ReturnType<typeof startAuthority>>[]} */
let authorities = [];
/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {Page} */
let page;

before(async () => {
  const times = { idle: '60s', warn: '20s', keepAlive: '5s' };
  authorities = await Promise.all([
    startAuthority(times),
    startAuthority({ ...times, www: path.join(root, 'www') }),
  ]);
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await Promise.all(authorities.map((authority) => authority.stop()));
});
beforeEach(async () => {
  await page?.close();
});

/** An app with a look of its own, and the inspector opened in it. */
async function openApp(options = '{}') {
  const [authority] = authorities;
  page = await browser.open(`${authority?.base}/?token=${await authority?.token()}`);
  await page.evaluate(`(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('html { font-size: 10px } * { font-family: cursive; margin: 3px; letter-spacing: 2px; color: navy }');
    document.adoptedStyleSheets.push(sheet);
    const heading = document.createElement('h1');
    heading.textContent = 'An app';
    const main = document.createElement('main');
    main.append(heading, document.querySelector('label'));
    document.body.append(main);
  })()`);
  await inspect(page, options);
}

/** What axe has to say of that part of the page as it is. */
async function complaints(part = 'html') {
  await page.evaluate(axe);
  const found = /** @type {{ id: string, targets: string[] }[]} */ (
    await page.evaluate(`axe.run('${part}', { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] } })
      .then(({ violations }) => violations.map(({ id, nodes }) => ({ id, targets: nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary) })))`)
  );
  return found;
}

/** @param {string} name */
const button = (name) =>
  `[...inspector.shadowRoot.querySelectorAll('button')].find(({ textContent }) => textContent === '${name}')`;

for (const [width, scheme] of /** @type {const} */ ([
  [1280, 'light'],
  [1280, 'dark'],
  [360, 'light'],
  [360, 'dark'],
])) {
  test(`axe finds nothing: ${width} px, ${scheme}, in an app and in the demo`, async () => {
    await openApp();
    const setup = async () => {
      await page.setViewport({ width, height: 800 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    };
    await setup();
    await page.evaluate("document.documentElement.style.colorScheme = 'light dark'");
    await page.evaluate(
      "agent.dispatchEvent(new CustomEvent('observed', { detail: { because: 'idle', idleMs: 60000 } }))",
    );
    await page.evaluate("dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }))");
    await shows(page, '.refused', /script/);
    assert.deepEqual(await complaints(), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
    await page.close();
    page = await browser.browser.newPage();
    await setup();
    await page.goto(`${authorities[1]?.base}`);
    await page.waitForSelector('#sign-in-name');
    await page.type('#sign-in-name', 'Mara');
    await page.keyboard.press('Enter');
    await page.waitForFunction("window.agent?.status.phase === 'active'");
    await page.waitForFunction(
      "document.querySelector('stillhere-inspector').shadowRoot.querySelector('.time')",
    );
    assert.deepEqual(await complaints('#inspector'), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
  });
}

test('by keyboard alone: into it, the report copied, the watcher on and off, out again', async () => {
  await openApp();
  const context = browser.browser.defaultBrowserContext();
  const [authority] = authorities;
  await context.overridePermissions(`${authority?.base}`, [
    'clipboard-read',
    'clipboard-sanitized-write',
  ]);
  await page.bringToFront();
  await page.focus('#notes');
  const focused = () =>
    page.evaluate('inspector.shadowRoot.activeElement?.textContent ?? document.activeElement.id');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Copy report', 'after what is on the page');
  await page.keyboard.press('Enter');
  await shows(page, '.said', /^The report is copied\.$/);
  assert.match(`${await page.evaluate('navigator.clipboard.readText()')}`, /^Stillhere report\n/);
  const seen = [];
  for (let tries = 0; tries < 8 && seen.at(-1) !== 'Watch for the token'; tries += 1) {
    await page.keyboard.press('Tab');
    seen.push(await focused());
  }
  assert.equal(seen[0], 'Close');
  assert.equal(seen.at(-1), 'Watch for the token', seen.join());
  await page.keyboard.press('Space');
  assert.equal(await focused(), 'Stop watching');
  assert.equal(await page.evaluate('inspector.watchNetwork'), true);
  await page.keyboard.press('Space');
  assert.equal(await page.evaluate('inspector.watchNetwork'), false);
  await page.keyboard.press('Escape');
  assert.equal(await page.$('stillhere-inspector'), null);
  assert.equal(await page.evaluate('document.activeElement.id'), 'notes', 'where it came from');
  await page.evaluate('inspect()');
  await page.waitForFunction("inspector.shadowRoot.querySelector('h2')");
  await page.evaluate('inspector.focus()');
  assert.equal(await focused(), 'Stillhere inspector', 'an app can lead into it');
});

test('where nothing can be copied, the report stands there selected', async () => {
  await openApp();
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    document.execCommand = () => false;
  });
  await page.evaluate(`${button('Copy report')}.click()`);
  await shows(page, '.said', /selected below/);
  const shown = /** @type {any} */ (
    await page.evaluate(`(() => {
      const text = inspector.shadowRoot.querySelector('textarea');
      return { hidden: text.hidden, selected: text.value.slice(text.selectionStart, text.selectionEnd) };
    })()`)
  );
  assert.equal(shown.hidden, false);
  assert.match(shown.selected, /^Stillhere report\n/);
});

test('to a screen reader it is a named region with headings, tables and one quiet status', async () => {
  await openApp();
  const host = await page.$('stillhere-inspector');
  const tree = await page.accessibility.snapshot({
    root: host ?? undefined,
    interestingOnly: false,
  });
  /** @type {string[]} */
  const all = [];
  /** @param {any} node */
  const walk = (node) => {
    all.push(`${node.role} ${node.name ?? ''}`.trim());
    for (const child of node.children ?? []) walk(child);
  };
  walk(tree);
  assert.ok(all.includes('region Stillhere inspector'), all.join('\n'));
  for (const part of [
    'heading Stillhere inspector',
    'heading Last minute: 0 inputs, 0 keep-alives',
    'heading Refused in this tab',
    'heading Network calls of this tab',
    'heading What happened',
    'heading Rules',
    'columnheader Keep-alives',
    'rowheader Idle timeout',
    'button Copy report',
    'button Close',
    'list What happened, newest first',
  ]) {
    assert.ok(all.includes(part), `${part} is missing of\n${all.join('\n')}`);
  }
  const heard = await page.evaluate(
    "[...inspector.shadowRoot.querySelectorAll('[role=status], [aria-live]')].map(({ className }) => className)",
  );
  assert.deepEqual(heard, ['fine said', 'ring-title'], 'no countdown is read out');
});

test('a dry run lists what would have ended', async () => {
  const [authority] = authorities;
  await authority?.policy('users/ada', { mode: 'observe' });
  await openApp();
  await shows(page, '.dry', /nothing ends\.Nobody would have been logged out so far\.$/);
  await page.evaluate(
    "agent.dispatchEvent(new CustomEvent('observed', { detail: { because: 'idle', idleMs: 60000 } }))",
  );
  await shows(
    page,
    '.dry',
    /Would have been logged out at [\d:]+, because nobody was active for 60 seconds\.$/,
  );
  assert.match(
    `${await page.evaluate('inspector.report()')}`,
    /\n {2}Would have been logged out at/,
  );
  await shows(page, '.because', /^It would end at/);
  await authority?.policy('users/ada', {});
});

test('hidden, it loads nothing, runs no timer and draws nothing, but remembers', async () => {
  const [authority] = authorities;
  page = await browser.open(`${authority?.base}/?token=${await authority?.token()}`);
  await page.evaluate(`(async () => {
    await import(location.origin + '/dist/inspector.js');
    window.inspector = document.createElement('stillhere-inspector');
    inspector.hidden = true;
    inspector.agent = agent;
    document.body.append(inspector);
    window.looks = 0;
    const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(agent), 'status').get;
    Object.defineProperty(agent, 'status', { get() { looks += 1; return own.call(agent); } });
  })()`);
  await eachShows([page], 'active');
  await pause(300);
  await page.evaluate('looks = 0');
  await pause(2_300);
  assert.equal(await page.evaluate('looks'), 0);
  assert.equal(await page.evaluate('inspector.shadowRoot.childElementCount'), 0);
  await page.evaluate("agent.note('saved')");
  await page.waitForFunction('looks > 0');
  await page.evaluate('inspector.hidden = false');
  await page.waitForFunction("inspector.shadowRoot.querySelector('.time')");
  assert.match(await textOf(page, '.log'), /1 note in tab/);
  await page.evaluate('looks = 0');
  await pause(2_300);
  const looks = Number(await page.evaluate('looks'));
  assert.ok(looks >= 2 && looks <= 3, `once a second, and not ${looks} times`);
  await page.evaluate('inspector.agent = undefined');
  assert.equal(
    await page.evaluate('inspector.shadowRoot.childElementCount + inspector.report()'),
    '0',
  );
});

test('properties that were set before the element was defined are taken', async () => {
  const [authority] = authorities;
  page = await browser.open(`${authority?.base}/?token=${await authority?.token()}`);
  await page.evaluate(`(async () => {
    window.inspector = document.createElement('stillhere-inspector');
    Object.assign(inspector, { agent, nameOf: () => 'T1', watchNetwork: true });
    document.body.append(inspector);
    await import(location.origin + '/dist/inspector.js');
  })()`);
  await page.waitForFunction("inspector.shadowRoot?.querySelector('.badge')?.textContent === 'T1'");
  assert.equal(await page.evaluate("inspector.hasAttribute('watch-network')"), true);
});

test('what it looks like may fail to load: then it is text, and the next look tries again', async () => {
  const [authority] = authorities;
  page = await browser.open(`${authority?.base}/?token=${await authority?.token()}`);
  await page.evaluate(
    "import(location.origin + '/dist/inspector.js').then(() => { window.loaded = true })",
  );
  await page.waitForFunction('window.loaded');
  await page.setOfflineMode(true);
  await page.evaluate('inspect()');
  await page.waitForFunction(
    "inspector.shadowRoot.querySelector('pre')?.textContent.startsWith('Stillhere report')",
  );
  await page.setOfflineMode(false);
  await page.evaluate("agent.note('saved')");
  await page.waitForFunction("inspector.shadowRoot.querySelector('.time')");
});
