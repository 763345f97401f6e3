/** What somebody does on the administrator's page, and what they wait to see. */
import assert from 'node:assert/strict';
import { ADMIN } from './authority.mjs';

/** @param {import('puppeteer-core').Page} page */
export function handsOn(page) {
  /** @param {string} token */
  async function signIn(token = ADMIN) {
    await page.waitForSelector('#token');
    await page.type('#token', token);
    await page.click('#sign-in-button');
  }

  /** Waits until the page shows that text. @param {string} text @param {string} [where] */
  async function shows(text, where = 'body') {
    // Hidden text is not shown, so it is not `textContent`.
    const all = `[...document.querySelectorAll(${JSON.stringify(where)})]`;
    const shown = `${all}.some(({ innerText }) => innerText?.includes(${JSON.stringify(text)}))`;
    await page.waitForFunction(shown, { polling: 50, timeout: 8_000 }).catch(async () => {
      const instead = await page.evaluate('document.body.innerText');
      assert.fail(`"${text}" is not shown in ${where}, but:\n${instead}`);
    });
  }

  /** Presses the button of that name. @param {string} name @param {string} [where] */
  async function press(name, where = 'body') {
    const button = await page.waitForSelector(`${where} ::-p-xpath(.//button[.="${name}"])`);
    await button?.click();
  }

  /** @param {string} place as after the hash */
  const go = (place) => page.evaluate(`location.hash = ${JSON.stringify(place)}`);

  /** Types a value in the place of the one that is there. @param {string} field @param {string} text */
  async function fill(field, text) {
    await page.waitForSelector(field);
    await page.click(field, { count: 3 });
    await page.keyboard.press('Backspace');
    await page.type(field, text);
  }

  /** Opens the first session of that user. @param {string} user */
  async function open(user) {
    await shows(user, 'tr[data-id]');
    const link = await page.waitForSelector(`::-p-xpath(//tr[@data-id]//a[.="${user}"])`);
    await link?.click();
    await shows('Rules in force', '.detail');
  }

  return { signIn, shows, press, go, fill, open };
}
