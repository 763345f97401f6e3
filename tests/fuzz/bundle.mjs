/** What the fuzz tests of js/ share: the TypeScript as a module for Node, and how long to run. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';
import fc from 'fast-check';
import { root } from '../../scripts/lib/project.mjs';

/**
 * The exports of one or more files of js/.
 * @param {string} contents a module that imports them
 */
export async function bundle(contents) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stillhere-fuzz-'));
  const outfile = path.join(folder, 'bundle.mjs');
  try {
    await esbuild.build({
      stdin: { contents, resolveDir: root },
      bundle: true,
      format: 'esm',
      outfile,
      logLevel: 'warning',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const seconds = Number(process.env.FUZZ_SECONDS);

/**
 * The same inputs with each run, or, with FUZZ_SECONDS, others for that long. A failure prints its
 * seed and the smallest input that fails.
 * @type {fc.Parameters<any>}
 */
export const settings = seconds
  ? { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
  : { numRuns: 1000, seed: 20_261_124 };

/**
 * Runs a property; says how often where that is not fixed.
 * @param {string} name
 * @param {any} property
 */
export async function check(name, property) {
  const result = await fc.check(property, { ...settings, includeErrorInReport: true });
  if (seconds) console.log(`${name}: ${result.numRuns} runs`);
  if (result.failed) throw new Error(fc.defaultReportMessage(result) ?? 'failed');
}
