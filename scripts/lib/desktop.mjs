/** The desktop app: where it is built, and what it needs. */
import path from 'node:path';
import { install, onPath } from './packages.mjs';
import { root } from './project.mjs';
import { must, run, Stop } from './run.mjs';

export const shell = path.join(root, 'desktop', 'shell');
/**
 * A build folder of its own, since its workspace is one of its own too: both build the machine, and its library
 * has the same name whatever it is built with.
 */
export const built = process.env.CARGO_TARGET_DIR
  ? path.resolve(process.env.CARGO_TARGET_DIR, 'desktop')
  : path.join(shell, 'target');
/** How cargo and its relatives are run for it. */
export const inShell = { cwd: shell, env: { ...process.env, CARGO_TARGET_DIR: built } };

const exe = process.platform === 'win32' ? '.exe' : '';
/** @param {'debug' | 'release'} profile */
export const appOf = (profile) => path.join(built, profile, `stillhere-desktop${exe}`);
export const desktopApp = appOf('debug');
/** What the tests put in place of a desktop's own services. */
export const desktopServices = path.join(built, 'debug', 'examples', 'desktop-services');

/** What Tauri needs on Debian (its documentation, "Prerequisites"), and what its packages are made with. */
const LIBRARIES = [
  'libwebkit2gtk-4.1-dev',
  'libayatana-appindicator3-dev',
  'librsvg2-dev',
  'file',
  'desktop-file-utils',
];
/** A desktop for the tests, and what acts on it as a person does. */
const PROGRAMS = {
  xvfb: 'Xvfb',
  'webkit2gtk-driver': 'WebKitWebDriver',
  'dbus-daemon': 'dbus-daemon',
  'gnome-keyring': 'gnome-keyring-daemon',
  openbox: 'openbox',
  xdotool: 'xdotool',
  wmctrl: 'wmctrl',
  'x11-utils': 'xev',
};

/** @param {string} name */
const hasLibrary = async (name) =>
  (await run('pkg-config', ['--exists', name], { output: 'keep' })).code === 0;

/** Gets the libraries of Linux where that is easy; other systems bring theirs. */
export async function ensureLibraries() {
  if (process.platform !== 'linux') return;
  const needed = ['webkit2gtk-4.1', 'ayatana-appindicator3-0.1'];
  const missing = async () => {
    for (const name of needed) if (!(await hasLibrary(name))) return name;
    return undefined;
  };
  if (await missing()) await install('A library of the desktop app', ['pkg-config', ...LIBRARIES]);
  const still = await missing();
  if (still) {
    const list = LIBRARIES.join(', ');
    throw new Stop(
      `The desktop app needs ${still}: install ${list}, or what your system calls them.`,
    );
  }
}

/** What an AppImage's content is packed with. */
export async function ensureSquashfs() {
  if (!onPath(['mksquashfs'])) await install('mksquashfs', ['squashfs-tools']);
  if (!onPath(['mksquashfs']))
    throw new Stop('An AppImage needs mksquashfs: install squashfs-tools.');
}

/** Gets a desktop for the tests where that is easy. */
export async function ensureDesktop() {
  if (process.platform !== 'linux') {
    throw new Stop('The desktop app is tested on Linux alone: its tests need Xvfb and D-Bus.');
  }
  const missing = () => Object.entries(PROGRAMS).filter(([, name]) => !onPath([name]));
  const packages = missing().map(([name]) => name);
  if (packages.length > 0) await install('A part of a desktop', packages);
  const [still] = missing();
  if (still) throw new Stop(`The tests of the desktop app need ${still[1]}: install ${still[0]}.`);
}

/** @param {...string} flags */
export async function buildShell(...flags) {
  await ensureLibraries();
  await must('cargo', ['build', '--locked', ...flags], inShell);
}
