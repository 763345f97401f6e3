/** The places and numbers that several scripts share, each said once. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const dist = path.join(root, 'dist');

/** What `npm pack` makes of the package; the package.json of each example names it. */
export const tarball = path.join(root, 'target', 'package', 'stillhere.tgz');
/** The same unpacked: what the tests in browsers load. */
export const packed = path.join(root, 'target', 'package', 'unpacked', 'package');

export const examples = path.join(root, 'examples');

export const cargoHome = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo');
/** Cargo's build folder, wherever the environment puts it. */
export const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

const exe = process.platform === 'win32' ? '.exe' : '';
export const authorityBinary = path.join(target, 'release', `stillhere-authority${exe}`);
/** The one that `cargo test` makes on its way. */
export const testedAuthority = path.join(target, 'debug', `stillhere-authority${exe}`);

/**
 * Most bytes after brotli -q 11 of what a page loads for an entry of the package: the entry and what
 * it imports. `later`: also what it loads only once that is needed. `needed`: the limit for that alone;
 * of files that match `oneOf` a page loads one, so the largest counts.
 * @type {Record<string, { limit: number, later?: boolean, needed?: { limit: number, oneOf: RegExp } }>}
 */
export const sizes = {
  index: { limit: 24_900 },
  early: { limit: 250 },
  host: { limit: 1_500 },
  // Of the languages a page loads one.
  warning: { limit: 2_200, needed: { limit: 4_000, oneOf: /^[a-z]{2}-/ } },
  resume: { limit: 4_600 },
  presets: { limit: 3_600 },
  inspector: { limit: 9_200 },
  // Without the agent, which who uses them loads anyway, and without the framework.
  react: { limit: 1_500 },
  vue: { limit: 1_500 },
  svelte: { limit: 1_500 },
  angular: { limit: 1_500 },
  'stillhere.script': { limit: 500 },
};
