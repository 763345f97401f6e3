/** The server of the measured pages: pages and scripts in brotli, and everything a peer may call. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { packed } from '../../scripts/lib/project.mjs';

const TYPES = /** @type {Record<string, string>} */ ({
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html; charset=utf-8',
});
/** Of the authority's calls, the one that counts activity. */
const KEEP_ALIVE = '/v1/keepalive';

/** @param {string | Buffer} data */
export function brotli(data) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_SIZE_HINT]: data.length };
  return zlib.brotliCompressSync(data, { params });
}

/** @param {string} peer @param {string} head what stands before the script */
const pageOf = (peer, head) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${peer}</title>
<link rel="icon" href="data:,">
${head}
<script type="module" src="/scripts/${peer}/main.js"></script>
<label>Notes <textarea id="notes" autofocus></textarea></label>
<div id="app"></div>
`;

/** Another site's page with the app in a frame. @param {string} frame its address */
const embedding = (frame) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>embedding</title>
<link rel="icon" href="data:,">
<iframe src="${frame.replaceAll('&', '&amp;')}" title="app" width="600" height="300"></iframe>
`;

/**
 * @typedef {object} Seen
 * @property {number} at by this machine's clock, in ms since 1970
 * @property {string} host of the page, which each run has one of
 * @property {'keepAlive' | 'renewal' | 'question' | 'stream' | 'end'} what
 * @property {string} token
 * @property {string} tab the number that the bench gave the page
 * @property {boolean} held it was neither passed on nor answered
 */

/**
 * @param {object} options
 * @param {string} options.scripts a folder with one folder of bundles for each peer
 * @param {string} [options.authority] the base of an authority, whose calls are passed on
 */
export async function startSite({ scripts, authority }) {
  const files = readScripts(scripts);
  const seen = /** @type {Seen[]} */ ([]);
  const heads = /** @type {Map<string, string>} */ (new Map());
  const holds = /** @type {Map<string, (held: Seen) => void>} */ (new Map());

  /**
   * Writes a request down.
   * @param {Seen['what']} what
   * @param {import('node:http').IncomingMessage} incoming
   * @param {string} token
   * @returns {boolean} whether it is to be left without an answer
   */
  function note(what, incoming, token) {
    const page = new URL(incoming.headers.referer ?? 'http://localhost/').searchParams;
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '');
    const hold = isTelling(what) ? holds.get(host) : undefined;
    const held = hold !== undefined;
    const one = { at: Date.now(), host, what, token, tab: page.get('tab') ?? '', held };
    seen.push(one);
    if (held) holds.delete(host);
    hold?.(one);
    return held;
  }

  /** @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} answer @param {URL} url */
  function pass(incoming, answer, url) {
    const token = /^Bearer (.*)$/.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
    const what = whatIs(incoming.method ?? '', url.pathname);
    if (what && note(what, incoming, token)) return;
    const { method, headers } = incoming;
    const passed = request(new URL(url.pathname + url.search, authority), { method, headers });
    passed.on('response', (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      answer.flushHeaders();
      from.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    incoming.pipe(passed);
  }

  /** @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} answer */
  async function respond(incoming, answer) {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const { pathname, searchParams } = url;
    if (authority && pathname.startsWith('/v1/')) return pass(incoming, answer, url);
    const [, kind, name = ''] = pathname.split('/');
    if (kind === 'page') {
      const html = pageOf(name, heads.get(name) ?? '');
      answer.writeHead(200, { 'Content-Type': TYPES['.html'], 'Cache-Control': 'no-cache' });
      return answer.end(html);
    }
    if (kind === 'embed') {
      answer.writeHead(200, { 'Content-Type': TYPES['.html'] });
      return answer.end(embedding(searchParams.get('frame') ?? ''));
    }
    if (kind === 'keepalive') {
      if (note('keepAlive', incoming, searchParams.get('token') ?? '')) return answer;
      return answer.writeHead(204).end();
    }
    if (pathname === '/issuer/token') return renew(incoming, answer, note);
    const file = files.get(pathname);
    if (!file) return answer.writeHead(404).end();
    answer.writeHead(200, {
      'Content-Type': TYPES[path.extname(pathname)] ?? 'application/octet-stream',
      'Content-Encoding': 'br',
      'Content-Length': file.length,
      // As a build with hashed names is served: the second visit asks for nothing.
      'Cache-Control': 'public, max-age=31536000, immutable',
    });
    return answer.end(file);
  }

  const server = createServer((incoming, answer) => {
    respond(incoming, answer).catch((error) => answer.destroy(error));
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    port,
    /** Any name under localhost is a site of its own. @param {string} [host] */
    origin: (host = 'localhost') => `http://${host}:${port}`,
    /** The keep-alives and renewals of that host's pages so far. @param {string} host */
    told: (host) => seen.filter((one) => one.host === host && isTelling(one.what)),
    /**
     * Leaves the next keep-alive or renewal of that host without an answer, for good.
     * @param {string} host
     * @returns {Promise<Seen>}
     */
    hold: (host) => new Promise((done) => holds.set(host, done)),
    /** Puts that before the script of a peer's page. @param {string} peer @param {string} head */
    setHead: (peer, head) => heads.set(peer, head),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Whether it tells a server that somebody works. @param {Seen['what']} what */
const isTelling = (what) => what === 'keepAlive' || what === 'renewal';

/** @param {string} method @param {string} pathname @returns {Seen['what'] | undefined} */
function whatIs(method, pathname) {
  if (pathname === KEEP_ALIVE) return 'keepAlive';
  if (pathname === '/v1/events') return 'stream';
  if (pathname !== '/v1/session') return undefined;
  return method === 'DELETE' ? 'end' : 'question';
}

/**
 * An issuer's token endpoint, which gives the next token for a refresh token. The lifetime is in the
 * refresh token itself, `LIFETIME.NAME` with seconds.
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ServerResponse} answer
 * @param {(what: 'renewal', incoming: import('node:http').IncomingMessage, token: string) => boolean} note
 */
async function renew(incoming, answer, note) {
  const body = new URLSearchParams(Buffer.concat(await incoming.toArray()).toString());
  const token = body.get('refresh_token') ?? '';
  if (note('renewal', incoming, token)) return;
  const seconds = Number(token.split('.')[0]);
  answer.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  answer.end(
    JSON.stringify({
      access_token: `access-${crypto.randomUUID()}`,
      refresh_token: token,
      token_type: 'Bearer',
      expires_in: seconds,
      scope: 'offline_access',
    }),
  );
}

/** @param {string} folder @returns {Map<string, Buffer>} by their path on the server */
function readScripts(folder) {
  const files = /** @type {Map<string, Buffer>} */ (new Map());
  const wasm = brotli(readFileSync(path.join(packed, 'dist', 'stillhere.wasm')));
  for (const peer of readdirSync(folder)) {
    for (const name of readdirSync(path.join(folder, peer))) {
      const data = brotli(readFileSync(path.join(folder, peer, name)));
      files.set(`/scripts/${peer}/${name}`, data);
    }
    // The agent looks for its module beside its script.
    if (peer.startsWith('stillhere')) files.set(`/scripts/${peer}/stillhere.wasm`, wasm);
  }
  return files;
}
