/** The browser that a suite runs in: Chromium, or what ENGINE says. */
import { startChromium } from './chromium.mjs';
import { startFirefox } from './firefox.mjs';
import { startWebKit } from './webkit.mjs';

export const engine = process.env.ENGINE ?? 'chromium';

/**
 * @param {Parameters<typeof startChromium>[0]} [options]
 * @returns {ReturnType<typeof startChromium>}
 */
export function startBrowser(options = {}) {
  if (engine === 'firefox') return startFirefox(options.prepare);
  if (engine === 'webkit') return /** @type {any} */ (startWebKit());
  if (engine !== 'chromium') throw new Error(`There is no engine ${engine}.`);
  return startChromium(options);
}

/** Why a test that needs a mouse is skipped, or false. */
export const withoutMouse = engine === 'webkit' && "WebKitGTK's driver never answers to a pointer.";

/**
 * Why a test is skipped in an engine, or false: for those that have no way to do what it does.
 * @param {Record<string, string>} reasons by engine
 */
export const unless = (reasons) => reasons[engine] ?? false;
