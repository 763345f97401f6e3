/** Pages on other sites, and an app in a frame of theirs. */
import { pause } from './chromium.mjs';

/**
 * The same server under another site's name.
 * @param {string} base the authority
 * @param {string} name
 */
export const onSite = (base, name) => base.replace('localhost', `${name}.localhost`);

/**
 * The frame in that page, or in a frame of it, that shows such an address and in which the condition
 * holds, once there is one.
 * @param {import('puppeteer-core').Page} page
 * @param {{ address?: string, condition?: string }} [options]
 */
export async function frameIn(page, { address = 'token=', condition = 'window.agent' } = {}) {
  for (let tries = 0; tries < 200; tries += 1) {
    for (const frame of await page.frames()) {
      // One that is on its way answers nothing.
      const says = `location.href.includes('${address}') && Boolean(${condition})`;
      if (await frame.evaluate(says).catch(() => false)) return frame;
    }
    await pause(50);
  }
  throw new Error(`No frame with ${address} in which ${condition}.`);
}
