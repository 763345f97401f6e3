/** What is in the tarball, and whether every tool reads it as it is meant. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { pack } from '../../scripts/lib/package.mjs';
import { examples, packed, tarball } from '../../scripts/lib/project.mjs';
import { nodeTool, run } from '../../scripts/lib/run.mjs';
import { filesIn } from '../../scripts/lib/steps.mjs';

/** @type {string[]} */
let files = [];
/** @type {any} */
let described;
const read = (/** @type {string} */ name) => readFileSync(path.join(packed, name), 'utf8');

before(async () => {
  await pack();
  files = filesIn([packed]).map((file) => path.relative(packed, file).replaceAll(path.sep, '/'));
  described = JSON.parse(read('package.json'));
});

/** What a module imports of its own folder. @param {string} name @returns {string[]} */
const imports = (name) =>
  [...read(name).matchAll(/(?:from|import)\s*\(?["'`]\.\/([\w-]+\.js)["'`]/g)].map(
    ([, file]) => `dist/${file}`,
  );

test('it holds each entry with its types, what they load, the licences, and nothing else', () => {
  const { exports } = described;
  /** @type {string[]} */
  const exported = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  const wanted = new Set(exported.map((target) => target.replace('./', '')));
  for (const name of ['dist/host.script.js', 'dist/stillhere.script.js']) wanted.add(name);
  for (const name of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) wanted.add(name);
  for (const name of wanted) {
    if (!files.includes(name)) continue;
    if (name.endsWith('.js')) for (const chunk of imports(name)) wanted.add(chunk);
    if (name.endsWith('.d.ts')) {
      for (const [, types] of read(name).matchAll(/from '\.\/([\w/-]+)\.js'/g)) {
        wanted.add(`dist/${types}.d.ts`);
      }
    }
  }
  assert.deepEqual([...files].sort(), [...wanted].sort());
});

test('the module stands beside, not in the scripts, and no script is a map of this machine', () => {
  for (const name of files.filter((file) => file.endsWith('.js'))) {
    const text = read(name);
    // "\0asm" in base64.
    assert.doesNotMatch(text, /AGFzbQ/, name);
    assert.doesNotMatch(text, /sourceMappingURL|data:application\/wasm/, name);
  }
  assert.equal(
    readFileSync(path.join(packed, 'dist/stillhere.wasm')).toString('latin1', 0, 4),
    '\0asm',
  );
});

test('what defines an element is an entry that bundlers must not drop', () => {
  const { sideEffects } = described;
  const defining = files.filter((file) => /customElements\.define\(/.test(read(file)));
  assert.ok(defining.length > 0, 'there are such entries');
  for (const name of defining) assert.ok(sideEffects.includes(`./${name}`), name);
});

test('a bundler drops what is imported for nothing, and keeps what defines an element', async () => {
  const { build } = await import('esbuild');
  /** @param {string} entry */
  const kept = async (entry) => {
    const { metafile } = await build({
      stdin: { contents: `import '${entry}';`, resolveDir: packed },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      // What was dropped is said as a warning.
      logLevel: 'error',
    });
    return Object.values(metafile.outputs).some(({ inputs }) => Object.keys(inputs).length > 1);
  };
  assert.equal(await kept('stillhere'), false);
  assert.equal(await kept('stillhere/svelte'), false);
  assert.equal(await kept('stillhere/warning'), true);
  assert.equal(await kept('stillhere/inspector'), true);
});

test('it can be published with a provenance, by anybody who may', () => {
  assert.deepEqual(described.publishConfig, { access: 'public', provenance: true });
  assert.equal(described.private, undefined);
  assert.equal(described.dependencies, undefined, 'it brings nothing along');
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
    assert.equal(described.scripts[name], undefined, `${name} would run at users`);
  }
  for (const [name, { optional }] of Object.entries(described.peerDependenciesMeta)) {
    assert.ok(optional && name in described.peerDependencies, name);
  }
});

test('the lockfiles of the examples take whatever tarball there is', () => {
  for (const name of ['package-lock.json', 'angular/package-lock.json']) {
    const lock = JSON.parse(readFileSync(path.join(examples, name), 'utf8'));
    assert.equal(lock.packages['node_modules/stillhere'].integrity, undefined, name);
  }
});

/** @param {string} tool @param {string[]} args */
async function passes(tool, args) {
  const { command, script } = nodeTool(tool);
  const { code, text } = await run(command, [script, ...args], { output: 'keep' });
  assert.equal(code, 0, text);
}

test('publint has nothing to say', () =>
  passes('publint/src/cli.js', ['run', tarball, '--strict']));

test('every entry has the right types, for ESM and for bundlers', () =>
  // There is no CommonJS, so no require() and nothing that is older than exports.
  passes('@arethetypeswrong/cli/dist/index.js', [
    tarball,
    ...['--profile', 'esm-only', '--exclude-entrypoints', './stillhere.wasm'],
  ]));
