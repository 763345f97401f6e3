/** A desktop of its own for the app: a display, both buses, a keychain, logind, and a panel. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { desktopServices } from '../../../scripts/lib/desktop.mjs';
import { pause } from '../../browser/lib/chromium.mjs';
import { startDisplay } from '../../browser/lib/webkit.mjs';

/** Both buses let everybody do everything: nobody else is on them. @param {string} socket */
const busConfig = (
  socket,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>`;

/**
 * @param {object} [options]
 * @param {boolean} [options.keychain] whether there is one
 */
export async function startServices({ keychain = true } = {}) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'stillhere-desktop-'));
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const display = await startDisplay('Xvfb', '-fbdir', home);
  const links = path.join(home, 'opened');
  const bin = path.join(home, 'bin');
  mkdirSync(bin);
  mkdirSync(path.join(home, 'run'), { mode: 0o700 });
  writeFileSync(links, '');
  // What a browser would be called with is written down instead.
  writeFileSync(path.join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" >> '${links}'\n`);
  chmodSync(path.join(bin, 'xdg-open'), 0o755);

  /** @param {string} name */
  async function startBus(name) {
    const socket = path.join(home, name);
    const config = path.join(home, `${name}.conf`);
    writeFileSync(config, busConfig(socket));
    const flags = [`--config-file=${config}`, '--nofork', '--print-address=1'];
    const bus = spawn('dbus-daemon', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(bus);
    await once(/** @type {import('node:stream').Readable} */ (bus.stdout), 'data');
    return `unix:path=${socket}`;
  }
  const env = {
    ...process.env,
    DISPLAY: display.name,
    DBUS_SESSION_BUS_ADDRESS: await startBus('session'),
    DBUS_SYSTEM_BUS_ADDRESS: await startBus('system'),
    HOME: home,
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
    XDG_SESSION_TYPE: 'x11',
    GTK_USE_PORTAL: '0',
    NO_AT_BRIDGE: '1',
    // The display has no graphics card.
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    PATH: `${bin}:${process.env.PATH}`,
  };
  // Without one nobody can close a window or give it the focus.
  children.push(spawn('openbox', ['--sm-disable'], { env, stdio: 'ignore' }));
  if (keychain) {
    const flags = ['--unlock', '--foreground', '--components=secrets'];
    const daemon = spawn('gnome-keyring-daemon', flags, {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    children.push(daemon);
    daemon.stdin?.end('of the tests');
    const control = path.join(home, 'run', 'keyring', 'control');
    while (!existsSync(control)) await pause(20);
  }
  const services = spawn(desktopServices, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(services);
  /** What it said of its own accord. @type {any[]} */
  const seen = [];
  /** @type {((answer: any) => void)[]} */
  const asked = [];
  const lines = createInterface({
    input: /** @type {import('node:stream').Readable} */ (services.stdout),
  });
  const ready = new Promise((resolve) => asked.push(resolve));
  lines.on('line', (line) => {
    const said = JSON.parse(line);
    if (said.notification || said.icon || said.inhibit) seen.push(said);
    else asked.shift()?.(said);
  });
  await ready;

  return {
    env,
    home,
    /** The file with the picture of the screen. */
    screen: path.join(home, 'Xvfb_screen0'),
    seen,
    /** @param {string} line @returns {Promise<any>} */
    async ask(line) {
      const answer = new Promise((resolve) => asked.push(resolve));
      services.stdin?.write(`${line}\n`);
      const said = await answer;
      if (said.error) throw new Error(`${line}: ${said.error}`);
      return said;
    },
    /** The addresses that a browser was opened with. */
    opened: () => readFileSync(links, 'utf8').split('\n').filter(Boolean),
    async stop() {
      for (const child of children.reverse()) {
        if (child.exitCode === null && child.kill()) await once(child, 'exit');
      }
      display.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
