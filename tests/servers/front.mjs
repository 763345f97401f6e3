/** What a team's app looks like from its pages: its files, and a server of theirs behind one origin. */
import { once } from 'node:events';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import { dist, root } from '../../scripts/lib/project.mjs';

/** Where files are, by how a path begins. */
const FOLDERS = {
  '/dist/': dist,
  '/dpop/': path.join(root, 'node_modules', 'dpop', 'build'),
  '/pages/': path.join(root, 'tests', 'browser', 'pages'),
};
/** @type {Record<string, string>} */
const TYPES = { '.js': 'text/javascript', '.html': 'text/html', '.wasm': 'application/wasm' };

/**
 * @typedef {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => unknown} Handler
 * @typedef {{ at: number, what: string }} Seen `what` is the method and the path
 */

/** @param {string} url */
function fileFor(url) {
  const { pathname } = new URL(url, 'http://localhost');
  const [begin, folder] =
    Object.entries(FOLDERS).find(([begin]) => pathname.startsWith(begin)) ?? [];
  if (!begin || !folder) return undefined;
  const file = path.join(folder, path.normalize(pathname.slice(begin.length)));
  return file.startsWith(folder) && existsSync(file) && statSync(file).isFile() ? file : undefined;
}

/** Everything else goes there. @param {string} target @returns {() => Handler} */
export const passedOn = (target) => () => (incoming, answer) => {
  const { method, headers, url } = incoming;
  const passed = request(new URL(url ?? '/', target), { method, headers }, (from) => {
    answer.writeHead(from.statusCode ?? 502, from.headers);
    from.pipe(answer);
  });
  passed.on('error', () => answer.destroy());
  incoming.pipe(passed);
};

/**
 * @param {string} name the host's, so that no two servers share cookies
 * @param {(base: string) => Handler} serve makes the handler, once the address is known
 */
export async function startFront(name, serve) {
  /** @type {Seen[]} */
  const seen = [];
  /** @type {Handler} */
  let handler;
  const server = createServer((incoming, answer) => {
    const file = fileFor(incoming.url ?? '/');
    if (file) {
      const type = TYPES[path.extname(file)];
      answer.setHeader('Content-Type', type ?? 'application/octet-stream');
      createReadStream(file).pipe(answer);
      return;
    }
    const what = `${incoming.method} ${incoming.url}`;
    const at = performance.now();
    seen.push({ at, what });
    handler(incoming, answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const base = `http://${name}.localhost:${port}`;
  handler = serve(base);
  return {
    base,
    /** The same for what is no browser, and may not know that name. */
    direct: `http://127.0.0.1:${port}`,
    page: `${base}/pages/presets.html`,
    /** What was asked so far. */
    seen,
    /** How many requests there were that begin like that. @param {string} what */
    count: (what) => seen.filter((one) => one.what.startsWith(what)).length,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
