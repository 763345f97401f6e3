/** The peers: what each of them does, from which packages, and bundling them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { packed, root } from '../../scripts/lib/project.mjs';
import { must, Stop } from '../../scripts/lib/run.mjs';
import { step } from '../../scripts/lib/steps.mjs';

export const folder = path.join(root, 'bench', 'peers');

/**
 * - input: takes the user's input
 * - ends: ends an idle session
 * - keepAlive: tells a server that somebody works
 * - sender: decides which of several tabs sends
 * - renews: gets new tokens
 * @typedef {'input' | 'ends' | 'keepAlive' | 'sender' | 'renews'} Does
 * @typedef {object} Peer
 * @property {string} id the adapter's file, and what `--peers` takes
 * @property {string} name as tables show it
 * @property {string[]} packages of npm; the first one gives the version
 * @property {string[]} [framework] packages that an app of that framework has anyway
 * @property {Does[]} does
 * @property {string} [head] HTML that stands before its script
 * @property {number} [renewEarlyMs] it renews a token that much before its end
 */

const REACT = ['react', 'react-dom'];
const ANGULAR = [
  '@angular/core',
  '@angular/common',
  '@angular/platform-browser',
  'rxjs',
  'zone.js',
];

/**
 * The agent, in a page with the one line that counts until it is up. Only the first keys are another matter
 * than without it.
 * @type {Peer}
 */
export const early = {
  id: 'stillhere-early',
  name: 'stillhere, and its line in the head',
  packages: [],
  does: ['input'],
  get head() {
    return `<script>${readFileSync(path.join(packed, 'dist', 'early.js'), 'utf8').trim()}</script>`;
  },
};

/**
 * A yardstick where telling a server belongs to what is measured, and no way to do it: each tab sends for itself.
 * @type {Peer}
 */
export const sending = {
  id: 'barest-sending',
  name: 'the barest that also sends',
  packages: [],
  does: ['input'],
};

/** @type {Peer[]} */
export const peers = [
  { id: 'none', name: 'no listener', packages: [], does: [] },
  { id: 'barest', name: 'the barest listener', packages: [], does: ['input'] },
  {
    id: 'stillhere',
    name: 'stillhere',
    packages: [],
    does: ['input', 'ends', 'keepAlive', 'sender'],
  },
  {
    id: 'diy',
    name: 'localStorage, by hand',
    packages: [],
    does: ['input', 'ends', 'keepAlive'],
  },
  {
    id: 'react-idle-timer-synced',
    name: 'react-idle-timer, syncTimers',
    packages: ['react-idle-timer'],
    framework: REACT,
    does: ['input', 'ends'],
  },
  {
    id: 'react-idle-timer-leader',
    name: 'react-idle-timer, syncTimers + leader',
    packages: ['react-idle-timer'],
    framework: REACT,
    does: ['input', 'ends', 'sender'],
  },
  {
    id: 'react-idle-timer-plain',
    name: 'react-idle-timer, crossTab alone',
    packages: ['react-idle-timer'],
    framework: REACT,
    does: ['input', 'ends'],
  },
  {
    id: 'ng-idle',
    name: 'ng-idle + keepalive',
    packages: ['@ng-idle/core', '@ng-idle/keepalive'],
    framework: ANGULAR,
    does: ['input', 'ends', 'keepAlive'],
  },
  {
    id: 'vueuse',
    name: 'VueUse useIdle',
    packages: ['@vueuse/core'],
    framework: ['vue'],
    does: ['input', 'ends'],
  },
  {
    id: 'activity-detector',
    name: 'activity-detector',
    packages: ['activity-detector'],
    does: ['input', 'ends'],
  },
  { id: 'idle-js', name: 'idle-js', packages: ['idle-js'], does: ['input', 'ends'] },
  {
    id: 'broadcast-channel',
    name: 'broadcast-channel, leader',
    packages: ['broadcast-channel'],
    does: ['sender'],
  },
  { id: 'tab-election', name: 'tab-election', packages: ['tab-election'], does: ['sender'] },
  {
    id: 'okta-auth-js',
    name: 'okta-auth-js',
    packages: ['@okta/okta-auth-js'],
    does: ['renews', 'sender'],
    renewEarlyMs: 30_000,
  },
  {
    id: 'oidc-client-ts',
    name: 'oidc-client-ts',
    packages: ['oidc-client-ts'],
    does: ['renews'],
    renewEarlyMs: 60_000,
  },
];

/** @param {...Does} what @returns {Peer[]} those that do one of these */
export const whoDo = (...what) =>
  peers.filter(({ does }) => what.some((one) => does.includes(one)));

/** @param {string} id @returns {Peer} */
export function peerOf(id) {
  const found = peers.find((peer) => peer.id === id);
  if (!found) {
    throw new Stop(`There is no peer ${id}; there are ${peers.map((one) => one.id).join(', ')}.`);
  }
  return found;
}

/** Installs the peers from their lockfile, unless they are there. */
export async function ensurePeers() {
  const inputs = ['package.json', 'package-lock.json'].map((name) => path.join(folder, name));
  // npm writes it last.
  const outputs = [path.join(folder, 'node_modules', '.package-lock.json')];
  await step('npm ci, the peers of the bench', { inputs, outputs }, async () => {
    const flags = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error'];
    await must('npm', ['ci', '--ignore-scripts', ...flags]);
  });
}

/** @returns {Record<string, string>} what was installed, by package */
export function versions() {
  const file = path.join(folder, 'package.json');
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8'));
  const own = JSON.parse(readFileSync(path.join(packed, 'package.json'), 'utf8'));
  return { stillhere: own.version, ...dependencies };
}

/**
 * A package of the peers' folder, which the project's own scripts don't see.
 * @param {string} name
 */
export async function importPeer(name) {
  const { resolve } = createRequire(path.join(folder, 'package.json'));
  return import(pathToFileURL(resolve(name)).href);
}

/**
 * Angular's libraries come half compiled; the linker of its own build does the rest.
 * @type {import('esbuild').Plugin}
 */
const linkAngular = {
  name: 'angular-linker',
  setup({ onLoad }) {
    onLoad(
      { filter: /node_modules[\\/]@(angular|ng-idle)[\\/].*\.mjs$/ },
      async ({ path: file }) => {
        const source = readFileSync(file, 'utf8');
        if (!source.includes('ngDeclare')) return undefined;
        const [babel, { default: linker }] = await Promise.all([
          importPeer('@babel/core'),
          importPeer('@angular/compiler-cli/linker/babel'),
        ]);
        const linked = await babel.transformAsync(source, {
          filename: file,
          configFile: false,
          babelrc: false,
          compact: false,
          plugins: [linker],
        });
        return { contents: linked.code, loader: 'js' };
      },
    );
  },
};

/**
 * Bundles one peer as an app in production would.
 * @param {Peer} peer
 * @param {string} outdir
 * @param {{ external?: string[], page?: boolean }} [options] packages that are left out; whether what
 *   starts it in a page of the bench goes in
 * @returns {Promise<string[]>} the files that a page loads at once, by their absolute paths
 */
export async function bundle(peer, outdir, { external = [], page = true } = {}) {
  const adapter = `./adapters/${peer.id}.js`;
  const { metafile } = await build({
    stdin: {
      contents: page
        ? `import { start } from '${adapter}'; import { run } from './page.js'; void run(start);`
        : `export { start } from '${adapter}';`,
      resolveDir: folder,
    },
    entryNames: 'main',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir,
    external: external.flatMap((name) => [name, `${name}/*`]),
    alias: { stillhere: path.join(packed, 'dist', 'index.js') },
    define: { 'process.env.NODE_ENV': '"production"', ngDevMode: 'false', ngJitMode: 'false' },
    legalComments: 'none',
    plugins: peer.id === 'ng-idle' ? [linkAngular] : [],
    metafile: true,
    logLevel: 'error',
  });
  return loaded(metafile).map((file) => path.resolve(file));
}

/**
 * The entry and all that it imports, without what it loads once that is needed.
 * @param {import('esbuild').Metafile} metafile
 */
function loaded({ outputs }) {
  const entry = Object.keys(outputs).find((file) => path.basename(file) === 'main.js');
  const found = new Set(entry ? [entry] : []);
  for (const file of found) {
    for (const { path: next, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[next]) found.add(next);
    }
  }
  return [...found];
}
