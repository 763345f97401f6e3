/** `npm start`: builds what is missing and runs the authority with the demo until stopped. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { buildAgent, buildAuthority } from './build.mjs';
import { authorityBinary, root } from './lib/project.mjs';
import { program, run, Stop } from './lib/run.mjs';
import { ensureTools } from './tools.mjs';

/** Where the caller says nothing: times short enough to see everything happen in a minute. */
const defaults = {
  '--idle-timeout': '60s',
  '--warn-before': '20s',
  '--keep-alive': '5s',
  '--www': 'www',
  '--dist': 'dist',
  '--store': 'target/demo.redb',
};

const help = `npm start [-- FLAGS]   builds what is missing, then serves the authority and the demo

  --idle-timeout TIME     end after this long without activity (${defaults['--idle-timeout']})
  --warn-before TIME      warn this long before the end (${defaults['--warn-before']})
  --keep-alive TIME       at most one keep-alive in this time (${defaults['--keep-alive']})
  --store STORE           memory, the path of a file (${defaults['--store']}) or redis://HOST:PORT
  any other flag          goes to stillhere-authority as it is

Environment: PORT (8787), STILLHERE_ADMIN_TOKEN (made and printed when missing), and what
stillhere-authority reads. Times under 5 minutes need --dev, which is always set here.`;

/**
 * The value of a flag, or of the server's environment variable of the same name.
 * @param {string[]} given
 * @param {string} flag
 * @returns {string | undefined}
 */
function setting(given, flag) {
  const at = given.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = given[at];
  if (word) return word === flag ? given[at + 1] : word.slice(flag.length + 1);
  return process.env[flag.replace('--', 'STILLHERE_').replaceAll('-', '_').toUpperCase()];
}

/**
 * What the server is started with.
 * @param {string[]} given
 */
export function serverFlags(given) {
  const missing = Object.entries(defaults).filter(([flag]) => setting(given, flag) === undefined);
  const dev = given.includes('--dev') ? [] : ['--dev'];
  return [...dev, ...missing.flat(), ...given];
}

/** @param {string[]} given */
function chosenPort(given) {
  const listen = setting(given, '--listen')?.replace(/^.*:/, '');
  const text = listen ?? setting(given, '--port') ?? (process.env.PORT || '8787');
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Stop(`The port must be a number from 1 to 65535, not ${text}.`);
  }
  return port;
}

/** @param {number} port @param {string} host */
function tryPort(port, host) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE') {
        reject(new Stop(`Port ${port} is taken: stop what uses it, or choose one with PORT=....`));
      } else if (error.code === 'EACCES') {
        reject(new Stop(`Port ${port} may not be used by this user: choose one with PORT=....`));
      } else {
        resolve(undefined);
      }
    });
    probe.listen({ port, host }, () => probe.close(resolve));
  });
}

const parent = process.ppid;

/**
 * `npm start` puts a shell between npm and this script, and a SIGTERM for npm ends only the two:
 * without this the server would stay, and keep its port.
 * @param {() => void} stop
 */
function stopWithNpm(stop) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  setInterval(() => process.ppid !== parent && stop(), 250).unref();
}

/**
 * The server gets a process group of its own, so that Ctrl-C reaches it once, through us, and it
 * can close its store in peace. A second signal does not wait.
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} flags
 */
function startServer(env, flags) {
  const child = spawn(authorityBinary, flags, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: process.platform !== 'win32',
  });
  let firstSignal = 0;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // npm repeats the terminal's Ctrl-C at once; that is still the first.
      const again = firstSignal > 0 && performance.now() - firstSignal > 500;
      if (firstSignal > 0 && !again) return;
      firstSignal = performance.now();
      child.kill(again ? 'SIGKILL' : signal === 'SIGHUP' ? 'SIGTERM' : signal);
    });
  }
  stopWithNpm(() => child.kill());
  process.on('exit', () => child.kill());
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Stop(`The server did not start: ${error.message}.`)));
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal ? (os.constants.signals[signal] ?? 0) : 0));
    });
  });
  return ended;
}

/** @param {number} port */
async function isHealthy(port) {
  try {
    return (await fetch(`http://localhost:${port}/healthz`)).ok;
  } catch {
    return false;
  }
}

/**
 * @param {number} port
 * @param {Promise<unknown>} ended
 * @returns {Promise<boolean>} false when the server ended first
 */
async function untilHealthy(port, ended) {
  let running = true;
  const stopped = ended.then(
    () => (running = false),
    () => (running = false),
  );
  const limit = performance.now() + 30_000;
  while (running && performance.now() < limit) {
    if (await isHealthy(port)) return running;
    await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  if (running) throw new Stop(`The server runs but did not answer on port ${port} for 30 s.`);
  return false;
}

/** @param {number} port @param {string} token */
function banner(port, token) {
  return `
Demo             http://localhost:${port}/
Embedded         http://crm.localhost:${port}/
Administration   http://localhost:${port}/admin/
Admin token      ${token}

Open the demo in three tabs.
Type in one: all three stay, and one keep-alive is sent for them.
Leave them: all three warn together, and end together.
In the embedded one, type beside the frame: the desk in it stays signed in.
In the administration, open the session to see what keeps it, and end it there: all tabs end.

Times under 5 minutes are allowed because npm start sets --dev. Ctrl-C stops.
`;
}

await program(import.meta.url, async () => {
  const given = process.argv.slice(2);
  if (given.includes('--help') || given.includes('-h')) {
    console.log(help);
    if (existsSync(authorityBinary)) {
      console.log('\nstillhere-authority --help:\n');
      await run(authorityBinary, ['--help']);
    }
    return 0;
  }
  const port = chosenPort(given);
  await Promise.all([tryPort(port, '127.0.0.1'), tryPort(port, '::1')]);
  await ensureTools();
  await buildAgent();
  await buildAuthority();

  const token = process.env.STILLHERE_ADMIN_TOKEN || randomBytes(32).toString('base64url');
  const env = { ...process.env, PORT: String(port), STILLHERE_ADMIN_TOKEN: token };
  const ended = startServer(env, serverFlags(given));
  if (await untilHealthy(port, ended)) console.log(banner(port, token));
  return ended;
});
