/** Pages with the warning, and what somebody finds there. */
import assert from 'node:assert/strict';

/** @typedef {import('puppeteer-core').Page} Page */

/**
 * The address of the page, with a real agent for that token or with a fake one.
 * @param {string} base the authority
 * @param {{ token?: string, options?: object }} [given]
 */
export function warningPage(base, { token, options = {} } = {}) {
  const url = new URL(`${base}/warning.html`);
  if (token) url.searchParams.set('token', token);
  else url.searchParams.set('fake', '');
  url.searchParams.set('warning', JSON.stringify(options));
  return url.href;
}

/** The texts of the parts that can be seen. @param {{ evaluate(script: string): Promise<any> }} page */
export const partsOf = (page) =>
  page.evaluate(`Object.fromEntries([...stage().shadowRoot.querySelectorAll('[part]')]
    .filter((part) => part.localName !== 'dialog' && !part.hidden && part.textContent)
    .map((part) => [part.getAttribute('part'), part.textContent]))`);

/** Waits until the dialog shows that state. @param {any} page @param {string} state */
export const showsState = (page, state, timeout = 15_000) =>
  page.waitForFunction(`isOpen() && stage().getAttribute('state') === '${state}'`, {
    timeout,
    polling: 20,
  });

/** Waits until there is no dialog. @param {any} page */
export const isGone = (page, timeout = 5_000) =>
  page.waitForFunction('!isOpen()', { timeout, polling: 20 });

/** Brings a fake agent into a phase. @param {any} page @param {string} phase @param {object} [more] */
export const become = (page, phase, more = {}) =>
  page.evaluate(`agent.become('${phase}', ${JSON.stringify(more)})`);

/** Nothing on the page broke its Content-Security-Policy. @param {any} page */
export async function keptThePolicy(page) {
  assert.deepEqual(await page.evaluate('violations'), []);
}

/** The name of the part that has the focus. @param {any} page @returns {Promise<string>} */
export const focusedPart = (page) =>
  page.evaluate("stage()?.shadowRoot.activeElement?.getAttribute('part') ?? ''");
