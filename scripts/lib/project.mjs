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
 * Bytes after brotli -q 11 of what a page loads for an entry of the package: the entry and what it imports.
 * `needed`: what it loads once that is needed; of files that match `oneOf` a page loads one, so the largest
 * counts. Pinned in both directions: what grows is looked at, and what was gained is not lost again unseen.
 * `npm run size` prints what to write here, and README says the same.
 * @type {Record<string, { bytes: number, needed?: { bytes: number, oneOf?: RegExp } }>}
 */
export const sizes = {
  index: { bytes: 23_104 },
  early: { bytes: 196 },
  host: { bytes: 1_471 },
  // Of the languages a page loads one.
  warning: { bytes: 2_199, needed: { bytes: 3_040, oneOf: /^[a-z]{2}-/ } },
  resume: { bytes: 4_491 },
  presets: { bytes: 3_515 },
  inspector: { bytes: 9_193, needed: { bytes: 7_236 } },
  // Without the agent, which who uses them loads anyway, and without the framework.
  react: { bytes: 1_037 },
  vue: { bytes: 1_137 },
  svelte: { bytes: 916 },
  angular: { bytes: 1_091 },
  'stillhere.script': { bytes: 255 },
};
