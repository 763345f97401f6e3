/**
 * `npm run build`: fills dist/ with the agent. `npm run build -- --authority` builds the server
 * too. Each step is skipped while what it reads has not changed.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pack } from './lib/package.mjs';
import { authorityBinary, cargoHome, dist, root, target } from './lib/project.mjs';
import { must, nodeTool, program, Stop } from './lib/run.mjs';
import { step } from './lib/steps.mjs';
import { size } from './size.mjs';
import { ensureTools } from './tools.mjs';

const cargoFiles = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo'];
const cargoKey = JSON.stringify(
  Object.entries(process.env)
    .filter(([name]) => /^(CARGO_(ENCODED_|PROFILE_|BUILD_|TARGET_)|RUSTFLAGS)/.test(name))
    .sort(),
);
const compiled = path.join(target, 'wasm32-unknown-unknown', 'wasm', 'stillhere.wasm');
const smallDir = path.join(target, 'wasm-opt');
const small = path.join(smallDir, 'stillhere.wasm');

/** The features that rustc turns on by itself for this target, which wasm-opt must be told. */
const wasmFeatures = [
  'bulk-memory',
  'call-indirect-overlong',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];

/**
 * Panics name source files: without this the package would carry the paths of the machine that
 * built it, and two machines would build two packages.
 */
const rustFlags = `target.wasm32-unknown-unknown.rustflags=${JSON.stringify([
  `--remap-path-prefix=${path.join(cargoHome, 'registry', 'src')}=crates`,
  `--remap-path-prefix=${path.resolve(root)}=stillhere`,
  // Nothing here recurses: 1 MiB for the stack would be memory of every tab, and longer addresses.
  '-Clink-arg=-zstack-size=65536',
])}`;

async function compile() {
  const key = cargoKey + rustFlags;
  const about = { inputs: [...cargoFiles, 'src'], outputs: [compiled], key };
  await step('cargo: the agent', about, async () => {
    await must('cargo', [
      ...['build', '--profile', 'wasm', '--target', 'wasm32-unknown-unknown'],
      ...['-p', 'stillhere', '--lib', '--config', rustFlags],
    ]);
  });
}

async function optimise() {
  const features = wasmFeatures.map((feature) => `--enable-${feature}`);
  // rustc puts the stack first, so no data lies at the low addresses.
  const flags = [...features, '--flatten', '--rereloop', '-Os', '-Oz', '--low-memory-unused'];
  flags.push('--strip-debug', '--strip-producers', '--strip-target-features');
  const again = [...features, '-O4', '-Oz', '--low-memory-unused'];
  const inputs = [compiled, 'scripts/lib/shrink.mjs', 'package-lock.json'];
  await step(
    'wasm-opt',
    { inputs, outputs: [smallDir], key: [...flags, ...again].join() },
    async () => {
      mkdirSync(smallDir, { recursive: true });
      const { withoutPanics } = await import('./lib/shrink.mjs');
      writeFileSync(small, withoutPanics(readFileSync(compiled)));
      const { command, script } = nodeTool('binaryen/bin/wasm-opt');
      const args = [script, small, ...flags, '-o', small];
      await must(command, args);
      // Once more over its own output still finds something.
      await must(command, [script, small, ...again, '-o', small]);
      await must(command, [script, small, ...again, '-o', small]);
    },
  );
}

/** The entries of the package: what has types of its own in js/. */
function entries() {
  return readdirSync(path.join(root, 'js'))
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -'.d.ts'.length));
}

/** An entry that needs the agent at run time imports the file that the page has anyway. */
const agentIsBeside = {
  name: 'agent-is-beside',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onResolve({ filter: /^stillhere$/ }, () => ({ path: './index.js', external: true }));
  },
};

/** The styles of an element are a string in its bundle, for a constructed sheet. */
const styleIsText = {
  name: 'style-is-text',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const options = /** @type {const} */ ({ loader: 'css', minify: true, target: 'es2022' });
      const { code } = await build.esbuild.transform(readFileSync(file, 'utf8'), options);
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/**
 * What several entries share becomes a chunk, so that two entries on one page load it once.
 * @returns {import('esbuild').BuildOptions}
 */
function bundleOptions() {
  return {
    absWorkingDir: root,
    // Pages that embed an app may have no build of their own: the helper for hosts is one file. And
    // what presets share with the agent is too little for a file that each page would load for it.
    entryPoints: entries()
      .filter((name) => !['early', 'host', 'presets'].includes(name))
      .map((name) => `js/${name}.ts`),
    outdir: dist,
    plugins: [agentIsBeside, styleIsText],
    // What the adapters adapt is the app's own.
    external: ['react', 'vue', 'svelte', 'svelte/*', '@angular/core'],
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'warning',
  };
}

/**
 * One file without imports: for a page that embeds an app and may have no build of its own, and for
 * scripts that are no modules.
 * @param {string} from
 * @param {string} to
 * @param {'esm' | 'iife'} format
 * @returns {import('esbuild').BuildOptions}
 */
function fileOptions(from, to, format) {
  const { absWorkingDir, target, legalComments, charset, logLevel } = bundleOptions();
  return {
    ...{ absWorkingDir, target, legalComments, charset, logLevel, format },
    entryPoints: [from],
    outfile: path.join(dist, to),
    bundle: true,
    minify: true,
  };
}

/** @returns {import('esbuild').BuildOptions} */
function presetsOptions() {
  return { ...bundleOptions(), entryPoints: ['js/presets.ts'], splitting: false };
}

/** The types of the entries, and those that they share: what else js/ declares is for itself. */
function copyTypes() {
  const found = new Set(entries().map((name) => `${name}.d.ts`));
  for (const name of found) {
    const file = path.join(root, 'js', name);
    for (const [, shared] of readFileSync(file, 'utf8').matchAll(/from '(\.[\w./-]+)\.js'/g)) {
      found.add(path.join(path.dirname(name), `${shared}.d.ts`));
    }
    mkdirSync(path.dirname(path.join(dist, name)), { recursive: true });
    copyFileSync(file, path.join(dist, name));
  }
}

async function bundle() {
  for (const name of entries()) {
    if (!existsSync(path.join(root, `js/${name}.ts`))) {
      throw new Stop(`js/${name}.d.ts describes an entry, and js/${name}.ts is missing.`);
    }
  }
  const options = bundleOptions();
  const all = [
    options,
    presetsOptions(),
    // A page may have its line in its head, where nothing is a module.
    fileOptions('js/early.ts', 'early.js', 'iife'),
    fileOptions('js/host.ts', 'host.js', 'esm'),
    fileOptions('js/script/host.ts', 'host.script.js', 'iife'),
    fileOptions('js/script/stillhere.ts', 'stillhere.script.js', 'iife'),
  ];
  const inputs = ['js', smallDir, 'package-lock.json', 'tsconfig.json'];
  const about = { inputs, outputs: [dist], key: JSON.stringify(all) };
  await step('bundle', about, async () => {
    rmSync(dist, { recursive: true, force: true });
    const { build } = await import('esbuild');
    for (const each of all) {
      await build(each).catch(() => {
        throw new Stop('esbuild failed, as told above.');
      });
    }
    copyFileSync(small, path.join(dist, 'stillhere.wasm'));
    copyTypes();
  });
}

/** Everything in dist/, and the package of it. */
export async function buildAgent() {
  await compile();
  await optimise();
  await bundle();
  await pack();
}

/** The server, as `npm start` and the browser tests run it. */
export async function buildAuthority() {
  const inputs = [...cargoFiles, 'src', 'authority'];
  const about = { inputs, outputs: [authorityBinary], key: cargoKey };
  await step('cargo: the authority', about, async () => {
    await must('cargo', ['build', '--release', '-p', 'stillhere-authority']);
  });
}

await program(import.meta.url, async () => {
  await ensureTools();
  await buildAgent();
  if (process.argv.includes('--authority')) await buildAuthority();
  // Only said here: `npm run size` and `npm test` are what fails for it.
  size();
});
