/** `npm run desktop`: builds the desktop app and runs it, packs it, or tests it. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { keepsTheRules } from './audit.mjs';
import { buildAgent, buildAuthority } from './build.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import {
  appOf,
  buildShell,
  built,
  ensureDesktop,
  ensureLibraries,
  ensureSquashfs,
  inShell,
  shell,
} from './lib/desktop.mjs';
import { root } from './lib/project.mjs';
import { must, program, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

/** Pinned: the configuration that it reads is its own. */
const CLI = '@tauri-apps/cli@2.12.5';

const help = `npm run desktop [-- FLAGS]      builds the desktop app and runs it with those flags (--help lists them)
npm run desktop -- build        builds it for use, without debug information
npm run desktop -- package      makes a .deb and an AppImage (on Linux; the system's own elsewhere)
npm run desktop -- test         checks it, and drives it on a desktop of its own (Linux)

It shows the app at http://localhost:8787/ unless --app says otherwise: run \`npm start\` beside it.`;

/** @param {string[]} flags */
async function start(flags) {
  await buildShell();
  const app = spawn(appOf('debug'), flags, { stdio: 'inherit' });
  return new Promise((resolve) => app.on('close', (code) => resolve(code ?? 1)));
}

/**
 * Tauri's packages, and on Linux an AppImage of ours: Tauri fetches the parts of its own from elsewhere
 * while it packs.
 * @param {string[]} bundles those that are wished; without any those that the configuration names
 */
async function pack(bundles) {
  await ensureLibraries();
  const wished = bundles.length > 0 ? ['--bundles', ...bundles] : [];
  await must('npx', ['--yes', CLI, 'build', ...wished], inShell);
  const folder = path.join(built, 'release', 'bundle');
  if (process.platform === 'linux' && bundles.length === 0) {
    await ensureSquashfs();
    const icon = path.join(shell, 'icons', 'icon.png');
    const target = path.join(folder, 'appimage');
    const tool = ['run', '-q', '--locked', '--', appOf('release'), icon, target];
    await must('cargo', tool, { ...inShell, cwd: path.join(root, 'desktop', 'appimage') });
  }
  for (const kind of readdirSync(folder)) {
    for (const file of readdirSync(path.join(folder, kind))) {
      if (/\.(deb|AppImage|rpm|msi|exe|dmg)$/.test(file))
        console.log(path.join(folder, kind, file));
    }
  }
  return 0;
}

async function test() {
  await ensureDesktop();
  await must('cargo', ['fmt', '--check'], inShell);
  await ensureLibraries();
  const strict = ['--', '-D', 'warnings'];
  await must('cargo', ['clippy', '--locked', '--all-targets', ...strict], inShell);
  await must('cargo', ['test', '--locked', '--bins'], inShell);
  if (!(await keepsTheRules(shell))) throw new Stop('A dependency is not what deny.toml allows.');
  await buildShell('--bins', '--examples');
  await buildAgent();
  await buildAuthority();
  const folder = path.join(root, 'tests', 'desktop');
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.mjs'));
  const paths = files.map((file) => path.join(folder, file));
  const env = { ...process.env, CHROME_PATH: await ensureBrowser() };
  // One desktop after the other: they measure moments.
  const flags = ['--test', '--test-reporter=spec', '--test-concurrency=1'];
  await must(process.execPath, [...flags, ...paths], { env });
  return 0;
}

await program(import.meta.url, async () => {
  const [what, ...more] = process.argv.slice(2);
  if (what === '--help' || what === '-h') {
    console.log(help);
    return 0;
  }
  await ensureTools({ lint: what === 'test' });
  switch (what) {
    case 'build':
      await buildShell('--release');
      console.log(appOf('release'));
      return 0;
    case 'package':
      return pack(more);
    case 'test':
      return test();
    default:
      if (what && !what.startsWith('-')) throw new Stop(`There is no ${what}.\n\n${help}`);
      return start(process.argv.slice(2));
  }
});
