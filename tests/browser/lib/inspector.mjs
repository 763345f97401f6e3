/** What a test sees of an open inspector. */
/** @typedef {import('./chromium.mjs').Tab} Tab */

/** Opens it as an app does, with the options as they would stand in its code. @param {Tab} tab */
export async function inspect(tab, options = '{}') {
  await tab.evaluate(
    'window.violations ??= []; addEventListener("securitypolicyviolation", ({ violatedDirective }) => violations.push(violatedDirective))',
  );
  await tab.evaluate(`inspect(${options})`);
  await tab.waitForFunction("inspector.shadowRoot.querySelector('.time')?.textContent");
}

/** The text of a part of it. @param {Tab} tab @param {string} part a selector */
export const textOf = async (tab, part) =>
  `${await tab.evaluate(`inspector.shadowRoot.querySelector(${JSON.stringify(part)}).textContent`)}`;

/** Waits until a part shows that. @param {Tab} tab @param {string} part @param {RegExp} text */
export async function shows(tab, part, text, timeout = 8_000) {
  const shown = `${text}.test(inspector.shadowRoot.querySelector(${JSON.stringify(part)}).textContent)`;
  await tab.waitForFunction(shown, { timeout, polling: 50 }).catch(async () => {
    throw new Error(`${part} shows no ${text}, but: ${await textOf(tab, part)}`);
  });
}

/** When the session ends, by the clock of this machine. @param {Tab} tab */
export const deadlineOf = async (tab) =>
  Number(await tab.evaluate('Date.now() + agent.status.remainingMs'));

/** The rows of a table in it, as their texts. @param {Tab} tab @param {string} part */
export const rowsOf = async (tab, part) =>
  /** @type {string[][]} */ (
    await tab.evaluate(
      `[...inspector.shadowRoot.querySelectorAll('${part} tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))`,
    )
  );
