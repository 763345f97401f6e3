/** Running programs, and stopping with one sentence. */
import { spawn } from 'node:child_process';
import { root } from './project.mjs';

/** An error that the reader can act on: printed without a stack. */
export class Stop extends Error {}

/**
 * @typedef {object} Options
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd] where, instead of in the repository's root
 * @property {'inherit' | 'show-and-keep' | 'keep'} [output] what happens to stdout and stderr
 */

/**
 * Runs a program. Never throws for an exit code; a program that cannot
 * be started gives 127.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Promise<{ code: number, text: string }>}
 */
export function run(command, args, { env = process.env, cwd = root, output = 'inherit' } = {}) {
  return new Promise((resolve) => {
    // npm is a .cmd file on Windows, which only a shell can start; it gets fixed arguments only.
    const shell = process.platform === 'win32' && command === 'npm';
    const pipe = output === 'inherit' ? 'inherit' : 'pipe';
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', pipe, pipe] });
    let text = '';
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      from?.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        if (output === 'show-and-keep') to.write(chunk);
      });
    }
    child.on('error', (error) => resolve({ code: 127, text: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
  });
}

/**
 * Runs a program whose failure ends the script, and gives what it printed where that was kept.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 */
export async function must(command, args, options) {
  const { code, text } = await run(command, args, options);
  if (code !== 0)
    throw new Stop(`\`${[command, ...args].join(' ')}\` failed.${text && ` ${text}`}`);
  return text;
}

/**
 * A tool of node_modules, as a command line: its script under this very node, so that it runs on
 * Windows as well.
 * @param {string} script
 */
export const nodeTool = (script) => ({
  command: process.execPath,
  script: `node_modules/${script}`,
});

/** @param {number} since */
export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs a script's main function when the script is the program, and prints a Stop as a sentence.
 * @param {string} url the script's import.meta.url
 * @param {() => Promise<number | void>} main
 */
export async function program(url, main) {
  const { pathToFileURL } = await import('node:url');
  const { realpathSync } = await import('node:fs');
  const started = process.argv[1];
  if (!started || pathToFileURL(realpathSync(started)).href !== url) return;
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
