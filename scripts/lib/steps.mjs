/**
 * Steps that are skipped while nothing they read has changed. A stamp holds a hash of what a step
 * read and of what it wrote, so output that was edited or deleted is made again too.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, target } from './project.mjs';
import { seconds } from './run.mjs';

const stamps = path.join(target, 'stamps');

/**
 * All files under the given files and folders; what does not exist is left out.
 * @param {string[]} places absolute, or relative to the root
 * @returns {string[]}
 */
export function filesIn(places) {
  return places.flatMap((place) => {
    const full = path.resolve(root, place);
    const found = statSync(full, { throwIfNoEntry: false });
    if (!found) return [];
    if (!found.isDirectory()) return [full];
    return filesIn(readdirSync(full).map((name) => path.join(full, name)));
  });
}

/** @param {string | Buffer} data */
export const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** @param {string[]} places */
function fingerprint(places) {
  const lines = filesIn(places).map(
    (file) => `${path.relative(root, file)} ${sha256(readFileSync(file))}`,
  );
  return sha256(lines.sort().join('\n'));
}

/** @param {string} file */
function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {{ inputs: string[], outputs: string[], key?: string }} about `outputs` may be folders,
 *   which then belong to this step alone; `key` is anything else that the result depends on
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether the work was done
 */
export async function step(name, { inputs, outputs, key = '' }, work) {
  const stamp = path.join(stamps, `${name}.json`);
  const read = sha256(key + fingerprint(inputs));
  const old = readStamp(stamp);
  if (old?.read === read && filesIn(outputs).length > 0 && old.wrote === fingerprint(outputs)) {
    return false;
  }
  const since = performance.now();
  console.log(`${name} ...`);
  await work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, JSON.stringify({ read, wrote: fingerprint(outputs) }));
  console.log(`${name}: ${seconds(since)}`);
  return true;
}
