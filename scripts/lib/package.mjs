/** The package as users get it: what `npm pack` makes, and that unpacked. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { packed, root, tarball } from './project.mjs';
import { must, Stop } from './run.mjs';
import { step } from './steps.mjs';

/** What npm reads: the files of the package, and how it is described. */
const inputs = ['dist', 'package.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE'];

/** Packs dist/, unless the tarball of these very files is there. */
export async function pack() {
  const folder = path.dirname(tarball);
  await step('npm pack', { inputs, outputs: [folder] }, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const flags = ['--ignore-scripts', '--json', '--pack-destination', folder];
    const told = await must('npm', ['pack', ...flags], { output: 'keep' });
    const name = /"filename": "(.+?)"/.exec(told)?.[1];
    if (!name) throw new Stop(`npm pack names no file: ${told}`);
    // One name for every version: the examples depend on it.
    renameSync(path.join(folder, path.basename(name)), tarball);
    await unpack(packed);
  });
}

/** Puts the package into that folder, as npm does. @param {string} folder */
export async function unpack(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Relative: to some programs called tar, `C:` is another machine.
  const [file = '', to = ''] = [tarball, folder].map((place) => path.relative(root, place));
  await must('tar', ['-xzf', file, '-C', to, '--strip-components=1']);
}
